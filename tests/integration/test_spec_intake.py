"""SPEC I1-I7 and D1-D5 from end to end: what is taken in, and what counts as the same delivery."""

import json
import os
import signal
import time

import pytest

import bodies
import harness
import signing
import wire

ROUNDS_I3 = int(os.environ.get("ROUNDS_I3", "6"))


def test_I1_raw_bytes_are_verified_before_any_parsing(site):
    source = site.add_source("shopify")
    odd = b'{ "id" : 41,\t"email":"raw\\u0040example.com" , "first_name":"Ren\\u00e9e" ,\r\n"updated_at":"2024-05-02T09:00:00Z"}\n'
    source.apply(odd, "customers/create")
    assert site.contact("raw@example.com")["first_name"] == "Renée"
    again = json.dumps(json.loads(odd)).encode()
    assert site.post(source.path, again, source.sign(odd, "customers/create")).status == 401


def test_I3_what_was_answered_survives_kill_9_of_every_process(make_up):
    up = make_up({"drain": {"claim_idle": "500ms"}, "visits": {"known_days": 36500}})
    source = up.add_source("storehook")
    source.event("signup", occurred_at=bodies.at(0), contact=bodies.person("i3@example.com", 1))
    for round_ in range(ROUNDS_I3):
        visit = {"id": f"v{round_}", "type": "page_visit", "occurred_at": bodies.at(round_),
                 "contact": bodies.person("i3@example.com", 1), "page": {"url": "https://s.example.com/"}}
        source.push(visit)
        children = list(harness.children_of(up.process.pid))
        os.kill(up.process.pid, signal.SIGKILL)
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        up.process.popen.wait()
        harness.wait_until(lambda: not any(harness.alive(p) for p in children), "all are gone")
        up.start()
        up.settle()
        assert up.contact("i3@example.com")["visits"]["count"] == round_ + 1
        source.await_known()


def test_I4_woocommerce_ping_is_exactly_200_and_queues_nothing(site):
    source = site.add_source("woocommerce")
    before = site.settled_counts()
    form = [("Content-Type", "application/x-www-form-urlencoded"), ("User-Agent", "WooCommerce/9.1.2 Hookshot (WordPress/6.6)")]
    assert site.post(source.path, b"webhook_id=17", form).status == 200
    assert site.post(source.path, b'{"webhook_id":17}', [("Content-Type", "application/json")]).status == 401
    assert site.counts() == before


@pytest.mark.parametrize("body, content_type", [(b"webhook_id=17&x=1", "application/x-www-form-urlencoded"),
                                                (b"webhook_id=abc", "application/x-www-form-urlencoded"),
                                                (b"webhook_id=", "application/x-www-form-urlencoded"),
                                                (b"x=webhook_id=1", "application/x-www-form-urlencoded"),
                                                (b"webhook_id=17", "text/plain")])
def test_I4_only_the_exact_ping_is_excused_from_signing(site, body, content_type):
    source = site.add_source("woocommerce")
    before = site.settled_counts()
    assert site.post(source.path, body, [("Content-Type", content_type)]).status == 401
    assert site.counts() == before


def test_I4_ping_is_for_its_platform_only(site):
    for platform in ("shopify", "storehook"):
        source = site.add_source(platform)
        form = [("Content-Type", "application/x-www-form-urlencoded")]
        assert site.post(source.path, b"webhook_id=17", form).status == 401


def test_I7_two_hundred_needs_no_particular_body_or_connection(site):
    source = site.add_source("woocommerce")
    body = json.dumps(bodies.woo_customer(9, "i7@example.com")).encode()
    for version in ("HTTP/1.0", "HTTP/1.1"):
        with site.connect() as link:
            fields = [*source.sign(body, "customer.created"), ("Connection", "close")]
            assert link.ask(wire.request("POST", source.path, fields, body, version)).status == 200
            assert link.is_closed()


# -- duplicates -----------------------------------------------------------------------------------------------------------


def named(first_name, updated, email="d1@example.com", id=7):
    return bodies.shopify_customer(id, email, updated=updated, first_name=first_name)


@pytest.mark.parametrize("first, second, same", [
    (dict(event_id="e1", webhook_id="w1"), dict(event_id="e1", webhook_id="w2"), True),
    (dict(event_id="e1", webhook_id="w1"), dict(event_id="e2", webhook_id="w1"), False),
    (dict(webhook_id="w1"), dict(webhook_id="w1"), True),
    (dict(webhook_id="w1"), dict(webhook_id="w2"), False),
])
def test_D1_shopify_event_id_and_only_without_it_webhook_id(site, first, second, same):
    source = site.add_source("shopify")
    email = f"{source.name}@example.com"
    source.apply(named("First", 10, email), "customers/update", **first)
    source.apply(named("Second", 20, email), "customers/update", **second)
    assert site.contact(email)["first_name"] == ("First" if same else "Second")


def test_D1_woocommerce_key_is_not_the_delivery_id(site):
    source = site.add_source("woocommerce")
    email = f"{source.name}@example.com"
    body = bodies.woo_customer(3, email, modified=10, first_name="Same")
    source.apply(body, "customer.updated", delivery_id="a" * 32)
    ledger = site.why(email)
    source.apply(body, "customer.updated", delivery_id="b" * 32)
    assert site.why(email) == ledger, "another Delivery-ID, everything else equal: a duplicate"
    source.apply({**body, "first_name": "Other", "date_modified_gmt": bodies.local(20)}, "customer.updated", delivery_id="a" * 32)
    assert site.contact(email)["first_name"] == "Other", "the Delivery-ID repeats within a second: no duplicate"


