"""Lists and consent from the command line: kinds, what an operator notes, suppressions (C3, C4, C6, C8, C10, C12)."""
import json
import secrets

import pytest

PROOF = ("--proof", "card 17 of the fair", "--by", "ada")


def address():
    return f"{secrets.token_hex(6)}@example.com"


def run(site, *arguments, code=0):
    said = site.cli(*arguments, "--json", exit_code=code)
    return json.loads(said.out) if said.out else None


def status(site, who, name):
    return {entry["list"]: entry["status"] for entry in site.contact(who)["lists"]}.get(name)


def test_C8_an_opt_in_to_a_double_list_waits_until_it_is_confirmed(site):
    zoe = address()
    assert run(site, "list", "add", "sure", "--opt-in", "double", "--title", "Sure")["opt_in"] == "double"
    run(site, "list", "subscribe", zoe, "sure", *PROOF)
    assert status(site, zoe, "sure") == "pending"
    run(site, "list", "confirm", zoe, "sure", "--by", "ada")
    assert status(site, zoe, "sure") == "subscribed"
    shown = run(site, "list", "show", "sure")
    assert (shown["counts"]["subscribed"], shown["counts"]["pending"], shown["mailable"]) == (1, 0, 1)
    assert run(site, "list", "confirm", zoe, "sure", code=1) is None
    assert "waits for a confirmation" in site.cli("list", "confirm", zoe, "sure", exit_code=None).err


def test_C4_without_a_proof_nobody_is_brought_back(site):
    bob = address()
    run(site, "list", "add", "plain")
    run(site, "list", "subscribe", bob, "plain")
    run(site, "list", "unsubscribe", bob, "plain")
    refused = site.cli("list", "subscribe", bob, "plain", exit_code=None)
    assert refused.exit == 1 and "--proof" in refused.err
    assert status(site, bob, "plain") == "unsubscribed"
    run(site, "list", "subscribe", bob, "plain", *PROOF)
    assert status(site, bob, "plain") == "subscribed"


def test_C10_C12_without_a_list_it_is_for_all_and_why_says_who(site):
    eve = address()
    for name in ("one", "two"):
        run(site, "list", "add", name)
        run(site, "list", "subscribe", eve, name, *PROOF)
    run(site, "list", "unsubscribe", eve, "--proof", "on the telephone", "--by", "grace")
    assert [status(site, eve, name) for name in ("one", "two")] == ["unsubscribed", "unsubscribed"]
    assert "unsubscribed by grace: on the telephone" in site.cli("why", eve).out


def test_C6_an_operator_suppresses_and_lifts_that_again(site):
    kim = address()
    run(site, "contacts", "suppress", kim, "--reason", "a lawyer's letter")
    run(site, "list", "add", "letters")
    run(site, "list", "subscribe", kim, "letters", *PROOF)
    assert site.contact(kim)["suppressions"] == ["manual"]
    assert [entry["mailable"] for entry in site.contact(kim)["lists"]] == [False]
    run(site, "contacts", "unsuppress", kim, "--reason", "settled")
    assert [entry["mailable"] for entry in site.contact(kim)["lists"]] == [True]
    assert site.cli("contacts", "suppress", kim, exit_code=None).exit == 2
    assert "--reason: " in site.cli("contacts", "suppress", kim, "--reason", " ", exit_code=2).err


def test_a_title_and_a_name_cannot_steer_the_terminal(site):
    run(site, "list", "add", "steered", "--title", "red \x1b[31m \x9b31m")
    shown = site.cli("list", "show", "steered")
    assert "red \\x1b[31m \\xc2\\x9b31m" in shown.out and "\x1b" not in shown.out
    assert 'no list "\\x1b[31m"' in site.cli("list", "show", "\x1b[31m", exit_code=1).err


def test_a_source_makes_its_list_and_keeps_it(site):
    site.add_source("storehook", extra=("--list", "made-by-source"))
    rows = {row["name"]: row for row in run(site, "list", "list")}
    assert rows["made-by-source"]["opt_in"] == "single"
    kept = site.cli("list", "remove", "made-by-source", exit_code=None)
    assert kept.exit == 1 and "remove that source first" in kept.err
    run(site, "list", "set", "made-by-source", "--opt-in", "double")
    run(site, "list", "add", "short")
    run(site, "list", "remove", "short")
    assert run(site, "list", "show", "short", code=1) is None


@pytest.mark.parametrize("wrong", [("add", "x", "--opt-in", "triple"), ("set", "sure"), ("subscribe", "a@example.com", "sure", "--confirmed"),
                                   ("subscribe", "a@example.com", "sure", "--proof", "x", "--at", "2099-01-01")])
def test_wrong_usage_says_what_is_right(site, wrong):
    said = site.cli("list", *wrong, exit_code=None)
    assert said.exit == 2 and said.err.startswith("storehook: ")


def test_C11_consent_to_text_messages_is_confirmed_apart(site):
    who = address()
    path = site.base / "texts.csv"
    path.write_text(f"email,phone,consent,sms consent\n{who},+49 30 7654321,subscribed,subscribed\n")
    site.cli("contacts", "import", path, "--list", "by-file", "--sms-consent-confirmed", "ada, forms")
    got = site.contact(who)
    assert (got["consent"]["state"], got["consent_sms"]["state"]) == ("none", "subscribed")
    assert "by-file" in [row["name"] for row in run(site, "list", "list")]
