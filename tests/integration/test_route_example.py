"""The imaginary shop of docs/routes.md from end to end: forms, lists, thin payloads and activities, signed and over HTTPS."""

import hashlib
import hmac
import json
import re
import urllib.request

import pytest

import conftest
from test_route_docs import FILES

TEXTS = dict(FILES)
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def lamps(tmp_path_factory):
    """`storehook up` with the example's file in routes_dir, and a source that was added by the platform's other name."""
    folder = tmp_path_factory.mktemp("routes")
    (folder / "lampshop.json").write_text(TEXTS["lampshop.json"])
    with conftest.running_up({"storehook": {"routes_dir": folder}}) as up:
        yield up, up.add_source("lamps")


def push(lamps, kind, body, delivery, content_type="application/json"):
    up, source = lamps
    body = body if isinstance(body, bytes) else body.encode()
    fields = [("Content-Type", content_type), ("Lamp-Kind", kind), ("Lamp-Delivery", delivery),
              ("Lamp-Sign", hmac.new(source.secret.encode(), body, hashlib.sha256).hexdigest())]
    answer = up.post(source.path, body, fields)
    up.settle()
    return answer.status


def test_a_form_makes_a_contact_with_its_answers(lamps):
    up, source = lamps
    form = TEXTS["signup.form"].strip().replace("zoe%40", "form%40")
    assert push(lamps, "newsletter", form, "f1", FORM) == 200
    contact = up.contact("form@example.com")
    assert (contact["first_name"], contact["last_name"]) == ("Zoe", "Ray")
    assert contact["fields"]["lampshop_room"] == "Attic" and contact["consent"]["state"] == "subscribed"
    assert push(lamps, "newsletter", form + "&email=x", "f2", FORM) == 200
    (letter,) = up.dead(source, "not_json")
    assert "a name comes twice" in letter["detail"]


def test_each_order_of_a_list_applies_or_dies_alone(lamps):
    up, source = lamps
    assert push(lamps, "orders", TEXTS["orders.json"], "o1") == 200
    orders = up.contact("zoe@example.com")["orders"]
    assert (orders["count"], orders["net"]) == (1, {"EUR": "129.00"})
    (letter,) = up.dead(source, "mapping")
    assert letter["detail"].startswith("element 1: mapping: order.total: /sum must be a whole number")
    assert push(lamps, "orders", TEXTS["orders.json"].replace("\n", " "), "o2") == 200  # the same orders in another delivery
    assert up.contact("zoe@example.com")["orders"]["count"] == 1
    assert len(up.dead(source, "mapping")) == 1


def test_a_thin_payload_waits_to_be_fetched_and_is_seen(lamps):
    up, source = lamps
    for delivery in ("c1", "c2"):
        assert push(lamps, "customer", TEXTS["changed.json"], delivery) == 200
    (task,) = up.json("fetch", "list", "--source", source.name)
    assert (task["object"], task["id"], task["state"]) == ("customer", "820982911946154508", "waiting")
    assert "820982911946154508" in up.cli("fetch", "list").out
    stats = up.json("stats")
    assert stats["fetches"]["waiting"] == 1 and stats["fetches"]["failing"] == stats["fetches"]["gone"] == 0
    assert "to fetch 1, of these failing 0; gone 0" in up.cli("stats").out
    assert up.json("source", "show", source.name)["fetches"]["waiting"] == 1
    assert "fetch     waiting=1" in up.cli("source", "show", source.name).out
    with urllib.request.urlopen(f"{up.admin}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    assert re.search(rf'^storehook_fetch_tasks\{{id="\d+",source="{source.name}",state="waiting"\}} 1$', text, re.M)
    assert not up.has_contact("820982911946154508")
    assert up.cli("fetch", "list", "--source", "none", exit_code=1).err.startswith("storehook: there is no source")


def test_all_else_stands_in_the_timeline(lamps):
    up, source = lamps
    note = {"text": "Lamp 12 came back broken", "email": "late@example.com"}
    assert push(lamps, "repair.opened", json.dumps(note), "n1") == 200
    assert not up.has_contact("late@example.com")
    assert push(lamps, "stock.low", "{}", "n2") == 200  # known, says nothing
    assert up.dead(source, "unknown_topic") == []
    shown = up.json("source", "show", source.name)["activities"]
    assert [(a["name"], a["text"]) for a in shown] == [("repair.opened", note["text"])]
    assert "repair.opened: Lamp 12 came back broken" in up.cli("source", "show", source.name).out
    form = "email=late%40example.com&agree=on"
    assert push(lamps, "newsletter", form, "n3", FORM) == 200  # the contact comes later than its activity
    (line,) = [row for row in up.why("late@example.com") if row["what"] == "activity"]
    assert (line["name"], line["new"], line["source"]) == ("repair.opened", note["text"], source.name)
    assert "activity repair.opened: Lamp 12 came back broken" in up.cli("why", "late@example.com").out


def test_the_other_name_finds_the_platform(lamps):
    up, source = lamps
    assert up.json("source", "show", source.name)["platform"] == "lampshop"
    (row,) = [r for r in up.json("route", "list") if r["platform"] == "lampshop"]
    assert row["aliases"] == ["lamps"]
    assert re.search(r"^lampshop +Lampshop +routes_dir +lamps$", up.cli("route", "list").out, re.M)
    assert up.cli("route", "show", "lamps").out == TEXTS["lampshop.json"]
