"""The command line's contract: help, exit codes, --json, and what each command of this issue does."""

import json
import re

import pytest

import bodies
import harness
import signing

COMMANDS = ["up", "serve", "drain", "source", "send", "contacts", "why", "dead", "stats", "config", "account"]
NESTED = {"source": ["add", "list", "show", "rotate", "disable", "remove"], "contacts": ["list", "show", "export", "import", "erase"],
          "dead": ["list", "show", "replay", "drop"], "config": ["show", "check"], "account": ["add", "list", "show", "remove"]}


def one_line(text):
    lines = text.strip().splitlines()
    assert len(lines) == 1, f"one line on stderr says what and what to do: {text!r}"
    return lines[0]


# -- help and usage -----------------------------------------------------------------------------------------------------


def test_help_names_every_command():
    result = harness.run("--help")
    assert result.exit == 0 and result.err == ""
    for command in COMMANDS:
        assert re.search(rf"^\s*(storehook )?{command}\b", result.out, re.M), command


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(command):
    result = harness.run(command, "--help")
    assert result.exit == 0 and command in result.out and result.err == ""
    for verb in NESTED.get(command, []):
        assert verb in result.out
    if command not in NESTED:
        assert "--json" in result.out or command in ("up", "serve", "drain", "send")


@pytest.mark.parametrize("args", [[], ["nonsense"], ["source"], ["source", "nonsense"], ["contacts", "show"], ["why"],
                                  ["stats", "--nonsense"], ["stats", "extra"], ["up", "--port"], ["up", "--port", "x"],
                                  ["up", "--port", "70000"], ["up", "--port", "-1"], ["source", "add"], ["source", "add", "shopify"],
                                  ["dead", "show"], ["send", "shopify"], ["contacts", "export", "--format", "xml"]])
def test_wrong_usage_is_exit_2_with_a_line_on_stderr(workplace, args):
    result = harness.run(*args, *(["--dir", workplace] if args else []))
    assert result.exit == 2, result
    assert result.err.strip() and result.out == ""


@pytest.mark.parametrize("args, env", [(["--dir", ""], {}), ([], {"STOREHOOK_STOREHOOK_DIR": ""})])
def test_an_empty_directory_is_refused_and_is_not_the_root(args, env):
    """As with a shell's variable that is not set."""
    result = harness.run("contacts", "list", *args, env=env)
    assert result.exit in (1, 2) and "empty" in one_line(result.err), result


def test_near_miss_of_a_command_is_named():
    result = harness.run("contcats", "list")
    assert result.exit == 2 and "contacts" in result.err


# -- config -------------------------------------------------------------------------------------------------------------------


def write_config(place, text):
    path = place / "c.ini"
    path.write_text(text)
    return path


@pytest.mark.parametrize("text, line, word", [
    ("[storehook]\ndir = /tmp\n\nlgo_level = info\n", 4, "log_level"),
    ("[serve]\nworkers = many\n", 2, "workers"),
    ("[serve]\nworkers = 100000\n", 2, "workers"),
    ("[serve]\nhead_timeout = 10 parsecs\n", 2, "head_timeout"),
    ("[sevre]\nworkers = 1\n", 2, "serve"),
    ("[storehook]\nlog_level = shout\n", 2, "log_level"),
])
@pytest.mark.parametrize("command", [["config", "check"], ["up", "--port", "0"], ["contacts", "list"]])
def test_unknown_key_or_bad_value_stops_with_file_and_line(workplace, text, line, word, command):
    path = write_config(workplace, text)
    result = harness.run(*command, "--config", path)
    assert result.exit == 1, result
    assert f"{path}:{line}" in result.err and word in result.err


def test_config_check_of_a_good_file(workplace):
    assert harness.run("config", "check", "--config", write_config(workplace, "[serve]\nworkers = 2\n")).exit == 0


def test_missing_config_file_is_exit_1(workplace):
    result = harness.run("config", "show", "--config", workplace / "none.ini")
    assert result.exit == 1 and "none.ini" in one_line(result.err)


