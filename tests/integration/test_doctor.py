"""The doctor: every finding provoked by a real request, off the hot path, bounded, and without a secret anywhere."""

import base64
import gzip
import hashlib
import hmac
import json
import secrets
import time
import urllib.error
import urllib.request

import pytest

import harness
import signing
import wire

TOPIC = "customers/update"
BODY = json.dumps({"id": 1, "email": "zoë@example.com", "note": "a/b", "list": [1.10, {}]}, ensure_ascii=False,
                  separators=(",", ":")).encode()


@pytest.fixture(scope="module")
def site(shared_up):
    return shared_up


def source_of(site, platform="shopify", secret=None):
    return site.add_source(platform, secret=secret)


def refuse(site, source, fields, body=BODY, status=401, method="POST", path=None):
    """Sends a request that is refused until it is one of the sampled ones (one a second), and returns what the doctor says of it."""
    before = {row["at"] for row in site.json("doctor", source.name)["rejected"]}

    def sampled():
        answer = site.ask(wire.request(method, path or source.path, fields, body))
        assert answer.status == status, answer
        return [row for row in site.json("doctor", source.name)["rejected"] if row["at"] not in before]

    return harness.wait_until(sampled, "a sample is kept", 10)[0]


def codes(row):
    return [finding["code"] for finding in row["findings"]]


def text(row):
    return " ".join(finding["text"] for finding in row["findings"])


def assert_says(row, code, *words):
    assert code in codes(row), row
    for word in words:
        assert word in text(row), row


def shopify(secret, body, digest=None):
    return signing.replaced(signing.shopify(secret, body, TOPIC), "X-Shopify-Hmac-Sha256",
                            digest or signing.hmac_base64(secret.encode(), body))


# -- secrets -------------------------------------------------------------------------------------------------------------


def test_a_secret_that_nobody_has(site):
    source = source_of(site)
    assert_says(refuse(site, source, shopify("nobody", BODY)), "unknown_secret", "rotate")


def test_the_secret_of_another_source(site):
    source, other = source_of(site), site.add_source("shopify", name="the-other-shop")
    assert_says(refuse(site, source, shopify(other.secret, BODY)), "other_source", "the-other-shop")


def test_the_secret_before_this_one(site):
    source = source_of(site)
    new = secrets.token_hex(24)
    site.cli("source", "rotate", source.name, "--secret-file", site.secret_file(new), "--grace", "0s")
    old = wire.request("POST", source.path, shopify(source.secret, BODY), BODY)
    harness.wait_until(lambda: [site.ask(old).status for _ in range(8)] == [401] * 8, "every worker knows", 10)
    assert_says(refuse(site, source, shopify(source.secret, BODY)), "previous_secret", "s1")


def test_the_other_secret_of_the_source(site):
    other = harness.whsec()
    source = site.add_source("gitlab", secret=other, extra=("--secret-file", f"signing_token={site.secret_file(harness.whsec())}"))
    assert_says(refuse(site, source, signing.standard(other, BODY)), "other_member", "secret", "signing_token")


def test_a_token_that_nobody_has(site):
    assert_says(refuse(site, source_of(site, "gitlab"), [("X-Gitlab-Token", secrets.token_hex(16))]), "unknown_token", "rotate")


def test_a_secret_that_was_entered_after_the_delivery(site):
    source = source_of(site)
    new = secrets.token_hex(24)
    refuse(site, source, shopify(new, BODY))
    site.cli("source", "rotate", source.name, "--secret-file", site.secret_file(new))
    assert_says(site.json("doctor", source.name)["rejected"][0], "later_secret", "s2")


@pytest.mark.parametrize("here, there", [(" with-blanks ", "with-blanks"), ("with-newline", "with-newline\n"),
                                         ("with-blank", "with-blank ")])
def test_a_secret_with_white_space(site, here, there):
    source = source_of(site, secret=here)
    assert_says(refuse(site, source, shopify(there, BODY)), "secret_blank")


@pytest.mark.parametrize("here, there", [("a&b<c", "a&amp;b&lt;c"), ("a&amp;b", "a&b")])
def test_a_secret_with_html_entities(site, here, there):
    source = source_of(site, secret=here)
    assert_says(refuse(site, source, shopify(there, BODY)), "secret_html")


def standard_with_key(source, key, body=BODY, timestamp=None):
    fields = signing.standard(source.secret, body, timestamp=timestamp)
    at, message = signing.value_of(fields, "webhook-timestamp"), signing.value_of(fields, "webhook-id")
    return signing.replaced(fields, "webhook-signature", "v1," + signing.hmac_base64(key, f"{message}.{at}.".encode() + body))


