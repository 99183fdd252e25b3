"""What a start says and refuses: the ready line as JSON, ports that are taken, a master key that is not the right one."""

import json
import re
import socket

import pytest

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


@pytest.mark.parametrize("role, members", [("serve", {"https"}), ("drain", set()), ("admin", {"admin"})])
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