def test_config_show_masks_secrets(workplace):
    key, password = "ab" * 32, "open-sesame"
    path = write_config(workplace, f"[storehook]\nmaster_key = {key}\n[redis]\nurl = redis://u:{password}@127.0.0.1:6379\n"
                                   "[db]\nurl = postgres://u:open-sesame@127.0.0.1/x\n")
    for args in ([], ["--json"]):
        result = harness.run("config", "show", "--config", path, *args)
        assert result.exit == 0
        assert key not in result.out + result.err and password not in result.out + result.err
        assert "***" in result.out
    assert isinstance(harness.run("config", "show", "--config", path, "--json").json, dict)


def test_config_show_prints_every_setting_with_its_origin(workplace):
    path = write_config(workplace, "[serve]\nworkers = 3\n")
    text = harness.run("config", "show", "--config", path, env={"STOREHOOK_DRAIN_BATCH": "77"}).out
    assert re.search(r"workers\s*=\s*3\b.*c\.ini:2", text)
    assert re.search(r"batch\s*=\s*77\b.*environment", text)
    assert re.search(r"body_max\s*=.*default", text)


def test_environment_wins_over_the_file_and_is_checked(workplace):
    path = write_config(workplace, "[serve]\nworkers = 3\n")
    shown = harness.run("config", "show", "--json", "--config", path, env={"STOREHOOK_SERVE_WORKERS": "4"}).out
    assert re.search(r'workers"?[^0-9]*"?4\b', shown)
    bad = harness.run("config", "check", "--config", path, env={"STOREHOOK_SERVE_WORKERS": "x"})
    assert bad.exit == 1 and "environment" in bad.err and "serve.workers" in bad.err


def test_sample_as_json_lists_every_setting_with_its_bounds(workplace):
    rows = {row["name"]: row for row in json.loads(harness.run("config", "sample", "--json").out)}
    assert set(rows) == set(json.loads(harness.run("config", "show", "--json", "--dir", workplace).out))
    assert rows["serve.workers"] == {"name": "serve.workers", "type": "int", "default": "0", "min": 0, "max": 256,
                                     "help": "worker threads; 0 = one a core"}
    assert rows["serve.body_max"]["type"] == "bytes" and rows["serve.body_max"]["max"] == 64 << 20
    assert rows["redis.timeout"]["type"] == "time" and rows["redis.timeout"]["min"] == 50
    assert rows["db.url"]["min"] is None and rows["db.url"]["max"] is None


# -- source -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", ["shopify", "woocommerce"])
def test_source_add_prints_the_endpoint_and_where_to_paste_it(site, platform):
    result = site.cli("source", "add", platform, "--name", f"hint-{platform}", "--secret-file", site.secret_file("abc"))
    assert re.search(r"https://\S+/in/[A-Za-z0-9_-]{16,}", result.out)
    assert "webhook" in result.out.lower(), "where in the shop's admin to paste it"
    assert "abc" not in result.out.replace(re.search(r"/in/\S+", result.out).group(0), "")


def test_source_add_json(site):
    row = site.json("source", "add", "shopify", "--name", "as-json", "--secret-file", site.secret_file("abc"))
    assert row["name"] == "as-json" and row["platform"] == "shopify"
    assert any("/in/" in str(value) for value in row.values())


def test_source_add_makes_a_secret_for_our_own_protocol_and_shows_it_once(site):
    result = site.cli("source", "add", "storehook", "--name", "made-secret")
    secret = re.search(r"whsec_[A-Za-z0-9+/=]{40,}", result.out).group(0)
    path = re.search(r"/in/[A-Za-z0-9_-]+", result.out).group(0)
    source = harness.Source(site, "storehook", "made-secret", secret, path)
    source.await_known()
    source.apply({"id": "1", "type": "ping"})
    for args in (["source", "show", "made-secret"], ["source", "list"], ["source", "show", "made-secret", "--json"]):
        assert secret not in site.cli(*args).out