def test_a_secret_used_as_text_instead_of_decoded(site):
    source = source_of(site, "storehook")
    row = refuse(site, source, standard_with_key(source, source.secret.encode()))
    assert_says(row, "secret_not_decoded", "whsec")


def test_a_secret_decoded_instead_of_used_as_text(site):
    source = source_of(site, secret=secrets.token_hex(16))
    digest = signing.hmac_base64(bytes.fromhex(source.secret), BODY)
    assert_says(refuse(site, source, shopify(source.secret, BODY, digest)), "secret_decoded", "hex")


# -- signature and body ------------------------------------------------------------------------------------------------------


def test_hex_instead_of_base64(site):
    source = source_of(site)
    digest = hmac.new(source.secret.encode(), BODY, hashlib.sha256).hexdigest()
    assert_says(refuse(site, source, shopify(source.secret, BODY, digest)), "encoding", "hex", "base64")


def test_another_hash(site):
    source = source_of(site)
    digest = signing.hmac_base64(source.secret.encode(), BODY, hashlib.sha1)
    assert_says(refuse(site, source, shopify(source.secret, BODY, digest)), "hash", "sha1")


def test_a_prefix_that_does_not_belong(site):
    source = source_of(site)
    digest = "sha256=" + signing.hmac_base64(source.secret.encode(), BODY)
    assert_says(refuse(site, source, shopify(source.secret, BODY, digest)), "prefix", "sha256=")


def php(value):
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/")


@pytest.mark.parametrize("spell", [
    lambda v: json.dumps(v), lambda v: json.dumps(v, indent=2), lambda v: json.dumps(v, indent=4, ensure_ascii=False),
    lambda v: json.dumps(v, indent="\t"), php, lambda v: json.dumps(v, ensure_ascii=False) + "\n",
], ids=["python", "indented-2", "indented-4", "tabs", "php", "line"])
def test_json_that_was_written_anew(site, spell):
    source = source_of(site)
    value = {"id": 1, "email": "zoë@example.com", "note": "a/b", "list": [1.5, {}], "none": None}
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    assert_says(refuse(site, source, shopify(source.secret, spell(value).encode()), body), "reserialised")


def test_a_line_end_that_was_added_or_lost(site):
    source = source_of(site)
    assert_says(refuse(site, source, shopify(source.secret, BODY), BODY + b"\n"), "newline_added")
    assert_says(refuse(site, source, shopify(source.secret, BODY + b"\r\n"), BODY), "newline_lost")


def test_a_compressed_body(site):
    source = source_of(site)
    packed = gzip.compress(BODY)
    assert_says(refuse(site, source, shopify(source.secret, BODY), packed), "gzip")


def test_a_body_that_is_larger_than_a_sample(site):
    source = source_of(site)
    row = refuse(site, source, shopify("nobody", BODY), b'"' + b"x" * 70000 + b'"')
    assert_says(row, "too_large", "70002")


# -- clock -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("off, word", [(-3600, "behind"), (3600, "ahead")])
def test_a_clock_that_is_wrong(site, off, word):
    source = source_of(site, "storehook")
    row = refuse(site, source, signing.standard(source.secret, BODY, timestamp=int(time.time()) + off))
    assert_says(row, "clock", word)
    assert any(f" {s} s " in text(row) for s in range(3595, 3606))


def test_a_wrong_clock_and_a_wrong_secret_are_both_seen(site):
    source, other = source_of(site, "storehook"), site.add_source("storehook")
    row = refuse(site, source, signing.standard(other.secret, BODY, timestamp=int(time.time()) - 3600))
    assert set(codes(row)) == {"other_source", "clock"}


# -- headers -----------------------------------------------------------------------------------------------------------------


def test_a_missing_header(site):
    source = source_of(site, "storehook")
    fields = signing.replaced(signing.standard(source.secret, BODY), "webhook-timestamp", None)
    assert_says(refuse(site, source, fields), "missing_header", "webhook-timestamp")


def test_no_header_at_all(site):
    source = source_of(site, "woocommerce")
    assert_says(refuse(site, source, [("Content-Type", "application/json")]), "missing_header", "X-WC-Webhook-Signature")


