"""Notices go out as signed webhooks: to a real HTTPS receiver, again when it fails, and only where they may go."""

import contextlib
import gzip
import json
import re
import secrets
import socket
import sys
import threading
import time
import urllib.request

import pytest

import database
from harness import ROOT, make_certificate, wait_until, whsec
from notice_desk import Desk, desk, make_desk, settings  # noqa: F401 (fixtures)
from processes import Process
from receiver import Receiver


def test_a_notice_arrives_signed_and_is_delivered_once(desk):
    path = desk.target("crm")
    desk.send("cart.abandoned", [{"email": "ada@example.com", "value": "12.50"}])
    wait_until(lambda: desk.states() == ["delivered"], desk.log)
    (got,) = desk.receiver.of(path)
    assert got["good"] and got["type"] == "application/json"
    assert got["id"] == desk.notices()[0]["id"]
    body = json.loads(got["body"])
    assert body["type"] == "cart.abandoned" and body["data"] == {"email": "ada@example.com", "value": "12.50"}
    assert body["timestamp"].endswith("Z")


def test_a_failing_target_is_tried_again_under_the_same_id_and_then_dead_and_replayable(desk):
    path = desk.target("crm")
    desk.receiver.answers[path] = 500
    desk.send()
    wait_until(lambda: desk.states() == ["dead"], desk.log)
    got = desk.receiver.of(path)
    assert len(got) == 5 and len({one["id"] for one in got}) == 1 and all(one["good"] for one in got)
    (notice,) = desk.notices()
    assert notice["last_error"] == "HTTP 500" and notice["last_status"] == 500 and notice["failed_attempts"] == 5
    desk.receiver.answers[path] = 200
    assert desk.site.json("notice", "replay", notice["id"]) == {"replayed": 1}
    wait_until(lambda: desk.states() == ["delivered"], desk.log)
    assert desk.receiver.of(path)[-1]["id"] == notice["id"]
    assert desk.site.cli("notice", "replay", notice["id"], exit_code=1).err.count("no dead notice") == 1


def test_the_timestamp_is_new_with_each_attempt(make_desk):
    desk = make_desk(retries="1100ms")
    path = desk.target("crm")
    desk.receiver.answers[path] = 503
    desk.send()
    wait_until(lambda: desk.states() == ["dead"], desk.log)
    first, second = desk.receiver.of(path)
    assert first["id"] == second["id"] and int(second["at"]) > int(first["at"]) and first["good"] and second["good"]


def test_a_redirect_is_a_failure_and_is_not_followed(desk):
    path = desk.target("crm")
    desk.receiver.answers[path] = (307, {"location": desk.receiver.url("/elsewhere")})
    desk.send()
    wait_until(lambda: desk.states() == ["dead"], desk.log)
    assert desk.notices()[0]["last_error"] == "HTTP 307; redirects are not followed"
    assert desk.receiver.of("/elsewhere") == []


def test_410_disables_the_target_and_what_waits_goes_out_when_it_is_enabled(desk):
    path = desk.target("crm")
    desk.receiver.answers[path] = 410
    desk.send()
    wait_until(lambda: not desk.show("crm")["enabled"], desk.log)
    assert desk.show("crm")["disabled_because"] == "it answered 410 Gone"
    assert "target disabled, as it answered 410 Gone" in desk.log()
    assert desk.states() == ["waiting"]
    desk.receiver.answers[path] = 204
    desk.site.cli("notice", "target", "enable", "crm")
    wait_until(lambda: desk.states() == ["delivered"], desk.log)
    assert len(desk.receiver.of(path)) == 2


def test_Retry_After_lengthens_the_wait(desk):
    path = desk.target("crm")
    desk.receiver.answers[path] = lambda _: (503, {"retry-after": "2"}) if len(desk.receiver.of(path)) == 0 else 204
    desk.send()
    wait_until(lambda: desk.states() == ["delivered"], desk.log)
    first, second = desk.receiver.of(path)
    assert second["when"] - first["when"] >= 1.9


def test_a_slow_target_holds_up_no_other(make_desk):
    desk = make_desk(per_target="2", connections="8", timeout="10s")
    slow, fast = desk.target("slow"), desk.target("fast")
    free = threading.Event()

    def wait(_):
        free.wait(60)
        return 204

    desk.receiver.answers[slow] = wait
    desk.send(data=[{"n": n} for n in range(40)])
    try:
        wait_until(lambda: desk.states("--target", "fast").count("delivered") == 40, desk.log)
        assert desk.states("--target", "slow").count("delivered") == 0
    finally:
        free.set()
    wait_until(lambda: desk.states("--target", "slow").count("delivered") == 40, desk.log)
    assert len(desk.receiver.ids(fast)) == 40


