"""Visits of browsers: who may tell of them, what is kept, what is never believed (facts: browser endpoint)."""

import json
import re
import secrets
import time

import bodies
import harness
import pytest
import wire
from conftest import running_up
from visits import BROWSER, SHOP, Visits, visitor

# One worker: the second one would take a new public key up to a second later.
NO_LIMIT = {"serve": {"workers": "1"}, "visits": {"key_rate": "0", "address_rate": "0", "visitor_rate": "0"}}


@pytest.fixture(scope="module")
def site():
    with running_up(NO_LIMIT) as up:
        yield up


@pytest.fixture
def visits(site):
    return Visits(site.add_source("storehook"))


def person(email):
    return {"external_id": secrets.token_hex(4), "email": email}


def address():
    return f"p{secrets.token_hex(6)}@example.com"


# -- what is kept -----------------------------------------------------------------------------------------------------------


def test_a_beacon_is_kept_and_answered_204_without_a_body(visits):
    who = visitor()
    answer = visits.tell(visits.page(who, "/shirts"))
    assert answer.get("cache-control") == "no-store"
    assert answer.get("access-control-allow-origin") == SHOP
    assert answer.get("content-length") is None and answer.body == b""
    visits.await_urls(who, [SHOP + "/shirts"])


def test_json_is_taken_like_text(visits):
    who = visitor()
    visits.tell(visits.page(who, "/a"), Content_Type="application/json")
    visits.await_urls(who, [SHOP + "/a"])


def test_two_equal_visits_are_two_D6(visits):
    who = visitor()
    for _ in range(2):
        visits.tell(visits.page(who, "/same"))
    visits.await_urls(who, [SHOP + "/same"] * 2)


def test_of_an_address_only_the_allowed_query_members_stay(visits):
    who = visitor()
    visits.tell(visits.page(who, "/p?email=zoe@example.com&utm_source=news&variant=7&storehook=abc#zoe"))
    visits.await_urls(who, [SHOP + "/p?utm_source=news&variant=7"])


def test_a_picture_tells_of_a_visit_without_script(visits):
    who = visitor()
    answer = visits.pixel(f"visitor_id={who}&title=No+script", Referer=SHOP + "/plain?utm_campaign=x&id=3&secret=1")
    assert answer.status == 204 and answer.get("cache-control") == "no-store"
    visits.await_urls(who, [SHOP + "/plain?utm_campaign=x&id=3"])
    visits.pixel(f"visitor_id={who}&type=product_viewed&product_id=77&url={SHOP}/p/77")
    visits.await_urls(who, [SHOP + "/p/77", SHOP + "/plain?utm_campaign=x&id=3"][::-1])
    assert visits.rows("SELECT product_id FROM visit WHERE visitor_id = ? AND type = 'product_viewed'", who) == [("77",)]


def test_a_cart_is_the_visitors_own_and_joins_the_contact_later(visits):
    who, email = visitor(), address()
    items = [{"product_id": "2", "name": "T-shirt", "quantity": 1, "price": "23.25"}]
    visits.tell({"visitor_id": who, "type": "cart_updated", "cart": {"id": "k1", "currency": "GBP", "total": "23.25", "items": items}})
    visits.source.event("identify", visitor_id=who, contact=person(email))
    visits.await_contact(email, lambda c: [(k["id"], k["value"]) for k in c["carts"]] == [(f"visitor:{who}", "23.25")])


def test_an_order_that_names_the_pages_cart_completes_it(visits):
    who, contact = visitor(), person(address())
    visits.source.event("identify", visitor_id=who, contact=contact)
    visits.tell({"visitor_id": who, "type": "cart_updated", "cart": {"id": "k2", "items": [{"sku": "s"}]}})
    visits.await_contact(contact["email"], lambda c: [k["state"] for k in c["carts"]] == ["active"])
    order = {"id": "o2", "cart_id": "k2", "status": "paid", "total": "5.00", "currency": "EUR"}
    visits.source.event("order_created", contact=contact, order=order)
    assert [c["state"] for c in visits.site.contact(contact["email"])["carts"]] == ["completed"]


