"""What is refused gets the specified status and the specified reason, and changes nothing else."""

import contextlib
import json
import re
import time

import pytest

import bodies
import harness
import signing
import wire

BODY = json.dumps(bodies.shopify_customer(1, "refused@example.com")).encode()


@pytest.fixture(scope="module")
def shop(shared_up):
    return shared_up.add_source("shopify")


@pytest.fixture(scope="module")
def woo(shared_up):
    return shared_up.add_source("woocommerce")


@pytest.fixture(scope="module")
def plugin(shared_up):
    return shared_up.add_source("storehook")


class Unchanged:
    """Nothing is queued, no contact and no dead letter appears; the log names the reason; the sender does not learn it."""

    def __init__(self, site, reason=None):
        self.site, self.reason = site, reason

    def __enter__(self):
        self.before, self.log_at = self.site.settled_counts(), len(self.site.log())
        return self

    def __exit__(self, kind, *exc):
        if kind is not None:
            return
        if self.reason:
            harness.wait_until(lambda: self.reason in self.logged(), lambda: f"{self.reason} in {self.logged()!r}", 5)
        assert self.site.counts() == self.before

    def logged(self):
        return self.site.log()[self.log_at :]


def expect(site, request, status, reason=None):
    with Unchanged(site, reason):
        answer = site.ask(request)
        assert answer.status == status, answer
        if status == 401:
            text = answer.body.decode()
            assert not re.search(r"missing|match|stale|malformed|repeated|secret", text), "the reason is not for the sender"
    return answer


# -- signatures (I1, I2) ------------------------------------------------------------------------------------------------


def shopify_cases(secret):
    """(fields, body, reason in the log) of each way a signature can be wrong."""
    good = signing.shopify(secret, BODY, "customers/create")
    name = "X-Shopify-Hmac-Sha256"
    value = signing.value_of(good, name)
    return {
        "tampered body": (good, BODY.replace(b"Ada", b"Eve"), "signature"),
        "one byte more": (good, BODY + b" ", "signature"),
        "one byte less": (good, BODY[:-1], "signature"),
        "wrong secret": (signing.shopify("other", BODY, "customers/create"), BODY, "signature"),
        "missing header": (signing.replaced(good, name, None), BODY, "signature_missing"),
        "empty header": (signing.replaced(good, name, ""), BODY, "signature_m"),
        "repeated header": ([(name, "A" * 43 + "="), *good], BODY, "signature_repeated"),
        "repeated equal header": ([(name, value), *good], BODY, "signature_repeated"),
        "hex in place of base64": (signing.replaced(good, name, "00" * 32), BODY, "signature_malformed"),
        "cut short": (signing.replaced(good, name, value[:20]), BODY, "signature_malformed"),
        "no padding": (signing.replaced(good, name, value.rstrip("=")), BODY, "signature_malformed"),
        "trailing comma": (signing.replaced(good, name, value + ","), BODY, "signature_malformed"),
    }


@pytest.mark.parametrize("case", list(shopify_cases("-")))
def test_I2_bad_signature_is_401(shared_up, shop, case):
    fields, body, reason = shopify_cases(shop.secret)[case]
    expect(shared_up, wire.request("POST", shop.path, fields, body), 401, reason)


def push_body():
    return json.dumps({"id": "r-1", "type": "signup", "contact": {"email": "refused@example.com", "external_id": "1"}}).encode()


@pytest.mark.parametrize("shift, status", [(-301, 401), (-3600, 401), (310, 401), (-290, 200), (290, 200)])
def test_I8_stale_or_future_timestamp_is_401(shared_up, plugin, shift, status):
    body = json.dumps({"id": f"ping{shift}", "type": "ping"}).encode()
    request = wire.request("POST", plugin.path, plugin.sign(body, timestamp=int(time.time()) + shift), body)
    if status == 401:
        expect(shared_up, request, 401, "timestamp_stale")
    else:
        assert shared_up.ask(request).status == 200
        shared_up.settle()


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("how", ["missing", "empty", "repeated"])
def test_standard_webhooks_header_missing_empty_or_repeated_is_401(shared_up, plugin, name, how):
    body = push_body()
    good = plugin.sign(body)
    value = signing.value_of(good, name)
    fields = {"missing": signing.replaced(good, name, None), "empty": signing.replaced(good, name, ""),
              "repeated": [*good, (name, value)]}[how]
    expect(shared_up, wire.request("POST", plugin.path, fields, body), 401)


@pytest.mark.parametrize("text", ["1714641068000", "-1", "+1714641068", "17146410x8", " ", "0x1", "99999999999999999999"])
def test_malformed_timestamp_is_401(shared_up, plugin, text):
    body = push_body()
    expect(shared_up, wire.request("POST", plugin.path, plugin.sign(body, timestamp=text), body), 401, "timestamp_")