def test_a_target_that_fails_again_and_again_is_paused(make_desk):
    desk = make_desk(pause="1h", retries=" ".join(["20ms"] * 20), per_target="1")
    path = desk.target("crm")
    desk.receiver.answers[path] = 500
    desk.send(data=[{"n": n} for n in range(10)])
    wait_until(lambda: desk.show("crm")["state"] == "paused", desk.log)
    assert len(desk.receiver.of(path)) == 5
    desk.receiver.answers[path] = 204
    desk.site.cli("notice", "target", "enable", "crm")
    wait_until(lambda: desk.states().count("delivered") == 10, desk.log)


def test_only_the_types_that_a_target_wants_go_to_it(desk):
    carts, everything = desk.target("carts", extra=("--types", "cart.abandoned,cart.recovered")), desk.target("all")
    desk.send("cart.abandoned")
    desk.send("contact.tagged")
    wait_until(lambda: desk.states() == ["delivered"] * 3, desk.log)
    assert len(desk.receiver.of(carts)) == 1 and len(desk.receiver.of(everything)) == 2


def test_a_repeated_run_with_a_key_makes_no_second_notice(desk):
    desk.target("crm")
    for want in (2, 0):
        out = desk.send(data=[{"n": 1}, {"n": 2}], extra=("--key", "spring", "--json")).json
        assert out == {"notices": want, "deliveries": want}


def test_during_a_rotation_the_old_and_the_new_secret_sign(desk):
    path = desk.target("crm")
    new = whsec()
    desk.site.cli("notice", "target", "rotate", "crm", "--secret-file", desk.site.secret_file(new), "--grace", "1h")
    desk.send()
    wait_until(lambda: desk.states() == ["delivered"], desk.log)
    (got,) = desk.receiver.of(path)
    assert got["good"] and len(got["signatures"]) == 2
    desk.receiver.secrets[path] = new
    desk.send()
    wait_until(lambda: desk.states() == ["delivered"] * 2, desk.log)
    assert desk.receiver.of(path)[1]["good"]
    desk.site.cli("notice", "target", "rotate", "crm", "--grace", "0s")
    desk.send()
    wait_until(lambda: desk.states() == ["delivered"] * 3, desk.log)
    assert not desk.receiver.of(path)[2]["good"] and len(desk.receiver.of(path)[2]["signatures"]) == 1


def test_N10_secrets_are_shown_once_and_nowhere_else(desk):
    out = desk.site.json("notice", "target", "add", "made", desk.receiver.url("/made"))
    assert out["secret"].startswith("whsec_")
    shown = [desk.site.cli("notice", "target", *verb).out for verb in (("list",), ("show", "made"), ("list", "--json"))]
    assert not any("whsec_" in text for text in shown)
    given = whsec()
    assert "whsec" not in desk.site.cli("notice", "target", "rotate", "made", "--secret-file", desk.site.secret_file(given)).out
    desk.send()
    wait_until(lambda: "delivered" in desk.states() or "dead" in desk.states(), desk.log)
    assert out["secret"] not in desk.log() and given not in desk.log()


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/x", "https://[::1]/x", "https://10.1.2.3/", "https://169.254.169.254/latest/", "https://2130706433/",
            "https://[::ffff:192.168.0.1]/", "http://hooks.example/", "https://user:word@hooks.example/", "ftp://hooks.example/"])
def test_a_target_may_not_be_a_private_address(make_desk, url):
    desk = make_desk(start=False, allow_private="")
    result = desk.site.cli("notice", "target", "add", "bad", url, exit_code=1)
    assert "not allowed" in result.err or "https" in result.err or "password" in result.err, result
    assert "word" not in result.err.replace("password", "")


def test_a_name_that_leads_to_a_private_address_is_refused_when_it_is_connected_to(make_desk):
    desk = make_desk(allow_private="")
    path = desk.target("local")  # localhost is a name like any other
    desk.send()
    wait_until(lambda: desk.states() == ["dead"], desk.log)
    assert "a loopback address, which is not allowed" in desk.notices()[0]["last_error"]
    assert desk.receiver.of(path) == []