def test_a_cart_of_a_browser_never_reaches_a_signed_one(visits):
    email, who = address(), visitor()
    cart = {"id": "signed-1", "currency": "EUR", "total": "10.00", "updated_at": bodies.at(5), "items": [{"product_id": "1", "quantity": "1", "price": "10.00"}]}
    visits.source.event("cart_updated", occurred_at=bodies.at(5), contact=person(email), cart=cart)
    before = visits.site.contact(email)
    visits.tell({"visitor_id": who, "type": "cart_updated", "cart": {"id": "signed-1", "total": "0.01", "currency": "EUR", "items": []}})
    kept = "SELECT id FROM cart WHERE visitor_id = ?"
    harness.wait_until(lambda: visits.rows(kept, who) == [(f"visitor:{who}",)], lambda: f"a cart of the visitor: {visits.rows(kept, who)}")
    assert visits.site.contact(email) == before


@pytest.mark.parametrize("identified_after", (0, 1, 2))
def test_N5_visits_before_and_after_identify_belong_to_the_contact(visits, identified_after):
    who, email = visitor(), address()
    for i in range(2):
        if i == identified_after:
            visits.source.event("identify", visitor_id=who, contact=person(email))
        visits.tell(visits.page(who, f"/{i}"))
        visits.await_urls(who, [f"{SHOP}/{n}" for n in range(i + 1)])
    if identified_after == 2:
        visits.source.event("identify", visitor_id=who, contact=person(email))
    seen = visits.site.contact(email)["visits"]
    assert (seen["count"], seen["last_url"]) == (2, SHOP + "/1")


# -- what is never believed -------------------------------------------------------------------------------------------------


def test_members_that_a_browser_may_not_say_are_dropped(visits):
    email, other, who = address(), address(), visitor()
    contact = person(email)
    visits.source.event("signup", occurred_at=bodies.at(1), contact={**contact, "consent": {"email": {"state": "unsubscribed", "at": bodies.at(1), "source": "form"}}})
    before = visits.site.counts()
    evil = {
        "contact": {"external_id": contact["external_id"], "email": other, "phone": "+447700900123", "tags": ["evil"],
                    "first_name": "Evil", "consent": {"email": {"state": "subscribed", "at": bodies.at(50), "source": "browser"}}},
        "order": {"id": "o1", "total": "9.00", "currency": "EUR", "status": "paid", "contact": {"email": other}},
        "email": other, "id": "e1", "backfill": False, "list": "main", "channel": "email", "at": bodies.at(9),
    }  # fmt: skip
    visits.tell(visits.page(who, "/evil", **evil))
    visits.tell({**visits.page(who, "/evil2"), "type": "identify", **evil})
    visits.tell({**visits.page(who, "/evil3"), "type": "unsubscribe", **evil})
    visits.await_count("visits_dropped:body", 2)
    visits.await_urls(who, [SHOP + "/evil"])
    assert visits.rows("SELECT subject, id FROM visit WHERE visitor_id = ?", who)[0][0] == ""
    assert not visits.site.has_contact(other)
    after = visits.site.contact(email)
    assert after["first_name"] is None and after["tags"] == [] and after["mailable"] is False and after["orders"]["count"] == 0
    assert visits.site.counts() == before


def forge(site, source_id, body, **more):
    pairs = {"v": "1", "id": secrets.token_hex(16), "source": str(source_id), "topic": "x", "received": str(int(time.time() * 1e6)),
             "signed": "0", "type": "application/json", "kind": "visit", "body": json.dumps(body), **more}  # fmt: skip
    with site.redis() as link:
        link.xadd("storehook:{0}:live", pairs)


def test_the_drainer_holds_a_forged_entry_of_low_trust_to_the_same_list(visits):
    site, email, who = visits.site, address(), visitor()
    source_id = site.json("source", "show", visits.source.name)["id"]
    contact = {"external_id": "f1", "email": email, "consent": {"email": {"state": "subscribed"}}, "tags": ["x"]}
    dead = site.dead_count()
    forge(site, source_id, {**visits.page(who, "/forged?email=a@b.example"), "contact": contact, "order": {"id": "1", "total": "5", "currency": "EUR"}})
    forge(site, source_id, {"type": "signup", "visitor_id": who, "contact": contact})
    forge(site, source_id, {"type": "identify", "visitor_id": who, "contact": contact})
    forge(site, source_id, {"events": [{"type": "signup", "contact": contact}]})
    forge(site, source_id, {**visits.page(who), "page": {"url": "https://evil.example/"}})
    forge(site, source_id, {**visits.page(who, "/token"), "token": "0" * 72})
    site.settle()
    visits.await_urls(who, [SHOP + "/forged", SHOP + "/token"])
    assert not site.has_contact(email)
    assert site.dead_count() == dead + 4
    assert {d["reason"] for d in site.dead(source=visits.source)} == {"mapping"}