def test_a_header_that_is_repeated(site):
    source = source_of(site)
    fields = signing.shopify(source.secret, BODY, TOPIC)
    fields.append(("X-Shopify-Hmac-Sha256", signing.value_of(fields, "X-Shopify-Hmac-Sha256")))
    assert_says(refuse(site, source, fields), "repeated_header", "X-Shopify-Hmac-Sha256")


def test_headers_of_another_platform(site):
    source = source_of(site)
    row = refuse(site, source, signing.woocommerce("nobody", BODY, "customer.updated"))
    assert_says(row, "other_platform", "WooCommerce")


def test_a_delivery_for_a_source_of_another_platform(site):
    source, other = source_of(site), site.add_source("woocommerce", name="the-woo-shop")
    row = refuse(site, source, signing.woocommerce(other.secret, BODY, "customer.updated"))
    assert_says(row, "other_platform", "the-woo-shop", "wrong URL")


def test_a_method_that_is_no_delivery(site):
    source = source_of(site)
    assert_says(refuse(site, source, [], b"", status=405, method="GET"), "method", "GET")


# -- dead letters ----------------------------------------------------------------------------------------------------------------


def test_dead_letters_by_reason_with_their_topics(site):
    source = source_of(site, "storehook")
    source.apply({"id": secrets.token_hex(8), "type": "nonsense"})
    source.apply({"id": secrets.token_hex(8), "type": "nonsense"})
    source.apply(b"no json")
    rows = {row["reason"]: row for row in site.json("doctor", source.name)["dead"]}
    assert rows["unknown_topic"]["count"] == 2 and len(rows["unknown_topic"]["topics"]) == 1, rows
    assert rows["not_json"]["count"] == 1 and "route file" in rows["unknown_topic"]["text"]


# -- URL ---------------------------------------------------------------------------------------------------------------------------


URL_ROUTE = {
    "route": 1, "platform": "urlshop", "title": "URL shop", "setup": "Paste the URL.",
    "config": {"secret": {"type": "secret", "required": True, "doc": "the secret"}},
    "push": {"verify": [{"scheme": "hmac", "header": "X-Url-Sign", "encoding": "base64", "signed": "{url}{body}"}],
             "topic": {"const": "x"}, "dedupe": [[{"header": "X-Id"}]]},
    "topics": {"x": []}, "objects": {"customer": {"contact.email": "/email"}},
}


@pytest.mark.parametrize("signed, words", [("https://wrong.example.com{path}", ["https://wrong.example.com and"]),
                                           ("https://hooks.example.com{path}/", ["slash"]),
                                           ("http://hooks.example.com{path}", ["http://hooks.example.com and"])])
def test_another_url_than_the_signed_one(make_up, workplace, signed, words):
    (workplace / "urlshop.json").write_text(json.dumps(URL_ROUTE))
    site = make_up({"storehook": {"routes_dir": workplace, "public_url": "https://hooks.example.com"}})
    source = source_of(site, "urlshop")
    url = signed.format(path=source.path)
    fields = [("Host", "wrong.example.com"), ("X-Url-Sign", signing.hmac_base64(source.secret.encode(), url.encode() + BODY))]
    assert_says(refuse(site, source, fields), "url", *words)


# -- what is kept, for how long, and what never ----------------------------------------------------------------------------------------


def samples(site):
    with site.redis() as link:
        return {key: link.lrange(key, 0, -1) for key in link.keys("storehook:source:*:rejected")}


def test_samples_are_few_masked_and_end_by_themselves(site):
    source = source_of(site)
    token = secrets.token_hex(16)
    private = [("Authorization", f"Bearer {token}"), ("Cookie", f"session={token}"), ("X-Shop-Token", token)]
    rows = refuse(site, source, [*shopify("nobody", BODY), *private], path=f"{source.path}?access_token={token}&shop=1")
    assert "Authorization" in rows["headers"] and token not in json.dumps(rows)
    kept = b"".join(sample for value in samples(site).values() for sample in value)
    for hidden in (token, "X-Shop-Token", source.path.removeprefix("/in/")):
        assert hidden.encode() not in kept
    for _ in range(6):
        refuse(site, source, shopify("nobody", BODY))
    with site.redis() as link:
        keys = link.keys("storehook:source:*:rejected")
        assert max(link.llen(key) for key in keys) == 5
        assert all(0 < link.ttl(key) <= 86400 for key in keys)


