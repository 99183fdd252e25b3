"""Secrets of a source: where they come from, how they are rotated, how their use is counted, where they never appear."""

import base64
import json
import os
import pty
import re
import secrets
import signal
import subprocess
import time
from pathlib import Path

import pytest

import harness

BODY = b'{"id": 1}'


def line(result):
    text = result.err.strip()
    assert text and "\n" not in text, f"one line says what and what to do: {result}"
    return text


def accepts(site, source, secret):
    """True when a delivery that is signed with `secret` is accepted."""
    kept, source.secret = source.secret, secret
    try:
        return site.ask(source.request(BODY, "products/update")).status == 200
    finally:
        source.secret = kept


def await_accepts(site, source, secret, wanted=True):
    harness.wait_until(lambda: accepts(site, source, secret) is wanted, f"accepted is {wanted}", 10)


def secret_rows(site, name):
    return {row["id"]: row for row in site.json("source", "show", name)["secrets"]}


def await_uses(site, name, secret_id, least):
    return harness.wait_until(lambda: secret_rows(site, name)[secret_id]["uses"] >= least and secret_rows(site, name)[secret_id],
                              f"{secret_id} is used {least} times", 10)


# -- where a secret comes from -------------------------------------------------------------------------------------------


def by_file(site, secret):
    return ["--secret-file", site.secret_file(secret)], {}


def by_file_with_newline(site, secret):
    return ["--secret-file", site.secret_file(secret + "\n")], {}


def by_variable(site, secret):
    return ["--secret-env", "MY_SHOP_SECRET"], {"env": {"MY_SHOP_SECRET": secret + "\n"}}


def by_usual_variable(site, secret):
    return [], {"env": {"STOREHOOK_SECRET": secret}}


def by_stdin(site, secret):
    return ["--secret-file", "-"], {"stdin": secret.encode() + b"\r\n"}


WAYS = [by_file, by_file_with_newline, by_variable, by_usual_variable, by_stdin]


@pytest.mark.parametrize("way", WAYS)
def test_a_new_secret_from_file_environment_or_stdin(site, way):
    source = site.add_source("shopify")
    new = secrets.token_hex(24)
    args, how = way(site, new)
    result = site.cli("source", "rotate", source.name, *args, **how)
    assert new not in result.out + result.err
    await_accepts(site, source, new)


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_secret_is_refused(site, way):
    source = site.add_source("shopify")
    args, how = way(site, "")
    result = site.cli("source", "rotate", source.name, *args, exit_code=1, **how)
    assert "secret" in line(result)
    assert list(secret_rows(site, source.name)) == ["s1"]