def test_endpoints_are_unguessable_and_differ(site):
    paths = {site.add_source("shopify", wait=False).path for _ in range(5)}
    assert len(paths) == 5 and all(len(p) - len("/in/") >= 22 for p in paths)


def test_source_names_are_unique(site):
    site.add_source("shopify", name="twice", wait=False)
    result = site.cli("source", "add", "woocommerce", "--name", "twice", "--secret-file", site.secret_file("x"), exit_code=1)
    assert "twice" in one_line(result.err)


def test_source_add_of_an_unknown_platform_names_the_nearest(site):
    result = site.cli("source", "add", "shopfy", "--name", "n", "--secret-file", site.secret_file("x"), exit_code=None)
    assert result.exit in (1, 2) and "shopify" in one_line(result.err)


@pytest.mark.parametrize("secret", ["", "\n"])
def test_source_add_refuses_an_empty_secret(site, secret):
    result = site.cli("source", "add", "shopify", "--name", "empty", "--secret-file", site.secret_file(secret), exit_code=1)
    assert "empty" in one_line(result.err)
    assert "empty" not in [s["name"] for s in harness.rows(site.json("source", "list"), "sources")]


def test_source_add_refuses_a_secret_of_the_wrong_form(site):
    site.cli("source", "add", "storehook", "--name", "form", "--secret-file", site.secret_file("whsec_***"), exit_code=1)


def test_source_list_and_show(site):
    source = site.add_source("woocommerce", name="listed")
    rows = {s["name"]: s for s in harness.rows(site.json("source", "list"), "sources")}
    assert rows["listed"]["platform"] == "woocommerce" and rows["listed"]["enabled"] is True
    shown = site.json("source", "show", "listed")
    assert shown["name"] == "listed" and source.path in json.dumps(shown)
    assert source.secret not in json.dumps(shown) + json.dumps(rows)
    assert "listed" in site.cli("source", "list").out
    site.cli("source", "show", "nobody", exit_code=1)


def test_rotate_keeps_the_old_secret_for_a_while(site):
    source = site.add_source("shopify", name="rotated")
    old, new = source.secret, "brand-new-secret"
    site.cli("source", "rotate", "rotated", "--secret-file", site.secret_file(new))
    source.secret = new
    harness.wait_until(lambda: site.ask(source.request(b"{}", "customers/update")).status == 200, "the new secret verifies", 5)
    source.secret = old
    assert site.ask(source.request(b"{}", "customers/update")).status == 200
    shown = json.dumps(site.json("source", "show", "rotated"))
    assert old not in shown and new not in shown


def test_disabled_source_is_unknown_to_senders(site):
    source = site.add_source("shopify", name="disabled")
    site.cli("source", "disable", "disabled")
    harness.wait_until(lambda: site.ask(source.request(b"{}", "customers/update")).status == 404, "disabled", 5)
    rows = {s["name"]: s for s in harness.rows(site.json("source", "list"), "sources")}
    assert rows["disabled"]["enabled"] is False


def test_removed_source_is_gone_and_its_contacts_stay(site):
    source = site.add_source("shopify", name="removed")
    source.apply(bodies.shopify_customer(1, "stays@example.com"), "customers/create")
    site.cli("source", "remove", "removed")
    harness.wait_until(lambda: site.ask(source.request(b"{}", "customers/update")).status == 404, "removed", 5)
    site.cli("source", "show", "removed", exit_code=1)
    assert site.has_contact("stays@example.com")


# -- contacts, why --------------------------------------------------------------------------------------------------------------


def test_contacts_list_show_and_export_agree(site):
    source = site.add_source("shopify")
    source.apply(bodies.shopify_customer(31, "agree@example.com", first_name="Änne, \"quoted\""), "customers/create")
    assert "agree@example.com" in site.cli("contacts", "list").out
    shown = site.contact("agree@example.com")
    assert [c for c in site.export() if c["email"] == "agree@example.com"] == [shown]
    csv = site.cli("contacts", "export", "--format", "csv").out
    assert csv.splitlines()[0].startswith("id,") or "email" in csv.splitlines()[0]
    assert '"Änne, ""quoted"""' in csv
    mixed = site.cli("contacts", "export", "--format", "csv", "--json", exit_code=2)
    assert "--format jsonl" in one_line(mixed.err) and mixed.out == ""
    assert "Änne" in site.cli("contacts", "show", "agree@example.com").out


