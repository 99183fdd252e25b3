"""Figures of the running system: what a process counted is seen by the command, as JSON and in /metrics."""

import re
import urllib.request

import bodies
import harness


def counted(up, role, name):
    """The counter of every process of the role, as `stats` and as /metrics say it."""
    as_json = sum(r["counters"].get(name, 0) for r in up.json("stats")["roles"] if r["role"] == role)
    with urllib.request.urlopen(f"{up.admin}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    rows = re.findall(rf'^storehook_{name}_total\{{role="{role}",pid="\d+"\}} (\d+)$', text, re.M)
    assert f"# TYPE storehook_{name}_total counter" in text
    return as_json, sum(map(int, rows))


def test_D5_what_the_roles_counted_is_seen(up):
    source = up.add_source("storehook")
    body = {"id": "e1", "type": "signup", "occurred_at": bodies.at(0), "contact": bodies.person("counted@example.com", 1)}
    for _ in range(2):
        source.push(body, message_id="msg_1")
    up.settle()
    expected = {("serve", "stored"): 2, ("drain", "applied"): 2, ("drain", "duplicates"): 1}
    for (role, name), value in expected.items():
        harness.wait_until(lambda: counted(up, role, name) == (value, value), lambda: f"{role} {name}: {counted(up, role, name)}")
