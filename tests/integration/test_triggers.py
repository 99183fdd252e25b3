"""Triggers with the real program: set by command, fired by deliveries, once, also through kill -9, repetition, import and replay (T1-T5)."""

import json
import os
import random
import secrets
import time

import pytest

import harness
from conftest import running_roles, running_up
from receiver import Receiver

ROUNDS = int(os.environ.get("TRIGGER_ROUNDS", "6"))
SEED = int(os.environ.get("CRASH_SEED", str(random.randrange(1 << 30))))
START = int(time.time()) - 3600


def at(seconds):
    """Seconds after an hour ago: what is older than three days fires nothing."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + seconds))


@pytest.fixture(scope="module")
def site():
    with running_up({"up": {"drainers": "2"}, "drain": {"claim_idle": "1s"}}) as up:
        yield up


@pytest.fixture
def plugin(site):
    return site.add_source("storehook")


def add(site, name, kind, *args):
    site.cli("trigger", "add", name, "--on", kind, *args)


def fired(site, name):
    return site.json("trigger", "show", name)["fired"]


def order(email, id, updated=10, status="paid", total="9.00", **members):
    return {"type": "order_updated", "occurred_at": at(updated), "contact": {"email": email},
            "order": {"id": id, "status": status, "total": total, "currency": "EUR", "created_at": at(0), "updated_at": at(updated),
                      **members}}


def life(email, tag):
    """Something of every kind that needs no timer, as a plugin tells it."""
    person = {"external_id": tag, "email": email}
    return [
        {"type": "signup", "occurred_at": at(1), "contact": {**person, "tags": ["new"]}},
        {"type": "form_signup", "occurred_at": at(2), "contact": {"email": email}, "form": {"id": "footer"}},
        {"type": "customer_updated", "occurred_at": at(3), "contact": {**person, "first_name": "Ada", "tags": []}},
        {"type": "page_visit", "occurred_at": at(4), "contact": {"email": email}, "page": {"url": "https://shop.example/sale/1"}},
        {"type": "product_viewed", "occurred_at": at(5), "contact": {"email": email}, "product": {"id": "7"}},
        order(email, f"{tag}-a", 6),
        {"type": "order_refunded", "occurred_at": at(7), "contact": {"email": email},
         "order": {"id": f"{tag}-a", "currency": "EUR", "refunds": [{"id": "r", "amount": "2.00"}], "updated_at": at(7)}},
        order(email, f"{tag}-b", 8, status="cancelled"),
        {"type": "consent_updated", "occurred_at": at(9), "contact": {"email": email, "consent": {"email": {"state": "pending",
                                                                                                           "at": at(9)}}}},
        {"type": "subscribe", "at": at(10), "channel": "email", "source": "form", "contact": {"email": email}},
        {"type": "unsubscribe", "at": at(11), "channel": "email", "source": "mail", "contact": {"email": email}},
        {"type": "customer_deleted", "occurred_at": at(12), "contact": person},
    ]


def test_T4_T5_GR40_GR41_GR42_GR43_a_scripted_life_fires_each_once_and_told_again_nothing(site, plugin):
    names = {}
    for row in site.json("trigger", "kinds"):
        names[row["kind"]] = f"{row['kind']} {plugin.name}"
        add(site, names[row["kind"]], row["kind"], "--source", plugin.name, "--do", f"tag:{row['kind']}")
    script = life(f"{plugin.name}@example.com", plugin.name)
    for event in script:
        plugin.apply(event)  # one after the other: what comes as the first is the contact's beginning
    first = {kind: fired(site, name) for kind, name in names.items()}
    timed = {"cart_abandoned", "cart_recovered"}
    assert {kind for kind, n in first.items() if n == 0} == timed
    assert {first[kind] for kind in ("signup", "form_signup", "contact_added", "contact_updated", "page_visit", "product_viewed",
                                     "purchase", "order_refunded", "order_cancelled", "subscribed", "unsubscribed", "deleted")} == {1}
    for event in script:  # other deliveries of the same events, as a platform's second subscription sends them
        if event["type"] not in ("form_signup", "page_visit", "product_viewed"):  # without an id of their own these are new ones (D6)
            plugin.push(event)
    site.settle()
    assert {kind: fired(site, name) for kind, name in names.items()} == first
    assert any(line["rule"] == "T4" and line["name"] == names["purchase"] for line in site.why(f"{plugin.name}@example.com"))
    for name in names.values():
        site.cli("trigger", "remove", name)


def test_K9_an_order_book_that_is_sent_as_history_counts_and_fires_nothing(site, plugin):
    name, email = f"buy {plugin.name}", f"{plugin.name}@example.com"
    add(site, name, "purchase", "--source", plugin.name, "--do", f"tag:{plugin.name}")
    plugin.push({"events": [{**order(email, f"{plugin.name}-{n}"), "backfill": True} for n in range(100)]})
    site.settle()
    assert site.contact(email)["orders"]["count"] == 100
    assert fired(site, name) == 0 and site.contact(email)["tags"] == []
    plugin.apply(order(email, f"{plugin.name}-new"))
    assert fired(site, name) == 1 and site.contact(email)["tags"] == [plugin.name]


def test_T4_each_purchase_fires_once_while_drainers_are_killed(site, plugin, capsys):
    name, rng = f"buy {plugin.name}", random.Random(SEED)
    add(site, name, "purchase", "--source", plugin.name, "--amount", ">=5.00 EUR", "--do", f"tag:{plugin.name}")
    sent = 0
    for number in range(ROUNDS):
        for _ in range(20):
            plugin.push(order(f"{sent % 7}-{plugin.name}@example.com", f"{plugin.name}-{sent}"))
            sent += 1
            if rng.random() < 0.1:
                site.kill_child("drain")
    site.settle(120)
    with capsys.disabled():
        print(f"\n  CRASH_SEED={SEED}: {sent} purchases", end="")
    assert fired(site, name) == sent
    shown = site.json("trigger", "show", name, "--firings", "1000")["firings"]
    assert len({row["effect"] for row in shown}) == sent and {row["did"].split(" ")[0] for row in shown} == {f"tag:{plugin.name}"}


def test_T1_T2_T3_GR05_an_import_starts_what_the_operator_says(site, plugin):
    tag, word = secrets.token_hex(4), ("--consent-confirmed", "Ada, today, paper forms")
    add(site, f"new {tag}", "contact_added", "--do", f"tag:{tag}", "--do", f"cycle:trigger-{tag}")

    def do_import(names, *args):
        path = site.base / f"{secrets.token_hex(6)}.csv"
        path.write_text("email,consent\n" + "".join(f"{name}-{tag}@example.com,subscribed\n" for name in names))
        return site.json("contacts", "import", path, *word, *args)

    def cycles():
        return [(row["email"], row["cycle"], row["day"], row["because"])
                for row in site.json("trigger", "cycles", "--max", "10000") if tag in row["email"]]

    do_import(["a", "b"])
    assert fired(site, f"new {tag}") == 0 and cycles() == []
    do_import(["a", "c"], "--on-add", f"cycle:{tag}@2")
    assert cycles() == [(f"c-{tag}@example.com", tag, 2, "import")]
    do_import(["d"], "--fire-triggers")
    assert fired(site, f"new {tag}") == 1 and site.contact(f"d-{tag}@example.com")["tags"] == [tag]
    assert cycles()[1:] == [(f"d-{tag}@example.com", f"trigger-{tag}", 0, f"trigger new {tag}")]
    site.cli("trigger", "remove", f"new {tag}")
    assert "give none, cycle:NAME" in site.cli("contacts", "import", site.config, "--on-add", "welcome", exit_code=2).err


def test_T1_replayed_dead_letters_fire_nothing_that_fired_and_nothing_unasked(site, plugin):
    name, email = f"buy {plugin.name}", f"{plugin.name}@example.com"
    add(site, name, "purchase", "--source", plugin.name, "--do", "tag:buyer")
    plugin.apply({"events": [order(email, f"{plugin.name}-1"), order(email, f"{plugin.name}-2", total="nine")]})
    assert fired(site, name) == 1
    for args in ((), ("--fire-triggers",)):
        assert site.json("dead", "replay", "--source", plugin.name, *args) == {"replayed": 1}
        site.settle()
        assert fired(site, name) == 1
    assert len(site.dead(plugin.name)) == 1


def test_T1_a_script_that_is_put_into_the_queue_fires_when_asked(site, plugin, tmp_path):
    name, email, path = f"buy {plugin.name}", f"{plugin.name}@example.com", tmp_path / "script.jsonl"
    add(site, name, "purchase", "--source", plugin.name, "--do", "tag:buyer")
    for number, args, wanted in ((1, (), 0), (2, ("--fire-triggers",), 1), (2, ("--fire-triggers",), 1)):
        path.write_text(json.dumps({"source": plugin.name, "event": order(email, f"{plugin.name}-{number}")}))
        assert site.json("replay", path, "--into", *args) == {"queued": 1}
        site.settle()
        assert fired(site, name) == wanted
    assert "goes with --into" in site.cli("replay", path, "--fire-triggers", exit_code=2).err


@pytest.fixture
def desk():
    """Roles of the test's own, with the one that delivers notices, and a receiver for them."""
    with running_roles({"notify": {"allow_private": "127.0.0.0/8 ::1", "allow_http": "yes"}}) as roles, Receiver() as receiver:
        for role in ("serve", "drain", "notify"):
            if role == "serve":
                roles.start_redis()
                roles.start_serve()
            else:
                roles.start_role(role)
        yield roles, receiver