def test_a_kind_of_entry_that_is_not_ours_is_no_entry(visits):
    site = visits.site
    dead = site.dead_count()
    forge(site, 1, visits.page(visitor()), kind="visits")
    site.settle()
    assert site.dead_count() == dead + 1


# -- tokens -----------------------------------------------------------------------------------------------------------------


def token_of(site, email, *more):
    return site.json("contacts", "token", email, *more)["token"]


def test_a_token_ties_the_visitor_to_its_contact_and_relaxes_nothing(visits):
    site, email, who = visits.site, address(), visitor()
    contact = {**person(email), "consent": {"email": {"state": "unsubscribed", "at": bodies.at(1), "source": "form"}}}
    visits.source.event("signup", occurred_at=bodies.at(1), contact=contact)
    before = site.contact(email)
    visits.tell(visits.page(who, "/before"))
    visits.tell(visits.page(who, "/landing", token=token_of(site, email)))
    visits.tell(visits.page(who, "/after"))
    visits.await_contact(email, lambda c: c["visits"]["count"] == 3)
    after = site.contact(email)
    assert after["id"] == before["id"]
    assert {k: after[k] for k in ("consent", "lists", "mailable", "sources", "tags")} == {
        k: before[k] for k in ("consent", "lists", "mailable", "sources", "tags")
    }


def test_a_token_joins_no_list(site):
    source = site.add_source("storehook", extra=("--list", "main"))
    plain = site.add_source("storehook")
    visits, email, who = Visits(source), address(), visitor()
    plain.event("signup", occurred_at=bodies.at(1), contact=person(email))
    visits.tell(visits.page(who, token=token_of(site, email)))
    visits.await_contact(email, lambda c: c["visits"]["count"] == 1)
    assert site.contact(email)["lists"] == []


def test_a_changed_or_foreign_token_ties_nobody(visits):
    site, email = visits.site, address()
    visits.source.event("signup", occurred_at=bodies.at(1), contact=person(email))
    good = token_of(site, email)
    assert re.fullmatch(r"[0-9a-f]{72}", good)
    for i in (0, 33, 71):
        bad = good[:i] + ("0" if good[i] != "0" else "1") + good[i + 1 :]
        who = visitor()
        visits.tell(visits.page(who, "/bad", token=bad))
        visits.await_urls(who, [SHOP + "/bad"])
    assert site.contact(email)["visits"]["count"] == 0


def test_a_token_ends():
    with running_up(NO_LIMIT) as site:
        clock = site.base / "clock"
        clock.write_text(str(int(time.time())))
        visits = Visits(site.add_source("storehook"))
        email, who = address(), visitor()
        visits.source.event("signup", occurred_at=bodies.at(1), contact=person(email))
        past = harness.run("contacts", "token", email, "--days", "1", "--json", "--config", site.config, env={"STOREHOOK_STOREHOOK_CLOCK_FILE": str(clock)})
        clock.write_text(str(int(time.time()) - 86400 * 2))
        old = harness.run("contacts", "token", email, "--days", "1", "--json", "--config", site.config, env={"STOREHOOK_STOREHOOK_CLOCK_FILE": str(clock)})
        visits.tell(visits.page(who, token=old.json["token"]))
        visits.await_urls(who, [SHOP + "/"])
        assert site.contact(email)["visits"]["count"] == 0
        visits.tell(visits.page(who, token=past.json["token"]))
        visits.await_contact(email, lambda c: c["visits"]["count"] == 2)


def test_an_erased_person_is_not_brought_back_by_a_token(visits):
    site, email, who = visits.site, address(), visitor()
    visits.source.event("signup", occurred_at=bodies.at(1), contact=person(email))
    token = token_of(site, email)
    visits.tell(visits.page(who, token=token))
    visits.await_contact(email, lambda c: c["visits"]["count"] == 1)
    site.cli("contacts", "erase", email, "--yes")
    visits.tell(visits.page(who, "/again", token=token))
    visits.await_urls(who, [SHOP + "/again"])
    assert not site.has_contact(email)


