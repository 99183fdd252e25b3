"""Notices are neither lost nor stuck when the notifier, or its database, goes away (N8)."""

import contextlib
import json
import os
import secrets
import sqlite3
import threading
import time

import database
from harness import wait_until
from notice_desk import desk, make_desk, settings  # noqa: F401 (fixtures)


def test_N8_notices_survive_kill_9_of_several_notifiers(make_desk):
    """Every notice arrives at least once, under one id, and none is lost."""
    rounds = int(os.environ.get("NOTICE_ROUNDS", "30"))
    desk = make_desk(start=False, timeout="1s", retries=" ".join(["100ms"] * 30))
    paths = [desk.target("a"), desk.target("b")]

    def sometimes(_):
        time.sleep(secrets.randbelow(20) / 1000)
        return 204 if secrets.randbelow(10) else 500

    for path in paths:
        desk.receiver.answers[path] = sometimes
    names = ["notify-0", "notify-1"]
    for name in names:
        desk.start(name)
    total = 0
    for n in range(rounds):
        desk.send(data=[{"n": total + i} for i in range(20)])
        total += 20
        before = len(desk.receiver.got)
        wait_until(lambda: len(desk.receiver.got) > before, lambda: f"round {n}: nothing came:\n{desk.log()}", 60)
        desk.site.kill_role(names[n % 2])
        desk.start(names[n % 2])
    wait_until(lambda: desk.states() == ["delivered"] * (2 * total), lambda: f"{desk.notices('--state', 'waiting')}\n{desk.log()}", 150)
    for path in paths:
        got = desk.receiver.of(path)
        assert all(one["good"] for one in got)
        ids_of = {}
        for one in got:
            ids_of.setdefault(json.loads(one["body"])["data"]["n"], set()).add(one["id"])
        assert set(ids_of) == set(range(total)), "none is lost"
        assert all(len(ids) == 1 for ids in ids_of.values()), "the same id again"
        taken = {one["id"] for one in got if one["status"] == 204}
        assert len(taken) == total


@contextlib.contextmanager
def database_away(site):
    """On PostgreSQL the server is killed and started again; in the file of SQLite somebody else holds the lock."""
    if database.on_postgres:
        database.postgres.kill()
        yield
        database.postgres.start()
        return
    with contextlib.closing(sqlite3.connect(site.dir / "storehook.db", isolation_level=None)) as link:
        link.execute("BEGIN IMMEDIATE")
        yield
        link.execute("ROLLBACK")


def test_N8_an_answer_that_comes_while_the_database_is_away_is_settled_later(make_desk):
    desk = make_desk()
    path, free = desk.target("crm"), threading.Event()
    desk.site.settings["db"] = {**desk.site.settings.get("db", {}), "timeout": "100ms"}
    desk.site.write_config()
    desk.site.stop_role("notify")
    process = desk.start()

    def wait(_):
        free.wait(60)
        return 204

    desk.receiver.answers[path] = wait
    desk.send()
    wait_until(lambda: desk.site.json("notice", "list")[0]["in_work"], desk.log)
    with database_away(desk.site):
        free.set()
        wait_until(lambda: "database" in process.log() or desk.receiver.of(path), desk.log)
        wait_until(lambda: desk.receiver.of(path), desk.log)
    wait_until(lambda: desk.states() == ["delivered"], desk.log, 60)
    assert len(desk.receiver.ids(path)) == 1 and process.running


def test_N8_an_ordered_stop_gives_back_what_is_under_way(make_desk):
    desk = make_desk(timeout="60s")
    path, free = desk.target("crm"), threading.Event()

    def wait(_):
        free.wait(60)
        return 204

    desk.receiver.answers[path] = wait
    desk.send()
    wait_until(lambda: desk.notices()[0]["in_work"], desk.log)
    desk.site.stop_role("notify")
    (notice,) = desk.notices()
    assert notice["state"] == "waiting" and not notice["in_work"] and notice["failed_attempts"] == 0
    free.set()
    desk.start()  # at once, not when the lease of 75 s is over
    wait_until(lambda: desk.states() == ["delivered"], desk.log)
    assert desk.receiver.ids(path) == {notice["id"]}