def test_T4_a_purchase_reaches_the_operators_service_signed_and_once(desk):
    site, receiver = desk
    plugin, secret = site.add_source("storehook"), harness.whsec()
    receiver.secrets["/crm"] = secret
    site.cli("notice", "target", "add", "crm", receiver.url("/crm"), "--secret-file", site.secret_file(secret), "--types", "cycle.start")
    add(site, "buy", "purchase", "--do", "notice:crm", "--do", "cycle:thanks@1")
    plugin.apply({"type": "subscribe", "at": at(1), "channel": "email", "source": "form", "contact": {"email": "ada@example.com"}})
    for _ in range(3):
        plugin.apply(order("ada@example.com", "1001", items=[{"product_id": "7", "quantity": "1", "price": "9.00"}]))
    harness.wait_until(lambda: len(receiver.of("/crm")) >= 2, site.log)
    got = {body["type"]: body["data"] for body in (json.loads(one["body"]) for one in receiver.of("/crm"))}
    assert len(receiver.of("/crm")) == 2 and all(one["good"] for one in receiver.of("/crm"))
    assert got["purchase"]["because"] == "trigger buy" and got["purchase"]["source"] == plugin.name
    assert (got["purchase"]["order_id"], got["purchase"]["amount"], got["purchase"]["currency"]) == ("1001", "9.00", "EUR")
    assert got["purchase"]["contact"]["email"] == "ada@example.com" and got["purchase"]["contact"]["mailable"] is True
    assert got["purchase"]["items"] == [{"product_id": "7", "quantity": "1", "price": "9.00"}]
    assert (got["cycle.start"]["cycle"], got["cycle.start"]["day"]) == ("thanks", 1)


