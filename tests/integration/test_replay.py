"""`storehook replay` end to end: scripts on a database of their own, several runs, into the queue (O8, N3, D7, T1)."""

import json

import harness

T = "2024-05-01T10:00:%02dZ"


def event(number, second, **contact):
    return {"id": f"ev-{number}", "type": "customer_updated", "occurred_at": T % second,
            "contact": {"external_id": "c1", "email": "ada@mail.example", **contact}}


def delivery(number, second, **contact):
    return {"source": "shop", "id": f"d{number}", "received_at": T % (second + 1), "event": event(number, second, **contact)}


def script(tmp_path, *steps):
    path = tmp_path / "script.jsonl"
    path.write_text("# a script\n\n" + "".join(json.dumps(s) + "\n" for s in steps))
    return path


def replay(tmp_path, *steps, extra=()):
    return harness.run("replay", script(tmp_path, *steps), "--dir", tmp_path, *extra)


def test_N5_runs_in_any_order_end_the_same(tmp_path):
    one, two, three = (delivery(i, 10 * i, first_name=f"Name {i}") for i in (1, 2, 3))
    done = replay(tmp_path, {"run": "in order"}, one, two, three,
                  {"run": "shuffled"}, {"batch": 3, "crash": 4}, three, one, two, {"again": "d1"},
                  {"again": "d3", "received_at": T % 50}, {"forget": True}, {"again": "d2", "received_at": T % 51}, extra=["--json"])
    assert done.exit == 0, done
    runs = done.json["runs"]
    assert done.json["same"] is True and [r["name"] for r in runs] == ["in order", "shuffled"]
    assert runs[0]["contacts"] == runs[1]["contacts"] and runs[0]["contacts"][0]["first_name"] == "Name 3"
    assert runs[1]["crashes"] == 1 and runs[1]["deliveries"] == 6


def test_runs_that_end_differently_fail_and_are_told_apart(tmp_path):
    done = replay(tmp_path, {"run": "one"}, delivery(1, 10, first_name="Ada"), {"run": "two"}, delivery(2, 10, first_name="Bob"))
    assert done.exit == 1
    assert "/first_name" in done.err and '"Ada"' in done.err and '"Bob"' in done.err


def test_acts_and_platforms(tmp_path):
    shop = {"define": "s", "platform": "shopify", "list": "news", "rank": 1}
    customer = {"source": "s", "topic": "customers/update", "headers": {"X-Shopify-Event-Id": "e1"}, "received_at": T % 5,
                "body": {"id": 7, "email": "bob@mail.example", "first_name": "Bob", "updated_at": T % 4}}
    done = replay(tmp_path, shop, delivery(1, 10), customer,
                  {"merge": ["ada@mail.example", "bob@mail.example"], "at": "2024-05-02T00:00:00Z"},
                  {"edit": "tag_add", "email": "bob@mail.example", "name": "vip", "at": "2024-05-02T00:00:01Z"},
                  {"sweep": "2024-05-03T00:00:00Z"}, {"unmerge": "bob@mail.example"}, extra=["--json"])
    assert done.exit == 0, done
    run = done.json["runs"][0]
    assert [(c["email"], c["tags"]) for c in run["contacts"]] == [("ada@mail.example", ["vip"])], "the tag came since, so it stays one"
    assert run["refused"] == [{"unmerge": "bob@mail.example"}] and run["acts"] == 4


def test_what_is_no_step_is_named_by_line(tmp_path):
    for step, what in ({"received_at": T % 1}, "no step"), ({"source": "x", "event": {}, "received_at": "soon"}, "no time"), \
            ({"again": "nothing"}, "no delivery"), ({"define": "x", "platform": "nowhere"}, "no platform"), ({"batch": 1000}, "from 1 to"):
        done = replay(tmp_path, delivery(1, 10), step)
        assert done.exit == 1 and "script.jsonl:4: " in done.err and what in done.err, done
    (tmp_path / "bad.jsonl").write_text("{")
    assert "bad.jsonl:1: " in harness.run("replay", tmp_path / "bad.jsonl", "--dir", tmp_path).err


def test_what_a_script_holds_cannot_steer_the_terminal(tmp_path):
    shown = replay(tmp_path, {"run": "\x1b[31m"}, {"source": "x", "event": {"type": "\x1b[32m"}}, delivery(1, 10, first_name="\x9b33m"))
    assert shown.exit == 0 and not set("\x1b\x9b") & set(shown.out), shown
    assert all(text in shown.out for text in ("\\x1b[31m: ", "\\x1b[32m", "\\xc2\\x9b33m"))


def test_T1_into_the_queue(site, tmp_path):
    source = site.add_source("storehook")
    email = f"into-{source.name}@mail.example"
    step = {"source": source.name, "id": "d1", "event": {"id": f"ev-{source.name}", "type": "signup", "occurred_at": T % 1,
                                                         "contact": {"email": email, "first_name": "Ada"}}}
    assert site.json("replay", script(tmp_path, step), "--into") == {"queued": 1}
    site.settle()
    before = site.contact(email)
    assert before["first_name"] == "Ada"
    site.cli("replay", script(tmp_path, step), "--into")
    site.settle()
    assert site.contact(email) == before, "a replay of what was applied changes nothing"
    refused = site.cli("replay", script(tmp_path, {"merge": [email, email]}), "--into", exit_code=1)
    assert "only deliveries" in refused.err
    delivery_id = site.why(email)[0]["delivery"]
    assert "are not kept" in site.cli("replay", delivery_id, exit_code=1).err
    assert "no delivery of that id" in site.cli("replay", "0" * 32, exit_code=1).err
