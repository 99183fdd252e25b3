"""The receiver's HTTP and TLS as senders, proxies and attackers meet it, byte for byte."""

import json
import os
import re
import shutil
import socket
import ssl
import time

import pytest

import bodies
import harness
import wire

PING = {"id": "p", "type": "ping"}


@pytest.fixture(scope="module")
def source(shared_up):
    return shared_up.add_source("storehook")


# -- versions, connections ----------------------------------------------------------------------------------------------


def test_I7_http_1_0_is_answered_and_closed(shared_up):
    """As WooCommerce sends: HTTP/1.0, Connection: close."""
    woo = shared_up.add_source("woocommerce")
    body = json.dumps(bodies.woo_customer(1, "http10@example.com")).encode()
    fields = [*woo.sign(body, "customer.created"), ("Connection", "close")]
    with shared_up.connect() as link:
        answer = link.ask(wire.request("POST", woo.path, fields, body, version="HTTP/1.0"))
        assert answer.status == 200
        assert link.is_closed()


def test_http_1_0_without_host_and_connection_fields(shared_up, source):
    body = json.dumps(PING).encode()
    with shared_up.connect() as link:
        assert link.ask(wire.request("POST", source.path, source.sign(body), body, "HTTP/1.0", host=None)).status == 200
        assert link.is_closed()


def test_keep_alive_serves_many_requests(shared_up, source):
    with shared_up.connect() as link:
        for _ in range(50):
            assert link.ask(source.request(PING)).status == 200


def test_connection_close_is_honoured(shared_up, source):
    body = json.dumps(PING).encode()
    with shared_up.connect() as link:
        answer = link.ask(wire.request("POST", source.path, [*source.sign(body), ("Connection", "close")], body))
        assert answer.status == 200 and answer.get("Connection").lower() == "close"
        assert link.is_closed()


def test_pipelined_requests_are_answered_in_order(shared_up, source):
    unknown = wire.request("POST", "/in/" + "B" * 22, [], b"{}")
    unsigned = wire.request("POST", source.path, [], b"{}")
    health = wire.request("GET", "/healthz")
    pattern = [(source.request(PING), 200), (unknown, 404), (unsigned, 401), (health, 200)] * 25
    with shared_up.connect() as link:
        link.send(b"".join(data for data, _ in pattern))
        assert [link.answer().status for _ in pattern] == [status for _, status in pattern]


def test_a_connection_that_ends_by_its_own_limit_says_so_and_loses_no_answer(shared_up):
    """However many requests a connection may carry, the last answer announces the end and arrives."""
    with shared_up.connect() as link:
        for sent in range(20):
            link.send(wire.request("GET", "/healthz") * 100)
            for _ in range(100):
                answer = link.answer()
                assert answer.status == 200
                if answer.get("Connection") == "close":
                    assert link.is_closed()
                    return
            assert sent < 19, "a connection carries a bounded number of requests"


def test_pipelined_deliveries_get_their_own_ids(shared_up, source):
    with shared_up.connect() as link:
        link.send(b"".join(source.request({"id": f"i{i}", "type": "ping"}) for i in range(100)))
        ids = [json.loads(link.answer().body)["delivery"] for _ in range(100)]
    assert len(set(ids)) == 100
    assert all(len(i) == 32 and int(i, 16) >= 0 for i in ids)


def test_answer_is_json_with_the_delivery_id(shared_up, source):
    answer = shared_up.ask(source.request(PING))
    assert answer.get("Content-Type").startswith("application/json")
    assert list(json.loads(answer.body)) == ["delivery"]


# -- bodies -------------------------------------------------------------------------------------------------------------


def test_expect_100_continue(shared_up, source):
    body = json.dumps(PING).encode()
    head = wire.request("POST", source.path, [*source.sign(body), ("Expect", "100-continue"), ("Content-Length", len(body))])
    with shared_up.connect() as link:
        assert link.ask(head).status == 100
        assert link.ask(body).status == 200


def test_expect_100_continue_tells_nothing_about_which_sources_exist(shared_up, source):
    """An unknown source is 404 after the same work as a known one (DESIGN 5)."""
    for path, status in ((source.path, 401), ("/in/" + "C" * 22, 404)):
        with shared_up.connect() as link:
            assert link.ask(wire.request("POST", path, [("Expect", "100-continue"), ("Content-Length", 2)])).status == 100
            assert link.ask(b"{}").status == status