def test_contacts_show_of_nobody_is_exit_1(site):
    result = site.cli("contacts", "show", "nobody@example.com", exit_code=1)
    assert "nobody@example.com" in one_line(result.err) and result.out == ""


def test_why_says_what_was_applied_and_refused(site):
    source = site.add_source("storehook")
    person = bodies.person("why@example.com", 1)
    source.event("signup", occurred_at=bodies.at(0), contact={**person, "consent": bodies.email_consent("unsubscribed", 100)})
    source.event("customer_updated", occurred_at=bodies.at(200),
                 contact={**person, "consent": bodies.email_consent("subscribed", 50), "updated_at": bodies.at(200)})
    ledger = site.why("why@example.com")
    assert len(ledger) >= 2
    assert source.name in json.dumps(ledger)
    assert re.search(r"\bC[235]\b", json.dumps(ledger)), "the rule that refused the older opt-in"
    assert "unsubscribed" in site.cli("why", "why@example.com").out
    site.cli("why", "nobody-at-all@example.com", exit_code=1)


# -- dead -----------------------------------------------------------------------------------------------------------------------


def test_dead_list_show_drop(site):
    source = site.add_source("shopify", name="dead-source")
    delivery = source.apply(b"no json", "customers/create")
    source.apply({"id": 5}, "orders/create")
    assert len(site.dead(source=source)) == 2
    letters = site.dead(source=source, reason="not_json")
    assert [letter["reason"] for letter in letters] == ["not_json"]
    assert letters[0]["topic"] == "customers/create" and letters[0]["source"] == "dead-source"
    assert "not_json" in site.cli("dead", "list", "--source", "dead-source").out
    shown = site.json("dead", "show", delivery)
    assert "no json" in json.dumps(shown)
    site.cli("dead", "show", "0" * 32, exit_code=1)
    site.cli("dead", "drop", "--source", "dead-source", "--reason", "not_json")
    assert [letter["reason"] for letter in site.dead(source=source)] == ["mapping"]
    site.cli("dead", "drop", site.dead(source=source)[0]["id"])
    assert site.dead(source=source) == []


def test_dead_drop_without_anything_to_say_what_is_wrong_usage(site):
    site.cli("dead", "drop", exit_code=2)


def test_dead_replay_applies_what_has_become_applicable(site):
    """A refund whose letter is replayed, and one that still cannot be applied comes back with its reason."""
    source = site.add_source("shopify", name="replayed")
    source.apply(bodies.shopify_customer(1, None), "customers/create")
    letter = site.dead(source=source)[0]
    site.cli("dead", "replay", letter["id"])
    site.settle()
    again = site.dead(source=source)
    assert [a["reason"] for a in again] == ["no_email"]
    assert again[0]["id"] != letter["id"]


# -- stats, send ------------------------------------------------------------------------------------------------------------------


def test_stats_counts_lanes_and_dead_letters(site):
    before = site.json("stats")
    source = site.add_source("shopify")
    source.apply(b"no json", "customers/create")
    after = site.json("stats")
    text = json.dumps(after)
    for lane in harness.LANES:
        assert lane in text
    assert json.dumps(before) != text and "dead" in text
    assert "dead" in site.cli("stats").out


def send(site, source, topic, *args, exit_code=0, body=None):
    extra = []
    if body is not None:
        path = site.base / "body.json"
        path.write_text(json.dumps(body))
        extra = ["--body", path]
    url = f"https://127.0.0.1:{site.port}{source.path}"
    return site.cli("send", source.platform, topic, "--to", url, "--secret-file", site.secret_file(source.secret), *extra, *args,
                    exit_code=exit_code)