def test_D1_standard_webhooks_id(site):
    source = site.add_source("storehook")
    email = f"{source.name}@example.com"
    source.event("signup", occurred_at=bodies.at(0), contact=bodies.person(email, 1))
    visit = {"type": "page_visit", "occurred_at": bodies.at(5), "contact": bodies.person(email, 1), "page": {"url": "https://s.example.com"}}
    for number, message in enumerate(["m1", "m1", "m2"]):
        source.apply({"id": f"v{number}", **visit}, message_id=f"msg_{source.name}_{message}")
    assert site.contact(email)["visits"]["count"] == 2


def test_D1_keys_are_per_source(site):
    emails = []
    for _ in range(2):
        source = site.add_source("shopify")
        emails.append(f"per-{source.name}@example.com")
        source.apply(named("Ada", 10, emails[-1]), "customers/update", event_id="shared", webhook_id="shared")
    assert all(site.has_contact(e) for e in emails)


def test_D2_the_topic_is_part_of_the_key(site):
    source = site.add_source("shopify")
    email = f"d2-{source.name}@example.com"
    pending = bodies.shopify_order(70, email, total="10.00", updated=1, status="pending")
    source.apply(pending, "orders/create", event_id="one-action")
    source.apply({**pending, "financial_status": "paid", "updated_at": bodies.at(2)}, "orders/paid", event_id="one-action")
    orders = site.contact(email)["orders"]
    assert orders["count"] == 1 and orders["net"] == {"EUR": "10.00"}


def test_D3_a_delivery_that_was_not_answered_200_leaves_nothing(roles):
    """Seen and applied are one step: the retry after a failure is applied, once."""
    roles.start_redis()
    source = roles.add_source("storehook", wait=False)
    roles.start_serve()
    source.await_known()
    roles.start_role("drain")
    source.event("signup", occurred_at=bodies.at(0), contact=bodies.person("d3@example.com", 1))
    visit = {"id": "v", "type": "page_visit", "occurred_at": bodies.at(5), "contact": bodies.person("d3@example.com", 1),
             "page": {"url": "https://s.example.com"}}
    request = source.request(visit, message_id="msg_d3")
    roles.kill_role("redis")
    assert roles.ask(request).status == 503
    roles.start_redis()
    harness.wait_until(roles.is_ready, "every worker is ready again")
    assert roles.ask(request).status == 200
    assert roles.ask(request).status == 200
    roles.settle()
    assert roles.contact("d3@example.com")["visits"]["count"] == 1


def test_D4_keys_outlive_the_senders_retries_by_a_day(workplace, make_up):
    clock = workplace / "clock"
    now = int(time.time())
    clock.write_text(str(now))
    up = make_up({"storehook": {"clock_file": clock}})
    own, shop = up.add_source("storehook"), up.add_source("shopify")
    own.event("signup", occurred_at=bodies.at(0), contact=bodies.person("d4@example.com", 1), timestamp=now)
    visit = {"id": "v", "type": "page_visit", "occurred_at": bodies.at(5), "contact": bodies.person("d4@example.com", 1),
             "page": {"url": "https://s.example.com"}}
    own.apply(visit, message_id="msg_d4", timestamp=now)
    shop.apply(named("First", 10, "d4-shop@example.com"), "customers/update", event_id="d4")
    for hours in (24, 48, 71, 95):
        clock.write_text(str(now + hours * 3600))
        own.apply(visit, message_id="msg_d4", timestamp=now + hours * 3600)
        shop.apply(named(f"After{hours}", 10 + hours, "d4-shop@example.com"), "customers/update", event_id="d4")
        assert up.contact("d4@example.com")["visits"]["count"] == 1, f"after {hours} h"
        if hours <= 48 + 24:
            assert up.contact("d4-shop@example.com")["first_name"] == "First", f"after {hours} h"


def test_D5_a_duplicate_is_200_counts_and_changes_nothing(site):
    source = site.add_source("shopify")
    email = f"d5-{source.name}@example.com"
    body = json.dumps(named("Ada", 10, email)).encode()
    fields = source.sign(body, "customers/create", event_id="d5")
    assert site.post(source.path, body, fields).status == 200
    site.settle()
    contact, ledger, stats = site.contact(email), site.why(email), json.dumps(site.json("stats"))
    for _ in range(3):
        assert site.post(source.path, body, fields).status == 200
    site.settle()
    assert (site.contact(email), site.why(email)) == (contact, ledger)
    assert site.dead(source=source) == []
    harness.wait_until(lambda: json.dumps(site.json("stats")) != stats, "duplicates are counted", 5)


def test_D6_equal_page_visits_are_two_events(site):
    source = site.add_source("storehook")
    email = f"d6-{source.name}@example.com"
    source.event("signup", occurred_at=bodies.at(0), contact=bodies.person(email, 1))
    for second in (5, 65):
        source.event("page_visit", occurred_at=bodies.at(second), contact=bodies.person(email, 1), page={"url": "https://s.example.com"})
    assert site.contact(email)["visits"]["count"] == 2


def test_both_header_families_of_standard_webhooks_verify(site):
    source = site.add_source("storehook")
    body = json.dumps({"id": "x", "type": "ping"}).encode()
    assert site.post(source.path, body, signing.standard(source.secret, body, family="svix")).status == 200
