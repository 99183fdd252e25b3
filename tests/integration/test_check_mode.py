"""Check mode: a plugin's author sends a signed delivery with `storehook-check: 1` and is told what it would mean."""

import json
import secrets
import time

import pytest

import wire

CHECK = ("storehook-check", "1")


@pytest.fixture(scope="module")
def source(shared_up):
    return shared_up.add_source("storehook")


def event(kind="signup", **members):
    return {"id": secrets.token_hex(8), "type": kind, **members}


def ask(source, body, fields=(CHECK,), sign=None):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    sign = source.sign(body) if sign is None else sign
    return source.site.ask(wire.request("POST", source.path, [*sign, *fields], body))


def check(source, body):
    """Asks until the source may be asked again, and returns the answer."""
    end = time.monotonic() + 20
    while True:
        answer = ask(source, body)
        if answer.status != 429 or time.monotonic() > end:
            assert answer.status == 200, answer
            assert answer.get("Content-Type") == "application/json"
            return json.loads(answer.body)
        assert answer.get("Retry-After") == "1"


def test_check_tells_topic_key_lane_and_events_and_keeps_nothing(shared_up, source):
    email = f"{secrets.token_hex(4)}@example.com"
    shared_up.settle()
    before, counts = shared_up.counts(), shared_up.json("source", "show", source.name)["counts"]
    body = event(contact={"email": email, "first_name": "Ada"})
    told = check(source, body)
    assert told["topic"] and told["dedupe_key"] and told["lane"] == "live" and told["rejected"] == []
    (one,) = told["events"]
    assert one["type"] == "signup" and one["contact.email"] == email and one["contact.first_name"] == "Ada"
    assert shared_up.settled_counts() == before and not shared_up.has_contact(email)
    after = shared_up.json("source", "show", source.name)["counts"]
    assert after.get("accepted") == counts.get("accepted")
    source.apply(body)
    assert shared_up.has_contact(email), "the same body, without the header, is a delivery"


def test_check_tells_each_bad_event_of_a_batch_with_reason_and_detail(source):
    told = check(source, {"events": [event(contact={"email": "a@example.com"}), event("no_such_kind"),
                                     event("order_created", order={"id": "1", "total": "1e3"})]})
    assert [e["type"] for e in told["events"]] == ["signup"]
    assert [r["index"] for r in told["rejected"]] == [1, 2]
    assert all(r["reason"] and r["detail"] for r in told["rejected"])
    assert "order.total" in told["rejected"][1]["detail"]


def test_check_tells_why_a_whole_body_means_nothing(source):
    told = check(source, b'{"id": 1, "id": 2}')
    assert told["error"]["reason"] == "not_json" and told["error"]["detail"] and told["events"] == []


def test_check_with_a_bad_signature_is_401_as_a_delivery_would_be(shared_up, source):
    body = json.dumps(event(contact={"email": "bad@example.com"})).encode()
    before = shared_up.settled_counts()
    refused = ask(source, body, sign=source.sign(body + b" "))
    delivery = ask(source, body, fields=(), sign=source.sign(body + b" "))
    assert (refused.status, refused.body) == (delivery.status, delivery.body) == (401, b'{"error":"unauthorized"}')
    assert ask(source, body, sign=[]).status == 401
    assert ask(source, body, sign=source.sign(body, timestamp=int(time.time()) - 3600)).status == 401
    assert shared_up.settled_counts() == before


def test_more_than_a_few_checks_a_second_are_429_and_deliveries_go_on(shared_up):
    source = shared_up.add_source("storehook")
    statuses = [ask(source, event(contact={"email": "many@example.com"})).status for _ in range(20)]
    assert statuses[0] == 200 and 429 in statuses and statuses.count(200) < 20
    assert ask(source, event("ping"), fields=()).status == 200


@pytest.mark.parametrize("fields", [[("storehook-check", "0")], [("storehook-check", "true")], [("storehook-check", "1")] * 2])
def test_a_header_that_asks_otherwise_is_400_and_no_delivery(shared_up, source, fields):
    before = shared_up.settled_counts()
    assert ask(source, event("signup", contact={"email": "otherwise@example.com"}), fields=fields).status == 400
    assert shared_up.settled_counts() == before and not shared_up.has_contact("otherwise@example.com")


def test_a_large_body_is_told_within_bounds(source):
    told = check(source, {"events": [event(contact={"email": f"l{i}@example.com", "last_name": "x" * 1000}) for i in range(400)]})
    assert len(told["events"]) == 400 or told.get("error", {}).get("reason") == "too_large"


def test_send_check_prints_the_answer_for_people(shared_up, source):
    secret = shared_up.secret_file(source.secret)
    url = f"https://127.0.0.1:{shared_up.port}{source.path}"
    before = shared_up.settled_counts()
    time_out = time.monotonic() + 20
    while True:
        done = shared_up.cli("send", "storehook", "signup", "--to", url, "--secret-file", secret, "--check", exit_code=None)
        if "429" not in done.out + done.err or time.monotonic() > time_out:
            break
    assert done.exit == 0, done
    assert "signup" in done.out and "contact.email" in done.out and "nothing was kept" in done.out
    told = shared_up.cli("send", "storehook", "signup", "--to", url, "--secret-file", secret, "--check", "--json", exit_code=None)
    assert told.exit in (0, 1)
    if told.exit == 0:
        assert told.json["events"][0]["type"] == "signup"
    assert shared_up.settled_counts() == before