def test_expect_100_continue_with_too_large_a_body_is_refused_before_it_is_sent(shared_up, source):
    head = wire.request("POST", source.path, [("Expect", "100-continue"), ("Content-Length", 3 << 20)])
    with shared_up.connect() as link:
        assert link.ask(head).status == 413


def test_unknown_expectation_is_417(shared_up, source):
    head = wire.request("POST", source.path, [("Expect", "a-miracle"), ("Content-Length", 2)])
    assert shared_up.ask(head).status == 417


@pytest.mark.parametrize("sizes, extension, trailer", [([1], "", b""), ([5, 1, 1000], "", b""), ([64], ";name=value", b""),
                                                        ([64], "", b"X-Checksum: abc\r\n")])
def test_chunked_bodies(shared_up, source, sizes, extension, trailer):
    body = json.dumps({"id": "chunk", "type": "ping", "pad": "x" * 500}).encode()
    fields = [*source.sign(body), ("Transfer-Encoding", "chunked")]
    with shared_up.connect() as link:
        link.send(wire.request("POST", source.path, fields, wire.chunked(body, sizes, extension, trailer)))
        assert link.answer().status == 200
        assert link.ask(wire.request("GET", "/healthz")).status == 200, "the framing was read to its end"


def test_large_body_below_the_limit(shared_up, source):
    body = json.dumps({"id": "large", "type": "ping", "pad": "x" * 400_000}).encode()
    assert shared_up.post(source.path, body, source.sign(body)).status == 200


def test_every_byte_in_a_record_of_its_own(shared_up, source):
    with wire.RecordConnection(shared_up.port, shared_up.tls) as link:
        request = source.request(PING)
        link.send_records(*[request[i : i + 1] for i in range(len(request))])
        assert link.answer().status == 200


def test_head_and_body_in_two_tls_records_of_one_segment(shared_up, source):
    """Code that only asks SSL_pending stalls here for ever (DESIGN 5a)."""
    for _ in range(16):
        with wire.RecordConnection(shared_up.port, shared_up.tls) as link:
            head, body = source.request(PING).split(b"\r\n\r\n", 1)
            link.send_records(head + b"\r\n\r\n", body)
            assert link.answer().status == 200
            head, body = source.request(PING).split(b"\r\n\r\n", 1)
            link.send_records(head + b"\r\n\r\n", body, source.request(PING))
            assert [link.answer().status, link.answer().status] == [200, 200]


# -- what is not HTTP we accept ---------------------------------------------------------------------------------------------