def test_trigger_test_tells_what_a_delivery_would_set_off_and_changes_nothing(site, plugin):
    name, email = f"buy {plugin.name}", f"{plugin.name}@example.com"
    add(site, name, "purchase", "--source", plugin.name, "--product", "7", "--do", "tag:buyer")
    body = site.base / "order.json"
    body.write_text(json.dumps(order(email, "1", items=[{"product_id": "7", "quantity": "1", "price": "9.00"}])))
    tried = site.json("trigger", "test", plugin.name, body)["happenings"]
    assert {row["happening"]: name in row["fires"] for row in tried} == {"contact_added": False, "purchase": True}
    assert f"purchase at {at(0)}: {name}" in site.cli("trigger", "test", plugin.name, body).out
    assert not site.has_contact(email) and fired(site, name) == 0
    plugin.apply(json.loads(body.read_text()))
    assert fired(site, name) == 1
    assert site.json("trigger", "test", plugin.name, body)["happenings"] == []
    assert "nothing happens" in site.cli("trigger", "test", plugin.name, body).out
    body.write_text(json.dumps(order(email, "2", total="nine")))
    assert "it would be a dead letter: mapping" in site.cli("trigger", "test", plugin.name, body, exit_code=1).err


def test_triggers_are_kept_shown_disabled_and_removed(site, plugin):
    name = f"vip {plugin.name}"
    site.cli("trigger", "add", name, "--on", "purchase", "--amount", ">=100.00 EUR", "--first", "--source", plugin.name, "--tag", "a",
             "--no-tag", "b", "--do", "tag:vip", "--do", "cycle:vip@3")
    shown = site.json("trigger", "show", name)
    assert shown["when"] == {"source": plugin.name, "amount": ">=100.00 EUR", "first": True, "tags": ["a"], "no_tags": ["b"]}
    assert shown["do"] == ["tag:vip", "cycle:vip@3"] and shown["enabled"] and shown["fired"] == 0 and shown["firings"] == []
    assert name in site.cli("trigger", "list").out
    site.cli("trigger", "disable", name)
    assert not site.json("trigger", "show", name)["enabled"]
    site.cli("trigger", "enable", name)
    assert "already" in site.cli("trigger", "add", name, "--on", "signup", "--do", "tag:a", exit_code=1).err
    site.cli("trigger", "remove", name)
    assert f'no trigger "{name}"' in site.cli("trigger", "show", name, exit_code=1).err


@pytest.mark.parametrize("args, says", [
    (("--do", "tag:a"), "--on is needed"),
    (("--on", "purchse", "--do", "tag:a"), 'did you mean "purchase"'),
    (("--on", "purchase"), "--do is needed"),
    (("--on", "purchase", "--do", "mail:x"), "must be one of tag:TAG"),
    (("--on", "signup", "--amount", ">1 EUR", "--do", "tag:a"), "condition amount"),
    (("--on", "purchase", "--amount", "10", "--do", "tag:a"), '">=10.00 EUR"'),
])
def test_a_trigger_that_makes_no_sense_is_refused_with_what_to_do(site, args, says):
    assert says in site.cli("trigger", "add", "bad", *args, exit_code=2).err
    assert "there is no source" in site.cli("trigger", "add", "bad", "--on", "signup", "--source", "nobody", "--do", "tag:a",
                                            exit_code=1).err
    assert "no target" in site.cli("trigger", "add", "bad", "--on", "signup", "--do", "notice:nobody", exit_code=1).err
