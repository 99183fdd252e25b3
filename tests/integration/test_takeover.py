"""Entries of dead drainers: what a drainer never got to is not held against the entry (N8, DESIGN 7)."""

import sqlite3

import bodies
import harness
from conftest import running_roles

ENTRIES = 12
TRIES = 2


def locked(site):
    """Another process holds the database's write lock."""
    link = sqlite3.connect(site.dir / "storehook.db", timeout=10, isolation_level=None)
    link.execute("BEGIN IMMEDIATE")
    return link


def pending(site):
    with site.redis() as link:
        return link.xpending("storehook:{0}:live", "drain")["pending"]


def drainer_claims_and_dies(site, number, sign):
    drain = site.start_role("drain", f"drain-{number}")
    harness.wait_until(lambda: sign(drain), lambda: f"the drainer met the lock:\n{drain.log()[-2000:]}")
    site.kill_role(f"drain-{number}")


def test_N8_drainers_killed_while_the_database_is_locked_make_no_poison():
    settings = {"drain": {"claim_idle": "1s", "tries": str(TRIES)}, "db": {"timeout": "100ms"}}
    with running_roles(settings) as site:
        site.start_redis()
        site.start_serve(ready=False)
        site.start_role("drain")
        source = site.add_source("storehook")
        site.stop_role("drain")
        for i in range(ENTRIES):
            source.push({"id": f"e{i}", "type": "signup", "occurred_at": bodies.at(i), "contact": bodies.person(f"p{i}@example.com", i + 1)})
        lock = locked(site)
        for number in range(TRIES + 2):
            drainer_claims_and_dies(site, number, lambda drain: "waiting" in drain.log())
        lock.execute("ROLLBACK")
        lock.close()
        site.start_role("drain", "last")
        site.settle()
        assert site.dead() == []
        assert len(site.contacts()) == ENTRIES


def test_N8_while_the_queue_has_no_snapshot_of_sources_nobody_is_told_to_give_up():
    """A source that this receiver has not heard of may be one that was added before the queue lost its data."""
    with running_roles({"serve": {"workers": 1}}) as site:  # each worker hears of a source by itself
        site.start_redis()
        site.start_serve(ready=False)
        site.start_role("drain")
        source = site.add_source("storehook")
        unknown = source.path[:-1] + ("a" if source.path[-1] != "a" else "b")
        harness.wait_until(lambda: site.post(unknown, b"{}").status == 404, "an unknown key is told so")
        site.stop_role("drain")
        with site.redis() as link:
            link.flushall()
        assert site.post(unknown, b"{}").status == 503
        assert site.post(source.path, b"{}").status == 401, "known ones are judged"
        site.start_role("drain")
        harness.wait_until(lambda: site.post(unknown, b"{}").status == 404, "published again")