def on_terminal(args, answers):
    """Runs a command whose standard input is a terminal; returns exit code and all that the terminal showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a check that runs in the background ignores it
        os.execv(str(harness.BINARY), [str(harness.BINARY), *map(str, args)])
    shown = b""
    for question, answer in answers:
        while question not in shown.split(b"\n")[-1]:
            shown += os.read(terminal, 4096)
        os.write(terminal, answer)
        shown += b"\n"
    try:
        while data := os.read(terminal, 4096):
            shown += data
    except OSError:
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def test_a_secret_that_is_asked_for_is_not_shown_and_asked_twice(site):
    source = site.add_source("shopify")
    new = secrets.token_hex(24)
    typed = new.encode() + b"\n"
    code, shown = on_terminal(["source", "rotate", source.name, "--config", site.config], [(b": ", typed), (b"once more: ", typed)])
    assert code == 0 and new not in shown, shown
    await_accepts(site, source, new)


def test_two_different_answers_change_nothing(site):
    source = site.add_source("shopify")
    code, shown = on_terminal(["source", "rotate", source.name, "--config", site.config],
                              [(b": ", b"one-secret\n"), (b"once more: ", b"another\n")])
    assert code == 1 and "not the same" in shown
    assert list(secret_rows(site, source.name)) == ["s1"]


def test_an_interrupted_question_leaves_the_terminal_as_it_was(site):
    source = site.add_source("shopify")
    code, _ = on_terminal(["source", "rotate", source.name, "--config", site.config], [(b": ", b"half a secr\x03")])
    assert code == -2, "ends by the signal"
    assert list(secret_rows(site, source.name)) == ["s1"]


@pytest.mark.parametrize("args", [["{secret}"], ["--secret", "{secret}"], ["--secret-file", "{secret}"], ["--secret-env", "{secret}"]])
def test_a_secret_as_an_argument_is_refused_with_the_reason_and_not_repeated(site, args):
    source = site.add_source("shopify")
    secret = secrets.token_hex(24)
    result = site.cli("source", "rotate", source.name, *[a.format(secret=secret) for a in args], exit_code=2)
    assert "never an argument" in line(result) and secret not in result.err
    result = site.cli("source", "add", "shopify", "--name", "argument", "--set", f"secret={secret}", exit_code=1)
    assert "--secret-file" in line(result) and secret not in result.err


def test_a_file_that_everybody_may_read_is_warned_about(site):
    path = site.secret_file(secrets.token_hex(24))
    path.chmod(0o644)
    result = site.cli("source", "add", "shopify", "--name", "open-file", "--secret-file", path)
    assert "everybody may read" in line(result) and str(path) in result.err
    path.chmod(0o600)
    assert site.cli("source", "rotate", "open-file", "--secret-file", path).err == ""


@pytest.mark.parametrize("platform, form", [("storehook", r"whsec_[A-Za-z0-9+/]{43}="), ("woocommerce", r"[0-9a-f]{64}")])
def test_a_secret_that_is_made_here_is_shown_once(site, platform, form):
    added = site.cli("source", "add", platform, "--name", f"made-{platform}", "--generate")
    first = re.search(rf"shown this once: ({form})$", added.out, re.M).group(1)
    path = re.search(r"/in/[A-Za-z0-9_-]+", added.out).group(0)
    source = harness.Source(site, platform, f"made-{platform}", first, path)
    source.await_known()
    second = site.json("source", "rotate", source.name, "--generate")["secret"]
    assert re.fullmatch(form, second) and first != second
    if platform == "storehook":
        assert len(base64.b64decode(second.removeprefix("whsec_"))) == 32
    await_accepts(site, source, second)
    for args in (["source", "show", source.name], ["source", "show", source.name, "--json"], ["source", "list", "--json"]):
        out = site.cli(*args).out
        assert first not in out and second not in out


# -- counters, the end of a rotation -----------------------------------------------------------------------------------------


def test_uses_are_counted_per_secret(site):
    source = site.add_source("shopify")
    new = secrets.token_hex(24)
    began_us = int((time.time() - 5) * 1e6)
    source.push(BODY, "products/update")
    site.cli("source", "rotate", source.name, "--secret-file", site.secret_file(new))
    await_accepts(site, source, new)
    await_uses(site, source.name, "s1", 1)
    await_uses(site, source.name, "s2", 1)
    rows = secret_rows(site, source.name)
    assert rows["s1"]["uses"] == 1
    assert began_us < rows["s1"]["last_used_us"] <= rows["s2"]["last_used_us"]
    assert re.search(r"^secret +s1 secret .* used 1 last 20", site.cli("source", "show", source.name).out, re.M)


def metrics(site):
    import urllib.request

    with urllib.request.urlopen(f"{site.admin}/metrics", timeout=10) as answer:
        return answer.read().decode()


def test_metrics_say_how_each_secret_is_used_and_never_the_secret(site):
    source = site.add_source("shopify")
    source.push(BODY, "products/update")
    await_uses(site, source.name, "s1", 1)
    text = metrics(site)
    assert re.search(rf'^storehook_source_secret_uses_total\{{id="\d+",source="{source.name}",secret="s1"\}} 1$', text, re.M)
    assert re.search(rf'^storehook_source_secret_last_used_seconds\{{.*"{source.name}",secret="s1"\}} 1\d{{9}}$', text, re.M)
    assert source.secret not in text


def test_finish_refuses_while_the_old_secret_was_used_within_the_hour(site):
    source = site.add_source("shopify")
    old, new = source.secret, secrets.token_hex(24)
    site.cli("source", "rotate", source.name, "--secret-file", site.secret_file(new), "--grace", "24h")
    await_accepts(site, source, new)
    source.push(BODY, "products/update")  # of this moment: not counted yet
    refused = line(site.cli("source", "rotate", source.name, "--finish", exit_code=1))
    assert re.search(r"secret s1 was used \d+ s ago, \d+ times", refused) and "--force" in refused
    assert accepts(site, source, old)
    assert site.json("source", "rotate", source.name, "--finish", "--force")["ended"] == ["s1"]
    await_accepts(site, source, old, wanted=False)
    assert accepts(site, source, new), "the latest goes on"
    assert site.json("source", "rotate", source.name, "--finish")["ended"] == []


def test_finish_ends_old_secrets_that_rested(site):
    source = site.add_source("shopify")
    new = secrets.token_hex(24)
    site.cli("source", "rotate", source.name, "--secret-file", site.secret_file(new), "--grace", "24h")
    assert "s1 has ended" in site.cli("source", "rotate", source.name, "--finish").out
    await_accepts(site, source, source.secret, wanted=False)


@pytest.mark.parametrize("args", [["--force"], ["--finish", "--generate"], ["--url", "--secret-file", "x"], ["--grace", "31d"]])
def test_flags_that_do_not_go_together_are_wrong_usage(site, args):
    source = site.add_source("shopify", wait=False)
    site.cli("source", "rotate", source.name, *args, exit_code=2)


# -- the URL ---------------------------------------------------------------------------------------------------------------


def test_a_new_url_and_the_end_of_the_old_one(site):
    source = site.add_source("shopify")
    old = source.path
    row = site.json("source", "rotate", source.name, "--url", "--grace", "1h")
    source.path = re.search(r"/in/.*", row["url"]).group(0)
    assert source.path != old
    harness.wait_until(lambda: site.ask(source.request(BODY, "products/update")).status == 200, "the new URL", 10)
    new, source.path = source.path, old

    def counted():
        assert site.ask(source.request(BODY, "products/update")).status == 200, "the old URL goes on"
        return "last_at_us:old_url" in site.json("source", "show", source.name)["counts"]

    harness.wait_until(counted, "its use is counted, once every worker knows that it is the old one", 10)
    assert "old URL was used" in line(site.cli("source", "rotate", source.name, "--url", "--finish", exit_code=1))
    site.cli("source", "rotate", source.name, "--url", "--finish", "--force")
    harness.wait_until(lambda: site.ask(source.request(BODY, "products/update")).status == 404, "the old URL is over", 10)
    source.path = new
    assert site.ask(source.request(BODY, "products/update")).status == 200


def test_an_old_url_ends_by_itself(site):
    source = site.add_source("shopify")
    site.cli("source", "rotate", source.name, "--url", "--grace", "1s")
    harness.wait_until(lambda: site.ask(source.request(BODY, "products/update")).status == 404, "the time of grace is over", 10)


UNSIGNED = {
    "route": 1, "platform": "plainform", "title": "Plain form", "setup": "Paste the URL.", "config": {},
    "push": {"verify": [{"scheme": "unsigned"}], "topic": {"const": "x"}, "dedupe": [[{"header": "X-Id"}]]},
    "topics": {"x": []}, "objects": {"customer": {"contact.email": "/email"}},
}


def test_where_nothing_is_signed_the_url_is_the_secret_and_that_is_said(make_up, workplace):
    (workplace / "plainform.json").write_text(json.dumps(UNSIGNED))
    site = make_up({"storehook": {"routes_dir": workplace}})
    out = site.cli("source", "add", "plainform", "--name", "my form").out
    assert "the URL is the secret" in out and "who has it can post" in out and 'rotate "my form" --url' in out
    assert site.json("source", "add", "plainform", "--name", "other form")["url_is_secret"] is True
    assert site.json("source", "add", "shopify", "--name", "signed", "--generate")["url_is_secret"] is False
    path = re.search(r"/in/[A-Za-z0-9_-]+", out).group(0)
    harness.wait_until(lambda: site.post(path, b"{}").status == 200, "posts are accepted", 10)
    new = re.search(r"/in/.*", site.json("source", "rotate", "my form", "--url", "--grace", "0s")["url"]).group(0)
    harness.wait_until(lambda: site.post(new, b"{}").status == 200 and site.post(path, b"{}").status == 404, "the new URL alone", 10)
    refused = site.cli("source", "add", "plainform", "--name", "third", "--secret-file", site.secret_file("x"), exit_code=1)
    assert "takes no secret" in line(refused)


# -- where no secret appears ---------------------------------------------------------------------------------------------------


def everything_below(path):
    return {p: p.read_bytes() for p in Path(path).rglob("*") if p.is_file()}


def test_no_secret_is_in_process_lists_logs_queue_or_database(up):
    """N10"""
    made = []
    for platform in ("shopify", "woocommerce", "storehook"):
        source = up.add_source(platform)
        new = harness.new_secret(platform)
        up.cli("source", "rotate", source.name, "--secret-env", "NEW_SECRET", env={"NEW_SECRET": new})
        await_accepts(up, source, new)
        made += [source.secret, new]
    made.append(up.json("source", "rotate", source.name, "--generate")["secret"])
    up.cli("source", "rotate", source.name, "--finish", "--force")
    shown = subprocess.run(["ps", "-eo", "args"], check=True, stdout=subprocess.PIPE).stdout
    for pid in os.listdir("/proc"):
        if pid.isdigit() and int(pid) in {up.process.pid, *harness.children_of(up.process.pid)}:
            shown += Path(f"/proc/{pid}/environ").read_bytes()
    with up.redis() as link:
        link.bgrewriteaof()
    ours = {path: data for path, data in everything_below(up.base).items() if not path.name.startswith("secret-")}
    assert any(path.suffix == ".db" for path in ours) and any(b"storehook:sources" in data for data in ours.values())
    for secret in made:
        key = secret.removeprefix("whsec_")
        assert key.encode() not in shown
        for path, data in ours.items():
            assert key.encode() not in data, f"{path} holds a secret"
            if secret.startswith("whsec_"):
                assert base64.b64decode(key) not in data, f"{path} holds a secret"