def test_secret_of_another_source_is_401(shared_up, shop):
    other = shared_up.add_source("shopify")
    expect(shared_up, wire.request("POST", shop.path, other.sign(BODY, "customers/create"), BODY), 401, "signature")


def test_signature_in_a_trailer_is_401(shared_up, shop):
    fields = signing.replaced(shop.sign(BODY, "customers/create"), "X-Shopify-Hmac-Sha256", None)
    value = signing.value_of(shop.sign(BODY, "customers/create"), "X-Shopify-Hmac-Sha256")
    framed = wire.chunked(BODY, [100], trailer=f"X-Shopify-Hmac-Sha256: {value}\r\n".encode())
    expect(shared_up, wire.request("POST", shop.path, [*fields, ("Transfer-Encoding", "chunked")], framed), 401)


# -- other refusals of the receiver (I2, I6) ------------------------------------------------------------------------------


def test_I2_unknown_source_is_404(shared_up, shop):
    unknown = "/in/" + "A" * len(shop.path.removeprefix("/in/"))
    expect(shared_up, wire.request("POST", unknown, shop.sign(BODY, "customers/create"), BODY), 404)
    expect(shared_up, wire.request("POST", shop.path + "x", shop.sign(BODY, "customers/create"), BODY), 404)
    expect(shared_up, wire.request("POST", shop.path[:-1], shop.sign(BODY, "customers/create"), BODY), 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_I2_other_method_is_405_with_allow(shared_up, shop, method):
    answer = expect(shared_up, wire.request(method, shop.path, shop.sign(BODY, "customers/create"), b""), 405)
    assert "POST" in answer.get("Allow")


def oversize_body():
    return b'{"a":"' + b"x" * (2 << 20) + b'"}'


def ask_and_see_close(site, request):
    """The answer to a request that may be refused before all of it was read."""
    with site.connect() as link:
        try:
            link.send(request)
        except OSError:
            pass
        answer = link.answer()
        assert link.is_closed(), "a body that is not read ends the connection"
        return answer


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_I6_body_over_the_limit_is_413_and_close(shared_up, shop, framing):
    body = oversize_body()
    fields = shop.sign(body, "customers/create")
    if framing == "chunked":
        request = wire.request("POST", shop.path, [*fields, ("Transfer-Encoding", "chunked")], wire.chunked(body, [65536]))
    else:
        request = wire.request("POST", shop.path, fields, body)
    with Unchanged(shared_up):
        assert ask_and_see_close(shared_up, request).status == 413


def test_I6_chunked_body_at_the_limit_passes_and_one_byte_more_does_not(make_up):
    up = make_up({"serve": {"body_max": "2000"}})
    source = up.add_source("shopify")
    for size, status in ((2000, 200), (2001, 413)):
        body = json.dumps({"id": 1, "x": ""}).encode()
        body = body[:-2] + b"y" * (size - len(body)) + body[-2:]
        assert len(body) == size
        fields = [*source.sign(body, "customers/update"), ("Transfer-Encoding", "chunked")]
        with up.connect() as link:
            link.send(wire.request("POST", source.path, fields, wire.chunked(body, [7, 300])))
            assert link.answer().status == status


def test_I2_over_the_rate_is_429_with_retry_after(make_up):
    up = make_up({"serve": {"source_rate": "2", "workers": "1"}})
    source, other = up.add_source("storehook"), up.add_source("storehook")
    with up.connect() as link:
        requests = [source.request({"id": f"e{i}", "type": "ping"}) for i in range(60)]
        link.send(b"".join(requests))
        answers = [link.answer() for _ in requests]
    statuses = [a.status for a in answers]
    assert set(statuses) == {200, 429} and statuses[0] == 200
    assert all(int(a.get("Retry-After")) >= 1 for a in answers if a.status == 429)
    assert other.push({"id": "x", "type": "ping"}), "the limit is of one source"


def test_I2_queue_away_is_503_with_retry_after_and_ready_says_so(roles):
    roles.start_redis()
    source = roles.add_source("shopify", wait=False)
    roles.start_serve()
    source.await_known()
    source.push(BODY, "customers/create")
    roles.kill_role("redis")
    answer = roles.ask(source.request(BODY, "customers/create"))
    assert answer.status == 503 and int(answer.get("Retry-After")) >= 1
    harness.wait_until(lambda: roles.get("/readyz").status == 503, "not ready without Redis")
    assert roles.get("/healthz").status == 200
    roles.start_redis()
    assert roles.queued() == 1, "what was answered 200 is in the append-only file"
    harness.wait_until(roles.is_ready, "ready again by itself")
    source.push(BODY, "customers/create", webhook_id="after")
    assert roles.queued() == 2


def test_I8_retry_of_the_same_bytes_after_503_is_accepted(roles):
    roles.start_redis()
    source = roles.add_source("storehook", wait=False)
    roles.start_serve()
    source.await_known()
    request = source.request({"id": "retry", "type": "ping"})
    roles.kill_role("redis")
    assert roles.ask(request).status == 503
    roles.start_redis()
    harness.wait_until(lambda: roles.ask(request).status == 200, "the same bytes are accepted")


@pytest.mark.parametrize("options, word", [(("--maxmemory-policy", "allkeys-lru"), "noeviction"),
                                           (("--appendonly", "no"), "appendonly"), (("--appendfsync", "no"), "fsync")])
def test_unsafe_queue_is_never_ready(make_roles, workplace, options, word):
    """An evicting or forgetful Redis would lose what was answered 200 (N1)."""
    plain = workplace / "plain.sock"
    roles = make_roles({"serve": {"plain_listen": f"unix:{plain}"}})
    roles.start_redis()
    source = roles.add_source("shopify", wait=False)
    roles.stop_role("redis")
    roles.start_redis(*options)
    serve = roles.start_role("serve")
    harness.wait_until(lambda: word in serve.log(), lambda: f"the log says {word}: {serve.log()}")
    roles.start_role("drain")
    harness.wait_until(lambda: word in roles.processes["drain"].log(), "drain says it as well")
    assert "ready" not in serve.out()
    with contextlib.suppress(OSError):
        with wire.unix(plain) as link:
            assert link.ask(wire.request("GET", "/readyz")).status == 503
            assert link.ask(source.request(BODY, "customers/create")).status == 503


def test_queue_that_turns_unsafe_while_running_is_noticed_on_reconnect(roles):
    roles.start_redis()
    source = roles.add_source("shopify", wait=False)
    roles.start_serve()
    source.await_known()
    roles.kill_role("redis")
    roles.start_redis("--appendonly", "no")
    harness.wait_until(lambda: "appendonly" in roles.log(), "the log says why")
    harness.wait_until(lambda: roles.get("/readyz").status == 503, "not ready")
    assert roles.ask(source.request(BODY, "customers/create")).status == 503


# -- accepted, but not applicable: dead letters (N8) ----------------------------------------------------------------------

ADDRESSES = ["plain", "@example.com", "a@", "a b@example.com", "a@b@example.com", "a@example..com", ".a@example.com",
             "a.@example.com", "a..b@example.com", "a@-example.com", "a@example", "a@exa mple.com", "a@example.com>",
             '"a@example.com', "x" * 65 + "@example.com"]


@pytest.mark.parametrize("body, reason", [
    (b"this is not JSON", "not_json"),
    (b"", "not_json"),
    (b'{"id":1', "not_json"),
    (b'{"email":"a@example.com","email":"b@example.com"}', "not_json"),
    (b'{"id":1,"first_name":"\xff\xfe"}', "not_json"),
    (b'{"id":1,"x":"a\x00b"}', "not_json"),
    (b'{"id":1,"first_name":"a\\u0000b"}', "not_json"),
    (b"[" * 5000 + b"]" * 5000, "not_json"),
    (json.dumps(bodies.shopify_customer(1, None)).encode(), "no_email"),
    (json.dumps(bodies.shopify_customer(1, "")).encode(), "no_email"),
    (json.dumps(bodies.shopify_customer(1, "   ")).encode(), "no_email"),
    (json.dumps(bodies.shopify_customer(1, "not an address")).encode(), "invalid_email"),
], ids=lambda v: v if isinstance(v, str) else v[:20].decode("latin-1"))
def test_N8_what_cannot_be_applied_is_a_dead_letter_with_its_reason(shared_up, body, reason):
    source = shared_up.add_source("shopify")
    contacts = len(shared_up.contacts())
    delivery = source.apply(body, "customers/create")
    letters = shared_up.dead(source=source)
    assert [letter["reason"] for letter in letters] == [reason]
    assert delivery in json.dumps(letters[0])
    assert len(shared_up.contacts()) == contacts


@pytest.mark.parametrize("platform", ["shopify", "woocommerce"])
def test_N8_a_delivery_without_a_topic_is_a_dead_letter(shared_up, platform):
    source = shared_up.add_source(platform)
    contacts = len(shared_up.contacts())
    source.apply({"id": 1, "email": "topic@example.com"}, "")
    assert [letter["reason"] for letter in shared_up.dead(source=source)] == ["unknown_topic"]
    assert len(shared_up.contacts()) == contacts


@pytest.mark.parametrize("platform, topic", [("shopify", "products/update"), ("shopify", "nonsense"),
                                             ("woocommerce", "product.updated"), ("woocommerce", "action.wc_x")])
def test_a_topic_without_a_meaning_makes_neither_contact_nor_dead_letter(shared_up, platform, topic):
    source = shared_up.add_source(platform)
    contacts = len(shared_up.contacts())
    source.apply({"id": 1, "email": "topic@example.com"}, topic)
    assert shared_up.dead(source=source) == []
    assert len(shared_up.contacts()) == contacts


def test_unknown_event_type_of_the_push_protocol_is_a_dead_letter(shared_up):
    source = shared_up.add_source("storehook")
    source.event("teleport", contact=bodies.person("t@example.com", 1))
    assert [letter["reason"] for letter in shared_up.dead(source=source)] == ["unknown_topic"]


def test_AC31_fifteen_malformed_addresses_are_invalid_email_and_the_rest_goes_on(shared_up):
    source = shared_up.add_source("storehook")
    events = [{"id": f"bad-{i}", "type": "signup", "occurred_at": bodies.at(i), "contact": bodies.person(a, 100 + i)}
              for i, a in enumerate(ADDRESSES)]
    events.append({"id": "good", "type": "signup", "occurred_at": bodies.at(50), "contact": bodies.person("fine@example.com", 1)})
    assert len(ADDRESSES) == 15
    for event in events:
        source.push(event)
    shared_up.settle()
    assert [letter["reason"] for letter in shared_up.dead(source=source)] == ["invalid_email"] * 15
    assert shared_up.has_contact("fine@example.com")


def test_AC30_a_contact_needs_an_address(shared_up):
    source = shared_up.add_source("woocommerce")
    source.apply(bodies.woo_order(1, ""), "order.created")  # G4: it waits for one
    source.apply(bodies.woo_customer(2, "", billing={"email": ""}), "customer.created")
    assert [letter["reason"] for letter in shared_up.dead(source=source)] == ["no_email"]


def test_N8_one_poison_entry_never_fails_its_batch(shared_up):
    source = shared_up.add_source("shopify")
    good = [bodies.shopify_customer(500 + i, f"batch{i}@example.com") for i in range(20)]
    requests = [source.request(b, "customers/create") for b in good]
    requests[7:7] = [source.request(b"{]", "customers/create"), source.request({"id": 1}, "orders/create")]
    with shared_up.connect() as link:
        link.send(b"".join(requests))
        assert {link.answer().status for _ in requests} == {200}
    shared_up.settle()
    assert sorted(letter["reason"] for letter in shared_up.dead(source=source)) == ["mapping", "not_json"]
    assert all(shared_up.has_contact(b["email"]) for b in good)


def test_one_bad_event_of_a_push_batch_is_rejected_alone(shared_up):
    source = shared_up.add_source("storehook")
    events = [{"id": "b1", "type": "signup", "occurred_at": bodies.at(1), "contact": bodies.person("b1@example.com", 1)},
              {"id": "b2", "type": "nonsense", "contact": bodies.person("b2@example.com", 2)},
              {"id": "b3", "type": "signup", "occurred_at": bodies.at(1), "contact": bodies.person("b3@example.com", 3)}]
    source.apply({"events": events})
    assert shared_up.has_contact("b1@example.com") and shared_up.has_contact("b3@example.com")
    assert not shared_up.has_contact("b2@example.com")
    assert len(shared_up.dead(source=source)) == 1


def test_N8_database_away_is_waited_for_and_nothing_is_lost(roles):
    """The contact database locked by someone else: nothing is acknowledged, all is applied when it is free."""
    import sqlite3

    roles.settings["db"] = {"timeout": "200ms"}
    roles.write_config()
    roles.start_redis()
    source = roles.add_source("shopify", wait=False)
    roles.start_serve()
    source.await_known()
    with sqlite3.connect(roles.dir / "storehook.db", timeout=10, isolation_level=None) as lock:
        lock.execute("BEGIN IMMEDIATE")
        drain = roles.start_role("drain")
        for i in range(5):
            source.push(bodies.shopify_customer(i + 1, f"wait{i}@example.com"), "customers/create")
        at = len(drain.log())
        harness.wait_until(lambda: len(drain.log()) > at, "drain says that the database is locked")
        assert roles.queued() == 5 and roles.dead_count() == 0 and drain.running
        lock.execute("ROLLBACK")
    lock.close()
    roles.settle()
    assert roles.dead_count() == 0
    assert all(roles.has_contact(f"wait{i}@example.com") for i in range(5))