# -- who is not listened to -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reason, change",
    [
        ("origin", {"Origin": "https://evil.example"}),
        ("origin", {"Origin": "https://shop.example.evil.example"}),
        ("origin", {"Origin": "http://shop.example"}),
        ("origin", {"Origin": "null"}),
        ("origin", {"Origin": None}),
        ("consent", {"Sec_GPC": "1"}),
        ("consent", {"DNT": "1"}),
        ("bot", {"User_Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}),
        ("bot", {"User_Agent": BROWSER.replace("Chrome/", "HeadlessChrome/")}),
        ("bot", {"User_Agent": "curl/8.5.0"}),
        ("bot", {"User_Agent": None}),
        ("body", {"Content_Type": "application/x-www-form-urlencoded"}),
    ],
)
def test_dropped_with_204_by_the_head(visits, reason, change):
    who = visitor()
    answer = visits.tell(visits.page(who), **change)
    assert answer.get("cache-control") == "no-store" and answer.body == b""
    assert (answer.get("access-control-allow-origin") == SHOP) == (reason != "origin")
    visits.await_count(f"visits_dropped:{reason}", 1)
    assert visits.urls(who) == []


@pytest.mark.parametrize(
    "body, reason",
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b"\xff\xfe", "body"),
        (b'{"type":"page_visit","page":{"url":"https://shop.example/"}}', "body"),
        (b'{"visitor_id":"short","type":"page_visit","page":{"url":"https://shop.example/"}}', "body"),
        (b'{"visitor_id":"0123456789abcdef","type":"page_visit","page":{"url":"https://evil.example/"}}', "body"),
        (b'{"visitor_id":"0123456789abcdef","type":"page_visit","page":{"url":"https://shop.example@evil.example/"}}', "body"),
        (b'{"visitor_id":"0123456789abcdef","type":"page_visit","page":{"url":"javascript:alert(1)"}}', "body"),
        (b'{"visitor_id":"0123456789abcdef","type":"cart_updated","cart":{"total":"1.00"}}', "body"),
        (b'{"visitor_id":"0123456789abcdef","type":"page_visit","page":{"url":"https://shop.example/"},"consent":false}', "consent"),
    ],
)
def test_dropped_with_204_by_the_body(visits, body, reason):
    visits.tell(body)
    visits.await_count(f"visits_dropped:{reason}", 1)
    assert visits.counts().get("visits", 0) == 0


def test_a_body_over_8_KiB_or_without_length_is_not_read(visits):
    who = visitor()
    long = json.dumps({**visits.page(who), "x": "y" * 8192}).encode()
    answer = visits.tell(long)
    assert answer.get("connection") == "close"
    chunks = wire.request("POST", visits.path, [*visits.fields(), ("Transfer-Encoding", "chunked")]) + wire.chunked(json.dumps(visits.page(who)).encode(), [10])
    assert visits.site.ask(chunks).status == 204
    just = json.dumps({**visits.page(who, "/just"), "x": ""}).encode()
    visits.tell(json.dumps({**visits.page(who, "/just"), "x": "y" * (8192 - len(just))}).encode())
    visits.await_urls(who, [SHOP + "/just"])


def test_an_unknown_key_is_told_nothing(visits):
    for path in ("/visit/" + "a" * 26, "/visit/" + visits.source.path.removeprefix("/in/")):
        answer = visits.site.post(path, json.dumps(visits.page(visitor())).encode(), visits.fields())
        assert answer.status == 204 and answer.get("access-control-allow-origin") is None
    assert visits.site.post("/visit/short", b"{}", visits.fields()).status == 404
    assert visits.site.post(visits.path + ".png", b"{}", visits.fields()).status == 404


def test_the_public_key_opens_no_delivery_and_is_not_part_of_the_endpoint(visits):
    assert visits.key not in visits.source.path
    assert visits.site.ask(wire.request("POST", f"/in/{visits.key}", visits.source.sign(b"{}"), b"{}")).status == 404


@pytest.mark.parametrize("method, suffix, allow", [
    ("PUT", "", "GET, POST, OPTIONS"), ("DELETE", "", "GET, POST, OPTIONS"), ("HEAD", "", "GET, POST, OPTIONS"),
    ("POST", ".gif", "GET, HEAD"), ("POST", ".js", "GET, HEAD"), ("OPTIONS", ".js", "GET, HEAD"),
])  # fmt: skip
def test_other_methods_are_told_the_right_ones(visits, method, suffix, allow):
    body = b"" if method in ("PUT", "POST") else None
    with visits.site.connect() as link:
        answer = link.ask(wire.request(method, visits.path + suffix, visits.fields(), body), head_only=method == "HEAD")
    assert (answer.status, answer.get("allow")) == (405, allow)


