"""What a start says and refuses: the ready line as JSON, ports that are taken, a master key that is not the right one."""

import json
import re
import secrets
import socket

import pytest

import bodies
import database
import harness
from processes import Process


@pytest.fixture
def taken():
    """A port on which somebody listens as another installation does, with SO_REUSEPORT."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def one_line(text):
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


def first_line(process):
    return harness.wait_until(lambda: process.out().strip(), lambda: f"a ready line:\n{process.log()}").splitlines()[0]


# -- the ready line ---------------------------------------------------------------------------------------------------------------


def test_up_with_json_says_ready_as_one_object():
    class JsonUp(harness.Up):
        READY = re.compile(r'^\{"ready":true,"https":"https://127\.0\.0\.1:(\d+)","admin":"(http://[^"]+)"\}$', re.M)

    with harness.Workplace() as base:
        site = JsonUp(base, extra=["--json", "--demo"])
        try:
            site.start()
            assert site.get("/readyz").status == 200
            harness.wait_until(lambda: site.contacts() and site.queued() == 0, "demo contacts", 10)
            site.stop()
            assert json.loads(one_line(site.process.out()))["ready"] is True
        finally:
            harness.reap(site.process)


@pytest.mark.parametrize("role, members", [("serve", {"https"}), ("drain", set()), ("notify", set()), ("admin", {"admin"})])
def test_roles_with_json_say_ready_as_one_object(roles, role, members):
    roles.start_redis()
    process = roles.spawn(role, [harness.BINARY, role, "--json", "--config", roles.config])
    said = json.loads(first_line(process))
    assert said.pop("ready") is True and set(said) == members
    assert all(re.match(r"https?://127\.0\.0\.1:\d+$", url) for url in said.values())


@pytest.mark.parametrize("role, line", [("serve", r"ready https=https://127\.0\.0\.1:\d+"), ("drain", "ready"),
                                        ("admin", r"ready admin=http://127\.0\.0\.1:\d+")])
def test_roles_without_json_say_ready_as_text(roles, role, line):
    roles.start_redis()
    assert re.fullmatch(line, first_line(roles.start_role(role)))


# -- ports ------------------------------------------------------------------------------------------------------------------------


def test_up_on_a_port_that_was_asked_for_and_is_taken_fails(workplace, taken):
    result = harness.run("up", "--dir", workplace / "state", "--port", taken)
    assert result.exit == 1 and result.out == ""
    said = one_line(result.err)
    assert f"127.0.0.1:{taken}" in said and "taken" in said and "--port" in said
    assert not (workplace / "state" / "redis.sock").exists(), "nothing was started"


def test_up_takes_any_free_port_when_the_default_one_is_taken(workplace):
    """Whoever has 8443 now: this test, or somebody else on this machine."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", 8443))
            listener.listen()
        except OSError:
            pass
        process = Process([harness.BINARY, "up", "--dir", workplace / "state"], workplace / "up.out", workplace / "up.log")
        try:
            ready = re.match(r"ready https=https://127\.0\.0\.1:(\d+) admin=", first_line(process))
            assert ready and int(ready.group(1)) != 8443
            assert len(re.findall(r"^storehook: 127\.0\.0\.1:8443 is taken.*free port$", process.log(), re.M)) == 1
            assert process.stop() == 0
        finally:
            harness.reap(process)


@pytest.mark.parametrize("role", ["serve", "admin"])
def test_a_role_notices_another_one_on_its_port(make_roles, taken, role):
    site = make_roles({role: {"listen": f"127.0.0.1:{taken}"}})
    site.start_redis()
    result = site.cli(role, exit_code=1)
    assert f"127.0.0.1:{taken}" in one_line(result.err) and "in use" in result.err


# -- the master key ----------------------------------------------------------------------------------------------------------------


def set_key(site, key=None):
    """Another valid key, or the one that is given."""
    site.settings["storehook"]["master_key"] = key or secrets.token_hex(32)
    site.write_config()


def is_told(line):
    return "storehook.master_key" in line and "right one" in line and "docs/operations.md" in line


def test_N10_up_does_not_start_with_another_master_key(up):
    up.add_source("shopify")
    up.stop()
    key = up.dir / "master.key"
    right = key.read_text()
    key.write_text(secrets.token_hex(32) + "\n")
    result = harness.run("up", "--port", "0", "--config", up.config)
    said = [line for line in result.err.splitlines() if line.startswith("storehook: ")]
    assert result.exit == 1 and result.out == "" and len(said) == 1
    assert str(key) in said[0] and "right one" in said[0]
    key.write_text(right)
    up.start()


@pytest.mark.parametrize("with_source", [True, False])
def test_N10_drain_and_source_add_notice_another_master_key(roles, with_source):
    """Also without a source: tombstones of erased people are made with the key."""
    roles.start_redis()
    roles.start_role("drain")
    harness.wait_until(lambda: "ready" in roles.processes["drain"].out(), "drain is ready")
    if with_source:
        roles.add_source("storehook", wait=False)
    roles.stop_role("drain")
    set_key(roles)
    assert is_told(one_line([line for line in roles.cli("drain", exit_code=1).err.splitlines() if "storehook: " in line][0]))
    added = roles.cli("source", "add", "storehook", "--name", "later", exit_code=1)
    assert is_told(one_line(added.err)) and added.out == ""
    assert "later" not in roles.cli("source", "list").out


def test_N10_serve_notices_another_master_key(roles):
    roles.start_redis()
    roles.add_source("storehook", wait=False)
    set_key(roles)
    result = roles.cli("serve", exit_code=1)
    assert is_told(one_line(result.err)) and result.out == ""


def test_N10_a_lost_master_key_is_given_up_as_the_pages_say(up):
    source = up.add_source("shopify", name="kept")
    source.apply(bodies.shopify_customer(1, "kept@example.com"), "customers/create")
    up.stop()
    (up.dir / "master.key").unlink()
    page = (harness.ROOT / "docs/operations.md").read_text()
    command = re.search(r'^ +sqlite3 \S+ "(DELETE .*)"$', page, re.M).group(1)
    harness.run_sql(up.dir / "storehook.db", command)
    up.start()
    up.cli("source", "rotate", "kept", "--secret-file", up.secret_file(source.secret))
    push = source.request(bodies.shopify_customer(2, "new@example.com"), "customers/create")
    harness.wait_until(lambda: up.ask(push).status == 200, "the new secret is known")
    up.settle()
    assert up.has_contact("kept@example.com") and up.has_contact("new@example.com")


@database.needs_sqlite
def test_db_migrate_makes_the_tables_before_any_role_runs():
    with harness.Workplace() as base:
        site = harness.Site(base)
        made = site.json("db", "migrate")
        assert made["migration"] > 0 and made["name"]
        assert site.json("db", "migrate") == made, "a second time changes nothing"
        assert site.contacts() == []
        harness.run_sql(site.dir / "storehook.db", "INSERT INTO schema_migration VALUES (999999, 'later')")
        assert "newer than this program" in site.cli("db", "migrate", exit_code=1).err