@pytest.mark.parametrize("platform, topic, body", [
    ("shopify", "customers/create", bodies.shopify_customer(1, "send-shopify@example.com")),
    ("woocommerce", "customer.created", bodies.woo_customer(1, "send-woocommerce@example.com")),
    ("storehook", "signup", {"id": "s", "type": "signup", "occurred_at": bodies.at(1),
                             "contact": bodies.person("send-storehook@example.com", 1)}),
])
def test_send_signs_as_the_platform_does(site, platform, topic, body):
    source = site.add_source(platform)
    assert "200" in send(site, source, topic, body=body).out
    site.settle()
    assert site.has_contact(f"send-{platform}@example.com")
    assert site.dead(source=source) == []


def test_send_says_that_everybody_may_read_the_secret(site):
    source = site.add_source("shopify")
    path = site.secret_file(source.secret)
    path.chmod(0o644)
    url = f"https://127.0.0.1:{site.port}{source.path}"
    result = site.cli("send", "shopify", "customers/create", "--to", url, "--secret-file", path)
    assert "everybody may read" in one_line(result.err) and str(path) in result.err
    path.chmod(0o600)
    assert site.cli("send", "shopify", "customers/create", "--to", url, "--secret-file", path).err == ""


def test_send_has_a_sample_body_of_its_own(site):
    source = site.add_source("shopify")
    before = len(site.contacts())
    send(site, source, "customers/create")
    site.settle()
    assert len(site.contacts()) == before + 1 and site.dead(source=source) == []


def test_send_count_sends_different_deliveries(site):
    source = site.add_source("storehook")
    source.event("signup", occurred_at=bodies.at(0), contact=bodies.person("count@example.com", 1))
    visit = {"type": "page_visit", "occurred_at": bodies.at(5), "contact": bodies.person("count@example.com", 1),
             "page": {"url": "https://s.example.com/"}}
    send(site, source, "page_visit", "--count", "3", body=visit)
    site.settle()
    assert site.contact("count@example.com")["visits"]["count"] == 3


def test_send_duplicate_is_answered_200_and_applied_once(site):
    source = site.add_source("storehook")
    source.event("signup", occurred_at=bodies.at(0), contact=bodies.person("dup@example.com", 1))
    visit = {"type": "page_visit", "occurred_at": bodies.at(5), "contact": bodies.person("dup@example.com", 1),
             "page": {"url": "https://s.example.com/"}}
    result = send(site, source, "page_visit", "--duplicate", body=visit)
    assert result.out.count("200") >= 2
    site.settle()
    assert site.contact("dup@example.com")["visits"]["count"] == 1


@pytest.mark.parametrize("flag, platform, topic", [("--tamper", "shopify", "customers/create"),
                                                   ("--tamper", "woocommerce", "customer.created"),
                                                   ("--tamper", "storehook", "signup"), ("--stale", "storehook", "signup")])
def test_send_tampered_or_stale_is_refused_with_401(site, flag, platform, topic):
    source = site.add_source(platform)
    before = site.settled_counts()
    result = send(site, source, topic, flag, exit_code=None)
    assert "401" in result.out + result.err
    assert site.counts() == before


def test_send_to_nowhere_is_exit_1(site):
    result = site.cli("send", "shopify", "customers/create", "--to", "https://127.0.0.1:1/in/x", "--secret-file",
                      site.secret_file("x"), exit_code=1)
    one_line(result.err)


def test_send_stale_of_a_scheme_without_time_says_so(site):
    source = site.add_source("shopify")
    result = send(site, source, "customers/create", "--stale", exit_code=None)
    assert result.exit != 0 and "stale" in result.err


def test_N10_secrets_never_reach_the_logs(site):
    source = site.add_source("shopify", secret="needle-in-the-log-needle")
    source.push(b"{}", "customers/update")
    site.post(source.path, b"{}", signing.shopify("needle-in-the-log-other", b"{}", "customers/update"))
    assert "needle-in-the-log" not in site.log()