def test_a_preflight_is_answered_for_pages_of_the_shop_only(visits):
    good = visits.preflight(SHOP)
    assert good.status == 204 and good.get("vary") == "Origin"
    assert good.get("access-control-allow-origin") == SHOP
    assert good.get("access-control-allow-methods") == "POST" and good.get("access-control-allow-headers") == "content-type"
    assert good.get("access-control-allow-credentials") is None
    bad = visits.preflight("https://evil.example")
    assert bad.status == 204 and not [n for n, _ in bad.fields if n.lower().startswith("access-control")]


# -- limits -----------------------------------------------------------------------------------------------------------------


def dropped_by_rate(settings, hits):
    with running_up({**NO_LIMIT, "visits": {**NO_LIMIT["visits"], **settings}}) as site:
        visits = Visits(site.add_source("storehook"))
        hits(visits)
        harness.wait_until(lambda: visits.counts().get("visits_dropped:rate", 0) > 0, lambda: f"some are dropped: {visits.counts()}")
        assert visits.counts()["visits"] >= 1
        return visits.counts()


def burst(visits, who, n=30, **change):
    one = wire.request("POST", visits.path, visits.fields(**change), json.dumps(visits.page(who)).encode())
    with visits.site.connect() as link:
        link.send(one * n)
        assert [link.answer().status for _ in range(n)] == [204] * n


def test_one_visitor_is_limited():
    dropped_by_rate({"visitor_rate": "1"}, lambda v: burst(v, visitor()))


def test_one_address_is_limited():
    dropped_by_rate({"address_rate": "1"}, lambda v: burst(v, visitor()))


def test_one_source_is_limited():
    dropped_by_rate({"key_rate": "1"}, lambda v: burst(v, visitor()))


# -- the script and the commands --------------------------------------------------------------------------------------------


def test_the_script_is_small_and_kept_by_browsers(visits):
    answer = visits.site.get(visits.path + ".js")
    assert answer.status == 200 and answer.get("content-type").startswith("text/javascript")
    assert 0 < len(answer.body) <= 2048
    assert "max-age" in answer.get("cache-control")
    tag = answer.get("etag")
    again = visits.site.ask(wire.request("GET", visits.path + ".js", [("If-None-Match", tag)]))
    assert (again.status, again.get("etag"), again.body) == (304, tag, b"")
    assert visits.site.ask(wire.request("GET", visits.path + ".js", [("If-None-Match", '"other"')])).status == 200


def test_show_prints_the_snippet_and_off_ends_it(visits):
    site, name, who = visits.site, visits.source.name, visitor()
    assert f"/visit/{visits.key}.js" in visits.snippet
    shown = site.cli("source", "show", name).out
    assert visits.snippet in shown and SHOP in shown
    assert site.json("source", "show", name)["visits"] == {"on": True, "key": visits.key, "origins": SHOP}
    assert site.json("source", "visits", name, "off")["on"] is False
    harness.wait_until(lambda: not visits.is_known(), "serve forgets the public key")
    visits.tell(visits.page(who))
    assert visits.snippet not in site.cli("source", "show", name).out
    assert Visits(visits.source, (SHOP, "https://www.shop.example")).key == visits.key
    assert visits.urls(who) == []


@pytest.mark.parametrize("args, code", [
    (("maybe",), 2), (("on",), 2), (("off", "--origin", SHOP), 2), (("on", "--origin", "shop.example"), 2),
    (("on", "--origin", SHOP + "/"), 2), (("on", "--origin", "https://Shop.example"), 2), (("on", "--origin", "https://shop.example:0"), 2),
])  # fmt: skip
def test_wrong_words_are_refused(visits, args, code):
    result = visits.site.cli("source", "visits", visits.source.name, *args, exit_code=code)
    assert result.err.startswith("storehook: ") and result.err.count("\n") == 1


def test_a_token_needs_a_contact_and_a_sane_time(site):
    assert "no contact" in site.cli("contacts", "token", "nobody@example.com", exit_code=1).err
    assert site.cli("contacts", "token", "nobody@example.com", "--days", "0", exit_code=2).err