POST = "POST {path} HTTP/1.1\r\nHost: h\r\n"
BAD_HEADS = {
    "garbage": ("\x16\x03\x01 hello\r\n\r\n", 400),
    "no version": ("GET /healthz\r\n\r\n", 400),
    "http 2": ("GET /healthz HTTP/2.0\r\nHost: h\r\n\r\n", 505),
    "http 3": ("GET /healthz HTTP/3\r\nHost: h\r\n\r\n", (400, 505)),
    "lower-case http": ("GET /healthz http/1.1\r\nHost: h\r\n\r\n", 400),
    "space in target": ("GET /health z HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "control in target": ("GET /health\x01z HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "no host": ("GET /healthz HTTP/1.1\r\n\r\n", 400),
    "two hosts": ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "space before colon": (POST + "Content-Length : 2\r\n\r\n{}", 400),
    "folded field": (POST + "X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}", 400),
    "nul in field": (POST + "X-A: b\x00c\r\nContent-Length: 2\r\n\r\n{}", 400),
    "no colon": (POST + "nonsense\r\nContent-Length: 2\r\n\r\n{}", 400),
    "empty name": (POST + ": x\r\nContent-Length: 2\r\n\r\n{}", 400),
    "two lengths": (POST + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
    "length list": (POST + "Content-Length: 2, 3\r\n\r\n{}", 400),
    "negative length": (POST + "Content-Length: -2\r\n\r\n{}", 400),
    "signed length": (POST + "Content-Length: +2\r\n\r\n{}", 400),
    "hex length": (POST + "Content-Length: 0x2\r\n\r\n{}", 400),
    "empty length": (POST + "Content-Length: \r\n\r\n{}", 400),
    "huge length": (POST + "Content-Length: 99999999999999999999999\r\n\r\n{}", (400, 413)),
    "length and chunked": (POST + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400),
    "gzip coding": (POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", (400, 501)),
    "identity coding": (POST + "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}", (400, 501)),
    "chunked twice": (POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked in 1.0": ("POST {path} HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "bad chunk size": (POST + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", 400),
    "empty chunk size": (POST + "Transfer-Encoding: chunked\r\n\r\n\r\n{}\r\n0\r\n\r\n", 400),
    "signed chunk size": (POST + "Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n", 400),
    "huge chunk size": (POST + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n0\r\n\r\n", (400, 413)),
    "chunk without end": (POST + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n", 400),
    "no length": ("POST {path} HTTP/1.1\r\nHost: h\r\n\r\n", 411),
    "compressed": (POST + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 415),
    "long target": ("GET /" + "a" * 9000 + " HTTP/1.1\r\nHost: h\r\n\r\n", 414),
    "long field": ("GET /healthz HTTP/1.1\r\nHost: h\r\nX-A: " + "a" * 17000 + "\r\n\r\n", 431),
    "many fields": ("GET /healthz HTTP/1.1\r\nHost: h\r\n" + "X-A: b\r\n" * 3000 + "\r\n", 431),
}


@pytest.mark.parametrize("case", list(BAD_HEADS))
def test_requests_that_are_refused(shared_up, source, case):
    text, status = BAD_HEADS[case]
    wanted = status if isinstance(status, tuple) else (status,)
    before = shared_up.settled_counts()
    with shared_up.connect() as link:
        try:
            link.send(text.replace("{path}", source.path).encode("latin-1"))
        except OSError:
            pass
        answer = link.answer()
        assert answer.status in wanted, answer
        if answer.status != 415:
            assert link.is_closed(), "after a request that may be framed otherwise than we read it, the connection ends"
    assert shared_up.counts() == before


def test_smuggled_request_behind_a_bad_one_is_not_served(shared_up, source):
    inner = source.request({"id": "smuggled", "type": "signup", "contact": {"email": "smuggled@example.com"}})
    bad = f"POST {source.path} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode()
    with shared_up.connect() as link:
        link.send(bad + inner)
        assert link.answer().status == 400
        assert link.is_closed()
    shared_up.settle()
    assert not shared_up.has_contact("smuggled@example.com")


# -- paths --------------------------------------------------------------------------------------------------------------------


def test_health_paths(shared_up):
    for path in ("/healthz", "/readyz"):
        assert shared_up.get(path).status == 200
        assert shared_up.get(path, "HEAD").status == 200
        refused = shared_up.post(path, b"{}")
        assert refused.status == 405 and "GET" in refused.get("Allow")


@pytest.mark.parametrize("path", ["/", "/in", "/in/", "/in/../healthz", "//healthz", "/healthz/", "/in/a/b", "/%68ealthz"])
def test_other_paths_are_404(shared_up, path):
    assert shared_up.post(path, b"{}").status == 404


def test_query_does_not_change_the_endpoint(shared_up, source):
    body = json.dumps(PING).encode()
    assert shared_up.post(source.path + "?a=b", body, source.sign(body)).status == 200


def test_absolute_target_is_understood(shared_up):
    assert shared_up.get("https://hooks.example.com/healthz").status in (200, 400)


# -- deadlines and limits (N9) ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hasty():
    """A receiver with short deadlines."""
    from conftest import running_up

    limits = {"handshake_timeout": "700ms", "head_timeout": "700ms", "body_timeout": "700ms", "idle_timeout": "700ms"}
    with running_up({"serve": limits}) as up:
        yield up, up.add_source("storehook")


def test_N9_slow_head_is_not_extended_by_single_bytes(hasty):
    up, source = hasty
    with up.connect() as link:
        took, answer = wire.trickle(link, source.request(PING))
    assert took < harness.scaled(4)
    assert answer is None or answer.status == 408


def test_N9_slow_body_is_not_extended_by_single_bytes(hasty):
    up, source = hasty
    head, body = source.request({"id": "slow", "type": "ping", "pad": "x" * 400}).split(b"\r\n\r\n", 1)
    with up.connect() as link:
        link.send(head + b"\r\n\r\n")
        took, answer = wire.trickle(link, body)
    assert took < harness.scaled(4)
    assert answer is None or answer.status == 408
    assert up.queued() == 0


def test_N9_slow_chunks_are_not_extended(hasty):
    up, source = hasty
    body = json.dumps({"id": "slow", "type": "ping", "pad": "x" * 400}).encode()
    request = wire.request("POST", source.path, [*source.sign(body), ("Transfer-Encoding", "chunked")], wire.chunked(body, [1]))
    head, rest = request.split(b"\r\n\r\n", 1)
    with up.connect() as link:
        link.send(head + b"\r\n\r\n")
        took, answer = wire.trickle(link, rest)
    assert took < harness.scaled(4)
    assert answer is None or answer.status == 408


def test_N9_idle_connection_is_closed_in_silence(hasty):
    up, source = hasty
    with up.connect() as link:
        assert link.ask(source.request(PING)).status == 200
        start = time.monotonic()
        assert link.is_closed(harness.scaled(5))
        assert time.monotonic() - start > 0.4


def test_N9_handshake_that_never_comes_is_closed(hasty):
    up, _ = hasty
    with wire.Connection(wire.tcp(up.port)) as link:
        assert link.is_closed(harness.scaled(5))
    with wire.Connection(wire.tcp(up.port)) as link:
        took, _ = wire.trickle(link, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + b"\x03" * 500)
        assert took < harness.scaled(4)


def test_N9_slow_clients_do_not_delay_others(hasty):
    up, source = hasty
    slow = [wire.Connection(wire.tcp(up.port)) for _ in range(50)]
    start = time.monotonic()
    assert up.ask(source.request(PING)).status == 200
    assert time.monotonic() - start < harness.scaled(1)
    for link in slow:
        link.close()


def test_N9_connections_of_a_worker_are_limited(make_up):
    up = make_up({"serve": {"connections": "4", "workers": "1", "handshake_timeout": "1s"}})
    open_links = [up.connect() for _ in range(4)]
    for link in open_links:
        assert link.ask(wire.request("GET", "/healthz")).status == 200
    with pytest.raises((OSError, wire.Closed)):
        wire.tls(up.port, up.tls, timeout_s=1).ask(wire.request("GET", "/healthz"))
    for link in open_links:
        link.close()
    harness.wait_until(up.is_ready, "room again", 10)


# -- TLS ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3(shared_up, version):
    context = wire.tls_context(shared_up.dir / "certs" / "ca.pem", version, version, alpn=["h2", "http/1.1"])
    with wire.tls(shared_up.port, context) as link:
        assert link.sock.version() == {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}[version]
        assert link.sock.selected_alpn_protocol() == "http/1.1"
        assert link.ask(wire.request("GET", "/healthz")).status == 200


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_1_1_is_refused(shared_up):
    old = ssl.TLSVersion.TLSv1_1
    context = wire.tls_context(shared_up.dir / "certs" / "ca.pem", old, old)
    with pytest.raises((ssl.SSLError, OSError)):
        wire.tls(shared_up.port, context)


def test_certificate_is_good_for_localhost_and_the_address(shared_up):
    for name in ("localhost", "127.0.0.1"):
        with wire.tls(shared_up.port, shared_up.tls, name) as link:
            assert link.ask(wire.request("GET", "/healthz")).status == 200


def test_plain_http_on_the_tls_port_is_not_served(shared_up):
    with wire.Connection(wire.tcp(shared_up.port)) as link:
        link.send(wire.request("GET", "/healthz"))
        try:
            assert link.answer().status == 400
        except (wire.Closed, AssertionError, ValueError, IndexError):
            assert link.is_closed()
    assert shared_up.get("/healthz").status == 200


def test_abrupt_ends_at_every_stage_leave_the_server_well(shared_up, source):
    request = source.request(PING)
    for cut in (0, 1, 20, request.index(b"\r\n\r\n") + 4, len(request) - 1):
        link = shared_up.connect()
        link.send(request[:cut] or b"P")
        link.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        link.close()
    assert shared_up.ask(request).status == 200


# -- behind nginx -------------------------------------------------------------------------------------------------------------


def test_plain_http_on_a_unix_socket(make_up, workplace):
    socket_path = workplace / "plain.sock"
    up = make_up({"serve": {"plain_listen": f"unix:{socket_path}"}})
    source = up.add_source("shopify")
    body = bodies.shopify_customer(1, "unix@example.com")
    with wire.unix(socket_path) as link:
        assert link.ask(source.request(body, "customers/create")).status == 200
        assert link.ask(wire.request("GET", "/healthz")).status == 200
    up.settle()
    assert up.has_contact("unix@example.com")


def test_plain_http_on_loopback(make_roles):
    roles = make_roles({"serve": {"plain_listen": "127.0.0.1:0"}})
    roles.start_redis()
    serve = roles.start_role("serve")
    ports = harness.wait_until(lambda: re.findall(r"https?=\S*127\.0\.0\.1:(\d+)", serve.out() + serve.log()),
                               lambda: f"serve says where it listens: {serve.out()} {serve.log()}")
    assert len(set(ports)) == 2
    with wire.Connection(wire.tcp(int(ports[1]))) as link:
        assert link.ask(wire.request("GET", "/healthz")).status == 200


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "*:0"])
def test_plain_http_anywhere_else_stops_the_start(workplace, address):
    (workplace / "v").mkdir()
    config = workplace / "c.ini"
    config.write_text(f"[storehook]\ndir = {workplace}/v\n[serve]\nplain_listen = {address}\n")
    result = harness.run("up", "--port", "0", "--config", config)
    assert result.exit == 1 and "plain_listen" in result.err and "ready" not in result.out


NGINX = """
{user}
pid {base}/nginx.pid;
error_log {base}/nginx.err;
worker_processes 1;
daemon off;
events {{ worker_connections 128; }}
http {{
  access_log off;
  client_body_temp_path {base}/t1; proxy_temp_path {base}/t2; fastcgi_temp_path {base}/t3;
  uwsgi_temp_path {base}/t4; scgi_temp_path {base}/t5;
  client_max_body_size 3m;
  upstream storehook {{ server unix:{plain}; keepalive 16; }}
  server {{
    listen unix:{base}/front.sock ssl;
    ssl_certificate {certs}/server.pem;
    ssl_certificate_key {certs}/server.key;
    location / {{
      proxy_pass http://storehook;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_request_buffering {buffering};
    }}
  }}
}}
"""


def nginx_user():
    """Started by root, nginx gives its workers another user, who has no business in a test's directory."""
    return "user root;" if os.geteuid() == 0 else ""


@pytest.mark.skipif(not shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin"), reason="nginx is not installed")
@pytest.mark.parametrize("buffering", ["on", "off"])
def test_behind_nginx_over_a_unix_socket(make_up, workplace, buffering):
    plain = workplace / "plain.sock"
    up = make_up({"serve": {"plain_listen": f"unix:{plain}"}})
    source = up.add_source("shopify")
    config = workplace / "nginx.conf"
    config.write_text(NGINX.format(user=nginx_user(), base=workplace, plain=plain, certs=up.dir / "certs", buffering=buffering))
    front = workplace / "front.sock"
    nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    process = harness.Process([nginx, "-c", config, "-p", workplace], workplace / "nginx.out", workplace / "nginx.log")
    try:
        harness.wait_until(front.exists, lambda: f"nginx listens: {process.log()}")
        with wire.unix(front, up.tls) as link:
            for i in range(20):
                body = bodies.shopify_customer(100 + i, f"nginx{i}@example.com")
                assert link.ask(source.request(body, "customers/create")).status == 200
            assert link.ask(wire.request("POST", source.path, [], b"{}")).status == 401
            body = json.dumps(bodies.shopify_customer(200, "nginx-chunked@example.com")).encode()
            fields = [*source.sign(body, "customers/create"), ("Transfer-Encoding", "chunked")]
            assert link.ask(wire.request("POST", source.path, fields, wire.chunked(body, [50]))).status == 200
            big = b"x" * ((2 << 20) + 1)
            link.send(wire.request("POST", source.path, source.sign(big, "customers/create"), big))
            assert link.answer().status == 413
    finally:
        process.stop()
    up.settle()
    assert len([c for c in up.contacts() if c["email"].startswith("nginx")]) == 21