def test_a_certificate_that_is_not_trusted_is_refused(make_desk):
    desk = make_desk(ca_file="/etc/ssl/certs/ca-certificates.crt")
    path = desk.target("crm")
    desk.send()
    wait_until(lambda: desk.states() == ["dead"], desk.log)
    assert "certificate" in desk.notices()[0]["last_error"]
    assert desk.receiver.of(path) == []


def test_http_goes_where_the_operator_allows_it(make_desk):
    desk = make_desk(tls=False, allow_http="yes")
    path = desk.target("plain")
    desk.send()
    wait_until(lambda: desk.states() == ["delivered"], desk.log)
    assert desk.receiver.of(path)[0]["good"]


def test_an_answer_without_end_does_no_harm(desk):
    path = desk.target("crm")
    desk.receiver.answers[path] = (200, {}, b"x" * 5_000_000)
    desk.send()
    wait_until(lambda: desk.states() == ["delivered"], desk.log)


def test_notice_test_tells_what_came_back(desk):
    path = desk.target("crm")
    desk.receiver.answers[path] = (202, {}, b"thank you\x1b[31m")
    out = desk.site.cli("notice", "test", "crm").out
    assert "answered 202" in out and "thank you\\x1b" in out
    (got,) = desk.receiver.of(path)
    assert got["good"] and json.loads(got["body"])["type"] == "test"
    desk.receiver.answers[path] = (302, {"location": "/"})
    failed = desk.site.cli("notice", "test", "crm", exit_code=1)
    assert "answered 302" in failed.out and "redirects are not followed" in failed.err
    desk.receiver.answers[path] = 500
    assert desk.site.json("notice", "test", "crm", exit_code=1)["status"] == 500
    assert desk.notices() == []


def test_drop_and_remove_forget_what_is_meant(desk):
    path = desk.target("crm")
    desk.receiver.answers[path] = 500
    desk.send(data=[{"n": 1}, {"n": 2}])
    wait_until(lambda: desk.states() == ["dead"] * 2, desk.log)
    first = desk.notices()[0]["id"]
    shown = desk.site.json("notice", "show", first)
    assert shown["body"]["data"]["n"] in (1, 2) and shown["deliveries"][0]["state"] == "dead"
    assert "2 are dead" in desk.site.cli("notice", "target", "remove", "crm", exit_code=1).err
    assert desk.site.json("notice", "drop", first) == {"dropped": 1}
    assert desk.site.json("notice", "drop", "--target", "crm") == {"dropped": 1}
    desk.site.cli("notice", "target", "remove", "crm")
    assert desk.site.json("notice", "target", "list") == []
    assert "there is no notice" in desk.site.cli("notice", "show", first, exit_code=1).err


def test_wrong_usage_says_what_is_right(desk):
    desk.target("crm")
    for args, word in ((("target", "add", "a b", "https://hooks.example/"), "letters, digits"),
                       (("target", "add", "x", "https://hooks.example/", "--types", "a b"), "cart_abandoned"),
                       (("list", "--state", "gone"), "waiting, delivered or dead"), (("replay",), "say which")):
        assert word in desk.site.cli("notice", *args, exit_code=2).err
    assert "already" in desk.site.cli("notice", "target", "add", "crm", "https://8.8.8.8/", exit_code=1).err
    assert "notice target list" in desk.site.cli("notice", "test", "nobody", exit_code=1).err
    bad = desk.site.cli("notice", "target", "add", "y", "https://8.8.8.8/", "--secret-file", desk.site.secret_file("hello"), exit_code=1)
    assert "whsec_" in bad.err and "hello" not in bad.err


def test_settings_that_are_wrong_stop_the_start(make_desk):
    for name, value in (("retries", "5s soon"), ("allow_private", "10.0.0.1/8"), ("ports", "https")):
        desk = make_desk(start=False, **{name: value})
        process = desk.site.start_role("notify")
        assert wait_until(lambda: not process.running, "notify ends") and process.popen.returncode == 1
        assert f"notify.{name}" in process.log()
        desk.site.processes.clear()


def test_an_answer_that_is_packed_is_unpacked_up_to_its_maximum(desk):
    path = desk.target("crm")
    desk.receiver.answers[path] = (200, {"content-encoding": "gzip"}, gzip.compress(b"unpacked"))
    assert desk.site.json("notice", "test", "crm")["answer"] == "unpacked"
    desk.receiver.answers[path] = (200, {"content-encoding": "gzip"}, gzip.compress(b"x" * 200_000_000, 1))
    out = desk.site.json("notice", "test", "crm")
    assert out["accepted"] and len(out["answer"]) <= 2000