def test_a_flood_of_one_source_is_sampled_once_a_second_a_worker(site):
    source = source_of(site)
    request = wire.request("POST", source.path, shopify("nobody", BODY), BODY)
    began = time.monotonic()
    with site.connect() as link:
        for _ in range(300):
            assert link.ask(request).status == 401
    seconds = time.monotonic() - began
    harness.wait_until(lambda: len(site.json("doctor", source.name)["rejected"]) >= 1, "sampled", 10)
    assert len(site.json("doctor", source.name)["rejected"]) <= 2 + seconds


def test_no_secret_and_no_signature_is_printed_or_kept(up):
    """N10"""
    source = source_of(up)
    other = up.add_source("shopify")
    fields = shopify(other.secret, BODY)
    refuse(up, source, fields)
    shown = up.cli("doctor", source.name).out + up.cli("doctor", source.name, "--json").out + up.log()
    right = signing.hmac_base64(source.secret.encode(), BODY)
    for hidden in (source.secret, other.secret, right, signing.value_of(fields, "X-Shopify-Hmac-Sha256")):
        assert hidden not in shown
    kept = b"".join(sample for value in samples(up).values() for sample in value)
    for hidden in (source.secret, other.secret, right):
        assert hidden.encode() not in kept
        assert base64.b64encode(hidden.encode()) not in kept


def test_a_secret_that_a_sender_puts_in_the_wrong_place_is_not_readable_in_the_queue(up):
    """N10: the secret itself where its signature belongs, in another header, in the body, in the query"""
    source = source_of(up)
    body = json.dumps({"secret": source.secret}).encode()
    fields = [*signing.replaced(shopify("nobody", body), "X-Shopify-Hmac-Sha256", source.secret), ("X-Odd", source.secret)]
    row = refuse(up, source, fields, body, path=f"{source.path}?key={source.secret}")
    assert source.secret not in json.dumps(row)
    up.stop()
    files = [path for path in (up.dir / "redis").rglob("*") if path.is_file()]
    assert files and all(source.secret.encode() not in path.read_bytes() for path in files)
    assert source.secret not in up.log()
    up.start()


def test_the_text_of_the_doctor_cannot_steer_a_terminal(site):
    source = source_of(site)
    refuse(site, source, [*shopify("nobody", BODY), ("X-Odd", "\\x1b[31m")])
    out = site.cli("doctor", source.name).out
    assert "finding " in out and "\x1b" not in out


# -- erasure -------------------------------------------------------------------------------------------------------------------------


def sampled_bodies(site, source):
    return {row["body_bytes"] for row in site.json("doctor", source.name)["rejected"]}


@pytest.mark.parametrize("body", [b'{"email": "Gone@Example.com"}', b'{"email": "gone\\u0040example.com"}',
                                  b"email=gone%40example.com&x=1"])
def test_X2_erasing_a_person_removes_the_samples_that_hold_the_address(site, body):
    source, stays = source_of(site), b'{"email": "stays@example.com", "more": "of it"}'
    refuse(site, source, shopify("nobody", BODY), stays)
    refuse(site, source, shopify("nobody", BODY), body)
    assert {len(stays), len(body)} <= sampled_bodies(site, source)
    assert site.json("contacts", "erase", "gone@example.com", "--yes")["kind"] == "erase"
    assert len(stays) in sampled_bodies(site, source) and len(body) not in sampled_bodies(site, source)


def test_removing_a_source_forgets_its_samples(site):
    source = source_of(site)
    refuse(site, source, shopify("nobody", BODY), b'{"mark": "of-the-removed"}')
    number = str(site.json("source", "show", source.name)["id"])
    site.cli("source", "remove", source.name)
    with site.redis() as link:
        assert not link.exists(f"storehook:source:{number}:rejected")
        assert number.encode() not in link.zrange("storehook:rejected", 0, -1)


# -- the page ------------------------------------------------------------------------------------------------------------------------


def fetch(site, path):
    with urllib.request.urlopen(f"{site.admin}{path}", timeout=10) as answer:
        return answer.read().decode()


def test_the_source_has_a_page_with_the_same_findings(site):
    source = source_of(site)
    refuse(site, source, shopify("nobody", BODY))
    number = site.json("source", "show", source.name)["id"]
    assert f'href="/source/{number}"' in fetch(site, "/")
    page, report = fetch(site, f"/source/{number}"), json.loads(fetch(site, f"/api/source/{number}"))
    assert codes(report["rejected"][0]) == ["unknown_secret"]
    assert "matches no secret" in page and source.secret not in page + json.dumps(report)
    for path in ("/source/999999", "/source/x", "/api/source/"):
        with pytest.raises(urllib.error.HTTPError) as error:
            fetch(site, path)
        assert error.value.code == 404