def test_several_accounts_have_targets_of_their_own(desk):
    desk.site.cli("account", "add", "acme")
    mine, theirs = desk.target("crm", "/mine"), desk.target("crm", "/theirs", extra=("--account", "acme"))
    desk.send(data=[{"of": "mine"}])
    desk.send(data=[{"of": "theirs"}], extra=("--account", "acme"))
    wait_until(lambda: desk.states() + desk.states("--account", "acme") == ["delivered"] * 2, desk.log)
    for path, of in ((mine, "mine"), (theirs, "theirs")):
        assert desk.receiver.data(path) == [{"of": of}] and desk.receiver.of(path)[0]["good"]


def test_X2_an_erasure_takes_the_notices_of_the_person(make_up, workplace):
    make_certificate(workplace / "certs")
    with Receiver(workplace / "certs") as receiver:
        up = make_up(settings(workplace))
        desk, source = Desk(up, receiver), up.add_source("storehook")
        receiver.answers[desk.target("crm")] = 500
        up.cli("trigger", "add", "news", "--on", "signup", "--do", "notice")
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())  # what is old fires nothing
        for name in ("gone", "stays"):
            source.event("signup", occurred_at=now, contact={"email": f"{name}@example.com", "first_name": name})
        wait_until(lambda: desk.states() == ["dead"] * 2, up.log)
        assert {one["address"] for one in desk.notices()} == {"gone@example.com", "stays@example.com"}
        up.cli("contacts", "erase", "gone@example.com", "--yes")
        assert [one["address"] for one in desk.notices()] == ["stays@example.com"]
        for column in ("body", "address", "contact_id"):
            assert database.run_sql(up, f"SELECT count(*) FROM notice WHERE {column} LIKE '%gone%'") == [["0"]]


def test_up_runs_the_notifier_and_the_figures_show_what_waits(make_up, workplace):
    make_certificate(workplace / "certs")
    with Receiver(workplace / "certs") as receiver:
        up = make_up(settings(workplace))
        desk = Desk(up, receiver)
        path = desk.target("crm")
        receiver.answers[path] = 500
        desk.send(data=[{"n": 1}, {"n": 2}])
        wait_until(lambda: desk.states() == ["dead"] * 2, up.log)
        assert "notify" in {role["role"] for role in up.json("stats")["roles"]}
        notices = up.json("stats")["notices"]
        assert (notices["waiting"], notices["dead"]) == (0, 2)
        assert notices["targets"][0]["name"] == "crm"
        assert "2 dead" in up.cli("stats").out
        with urllib.request.urlopen(f"{up.admin}/metrics", timeout=10) as answer:
            metrics = answer.read().decode()
        assert 'storehook_notices{account="1",target="crm",state="dead"} 2\n' in metrics
        assert "storehook_notice_oldest_age_milliseconds 0\n" in metrics
        with urllib.request.urlopen(up.admin, timeout=10) as answer:
            assert "<h2>Notices</h2>" in answer.read().decode()


def test_the_receiver_of_the_docs_verifies_what_is_sent(make_desk, workplace):
    page = (ROOT / "docs" / "notices.md").read_text()
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    script = workplace / "receiver.py"
    script.write_text(code)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    desk = make_desk(allow_http="yes")
    secret = whsec()
    process = Process([sys.executable, script, str(port)], workplace / "taken", workplace / "receiver.log", {"NOTICE_SECRET": secret})
    try:
        wait_until(lambda: is_open(port), process.log)
        desk.target("docs", url=f"http://127.0.0.1:{port}/in")
        assert desk.site.json("notice", "test", "docs", exit_code=1)["status"] == 401, "signed with a secret that it does not know"
        desk.site.cli("notice", "target", "rotate", "docs", "--secret-file", desk.site.secret_file(secret))
        assert desk.site.json("notice", "test", "docs")["status"] == 204
        desk.send("contact.tagged", [{"tag": "vip"}])
        wait_until(lambda: desk.states() == ["delivered"], desk.log)
        assert json.loads(process.out().splitlines()[-1])["data"] == {"tag": "vip"}
    finally:
        process.kill()


def is_open(port):
    with contextlib.closing(socket.socket()) as link:
        return link.connect_ex(("127.0.0.1", port)) == 0
