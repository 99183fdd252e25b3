"""`storehook contacts import` with the real program: rows in, contacts out; what is rejected, repeated, interrupted, refused (AC-37)."""

import csv
import io
import os
import re
import secrets
import subprocess

import pytest

import harness

EXPORTED = ["email", "first_name", "last_name", "phone", "consent", "created_at"]
CONFIRMED = ("--consent-confirmed", "Ada, 2024-05-02, paper forms")


def write(site, text, newline="\n"):
    path = site.base / f"{secrets.token_hex(6)}.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.replace("\n", newline).encode())
    return path


def table(site, head, rows):
    out = io.StringIO()
    csv.writer(out).writerows([head, *rows])
    return write(site, out.getvalue())


def do_import(site, path, *args, exit_code=0):
    return site.json("contacts", "import", path, *args, exit_code=exit_code)


def sums(report):
    return {name: report[name] for name in ("rows", "new", "updated", "unchanged", "before", "rejected")}


def expect(rows=0, new=0, updated=0, unchanged=0, before=0, rejected=0):
    return {"rows": rows, "new": new, "updated": updated, "unchanged": unchanged, "before": before, "rejected": rejected}


def state_of(site):
    return {contact["email"]: {k: v for k, v in contact.items() if k not in ("id", "updated_at")} for contact in site.export()}


def address():
    return f"{secrets.token_hex(6)}@example.com"


def test_rows_become_contacts_with_names_fields_and_list(site):
    email, other = address(), address()
    path = write(site, f'\ufeffE-Mail;First Name;Shoe Size;Note\n{email};Zoë;41;"one\ntwo; ""three"""\n{other};"=Ann";;\n', "\r\n")
    report = do_import(site, path, "--separator", ";", "--fields", "--list", "news")
    assert sums(report) == expect(rows=2, new=2)
    contact = site.contact(email)
    assert contact["first_name"] == "Zoë" and contact["fields"] == {"csv_shoe_size": "41", "csv_note": 'one\r\ntwo; "three"'}
    assert [entry["list"] for entry in contact["lists"]] == ["news"]
    assert contact["consent"]["state"] == "none" and not contact["mailable"]
    assert site.contact(other)["first_name"] == "=Ann" and site.contact(other)["fields"] == {}


def test_columns_that_are_not_taken_are_named_once(site):
    path = write(site, f"email,Colour,Planet,Given\n{address()},red,Mars,Ann\n")
    said = site.cli("contacts", "import", path, "--map", "Given=contact.first_name", "--dry-run").out
    assert 'column "Given" -> contact.first_name' in said
    assert said.count('not taken: "Colour", "Planet"; --fields keeps such columns') == 1


def test_rejected_rows_are_listed_with_line_and_reason_and_the_others_are_taken(site):
    good, last = address(), address()
    path = write(site, f'email,first_name,consent,created_at\n{good},A,,\nnobody,,,\n,B,,\n{address()},"a"b,,\nx,y\n'
                       f'{address()},,perhaps,\n{address()},,,yesterday\n{last},Last,,\n')
    dead = site.dead_count()
    report = do_import(site, path, exit_code=1)
    assert sums(report) == expect(rows=8, new=2, rejected=6)
    assert [(row["line"], row["reason"]) for row in report["rejects"]] == [
        (3, "invalid_email"), (4, "no_email"), (5, "csv"), (6, "columns"), (7, "mapping"), (8, "mapping")]
    assert report["reasons"] == {"invalid_email": 1, "no_email": 1, "csv": 1, "columns": 1, "mapping": 2}
    assert site.contact(good)["first_name"] == "A" and site.contact(last)["first_name"] == "Last"
    assert site.dead_count() == dead, "what the command itself refuses makes no dead letter"
    shown = site.cli("contacts", "import", path, "--rejected", "1", exit_code=1)
    assert "line 3: invalid_email: " in shown.out and "line 4" not in shown.out and "and 5 more rejected rows" in shown.out
    assert "6 of 8 rows were rejected" in shown.err


def test_AC_32_a_dry_run_says_what_would_be_and_changes_nothing(make_up):
    site = make_up()
    known = address()
    do_import(site, write(site, f"email,first_name\n{known},Old\n"))
    before, sources = state_of(site), site.json("source", "list")
    text = f"email,first_name\n{known},New\n{address()},Ann\n{address()},Bob\nwrong,C\n"
    report = do_import(site, write(site, text), "--dry-run", exit_code=1)
    assert report["dry_run"] and sums(report) == expect(rows=4, new=2, updated=1, rejected=1)
    assert state_of(site) == before and site.json("source", "list") == sources and site.queued() == 0
    assert sums(do_import(site, write(site, text), exit_code=1)) == expect(rows=4, new=2, updated=1, rejected=1)
    assert sums(do_import(site, write(site, text), "--dry-run", exit_code=1)) == expect(rows=4, before=3, rejected=1)


def test_a_dry_run_before_any_import_makes_no_source(make_up):
    site = make_up()
    assert sums(do_import(site, write(site, f"email\n{address()}\n"), "--dry-run")) == expect(rows=1, new=1)
    assert harness.rows(site.json("source", "list"), "sources") == [] and site.contacts() == []


def test_the_same_file_twice_changes_nothing(site):
    email = address()
    path = write(site, f"email,first_name,consent\n{email},Zoe,unsubscribed\n")
    assert sums(do_import(site, path)) == expect(rows=1, new=1)
    before, ledger = site.contact(email), site.why(email)
    assert sums(do_import(site, path)) == expect(rows=1, before=1)
    assert site.contact(email) == before and site.why(email) == ledger
    same_content = write(site, f"first_name,email,consent\nZoe,{email},\n")
    assert sums(do_import(site, same_content)) == expect(rows=1, unchanged=1)


@pytest.mark.parametrize("order", ["refusal first", "import first"])
def test_C4_an_import_never_relaxes_an_unsubscribed_contact(site, plugin, order):
    email = address()
    path = write(site, f"email,consent,consent_at\n{email},subscribed,2034-01-01\n")
    if order == "import first":
        assert do_import(site, path, *CONFIRMED)["consent_refused"] == 0
        assert site.contact(email)["mailable"]
    plugin.event("unsubscribe", contact={"email": email})
    if order == "refusal first":
        assert do_import(site, path, *CONFIRMED)["consent_refused"] == 1
    contact = site.contact(email)
    assert contact["consent"]["state"] == "unsubscribed" and not contact["mailable"]


def test_C11_subscribed_needs_the_operators_word_and_a_refusal_does_not(site):
    yes, no = address(), address()
    path = write(site, f"email,consent\n{yes},subscribed\n{no},unsubscribed\n")
    said = site.cli("contacts", "import", path).out
    assert "consent: only refusals are taken" in said
    assert site.contact(yes)["consent"]["state"] == "none" and site.contact(no)["consent"]["state"] == "unsubscribed"
    do_import(site, path, *CONFIRMED)
    consent = site.contact(yes)["consent"]
    assert (consent["state"], consent["source"], consent["basis"]) == ("subscribed", "csv import", CONFIRMED[1])
    assert site.contact(no)["consent"]["state"] == "unsubscribed"


def test_an_export_imported_elsewhere_is_exported_the_same(site, plugin, make_up):
    people = [("subscribe", "Zoë", "O'Brien"), ("unsubscribe", "=cmd()", '"quoted", and\r\nmore'), ("signup", "'=1", "-")]
    for index, (kind, first, last) in enumerate(people):
        contact = {"email": address(), "first_name": first, "last_name": last, "phone": f"+49 30 {index}",
                   "created_at": f"2020-01-0{index + 1}T10:00:00.5Z"}
        plugin.event("customer_updated", contact=contact)
        plugin.event(kind, contact={"email": contact["email"]})
    exported = site.cli("contacts", "export", "--format", "csv").out
    elsewhere = make_up()
    path = write(elsewhere, exported.encode())
    assert do_import(elsewhere, path, *CONFIRMED)["rejected"] == 0
    again = elsewhere.cli("contacts", "export", "--format", "csv").out

    def importable(text):
        return sorted([row[name] for name in EXPORTED] for row in csv.DictReader(io.StringIO(text, newline="")))

    assert importable(again) == importable(exported) and len(importable(again)) >= 3


def test_AC_37_ten_thousand_rows_in_one_go(make_up):
    site = make_up()
    people = [(f"p{i}@example.com", f"First {i}", "x" * 50) for i in range(10000)]
    path = table(site, ["email", "first_name", "note"], people)
    result = site.cli("contacts", "import", path, "--fields", "--json", timeout=120)
    assert sums(result.json) == expect(rows=10000, new=10000)
    assert site.json("stats")["contacts"] == 10000
    assert site.contact("p9999@example.com")["fields"]["csv_note"] == "x" * 50
    assert sums(do_import(site, path, "--fields")) == expect(rows=10000, before=10000)


def test_killed_in_the_middle_and_repeated_ends_the_same(make_up):
    site, whole = make_up(), make_up()
    people = [(f"p{i % 5000}@example.com", f"First {i}", "unsubscribed" if i % 7 == 0 else "") for i in range(6000)]
    path = table(site, ["email", "first_name", "consent"], people)
    args = [harness.BINARY, "contacts", "import", path, "--config", site.config]
    killed = subprocess.Popen([str(arg) for arg in args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    harness.wait_until(lambda: site.json("stats")["contacts"] >= 500, "some rows are applied", 60)
    killed.kill()
    killed.wait()
    report = do_import(site, path)
    assert report["rows"] == 6000 and report["rejected"] == 0 and report["before"] >= 500
    assert do_import(whole, path)["before"] == 0

    def told(place):
        return {email: (c["first_name"], c["consent"]["state"]) for email, c in state_of(place).items()}

    assert told(site) == told(whole) and len(told(site)) == 5000
    assert told(site)["p3@example.com"][0] == "First 5003", "of two rows for one address the later one counts"
    assert sums(do_import(site, path)) == expect(rows=6000, before=6000)


def test_without_a_drainer_it_says_so_and_the_same_command_goes_on(roles):
    roles.start_redis()
    path = write(roles, "email\n" + "".join(f"w{i}@example.com\n" for i in range(3)))
    result = roles.cli("contacts", "import", path, "--wait", "2500ms", exit_code=1)
    assert "no drainer runs" in result.err and "give the same command again" in result.err
    assert roles.contacts() == []
    roles.start_role("drain")
    report = do_import(roles, path)
    assert report["new"] + report["before"] == 3 and report["rejected"] == 0
    assert len(roles.contacts()) == 3


def test_progress_is_shown_on_a_terminal_only(site):
    path = write(site, f"email\n{address()}\n")
    watcher, terminal = os.openpty()
    try:
        args = [harness.BINARY, "contacts", "import", path, "--config", site.config]
        done = subprocess.run([str(arg) for arg in args], stdout=subprocess.PIPE, stderr=terminal, timeout=60)
        shown = os.read(watcher, 65536)
    finally:
        os.close(watcher)
        os.close(terminal)
    assert done.returncode == 0 and b"1 rows, 0 rejected, 100 % of the file" in shown and b"%" not in done.stdout
    assert site.cli("contacts", "import", path).err == ""


def test_the_source_of_imports_takes_nothing_over_http(site):
    do_import(site, write(site, f"email\n{address()}\n"))
    row = next(row for row in harness.rows(site.json("source", "list"), "sources") if row["name"] == "csv import")
    assert row["platform"] == "csv"
    endpoint = re.search(r"/in/\S+$", row["url"]).group(0)
    assert site.post(endpoint, b"{}").status == 404
    site.cli("source", "enable", "csv import")
    try:
        harness.wait_until(lambda: site.post(endpoint, b"{}").status == 401, "an enabled one still refuses every request")
    finally:
        site.cli("source", "disable", "csv import")
    refused = site.cli("source", "add", "csv", "--name", "mine", exit_code=1)
    assert "storehook contacts import" in refused.err


@pytest.mark.parametrize("text, words", [
    ("", "the file is empty"),
    ("name,phone\nA,1\n", 'say which: --map "Column=contact.email"'),
    ("email;name\na@b.example;A\n", '--separator ";"'),
    ('email,"na"me\n', "line 1, character 11: text after a closing quote"),
    ("email,E-Mail\n", "mean the same"),
])
def test_a_file_that_cannot_be_imported_is_refused_before_anything_is_done(site, text, words):
    before = site.settled_counts()
    result = site.cli("contacts", "import", write(site, text), exit_code=1)
    assert words in result.err and len(result.err.strip().splitlines()) == 1
    assert site.counts() == before


@pytest.mark.parametrize("args, code, words", [
    (["no-such-file.csv"], 1, "no-such-file.csv: No such file"),
    (["/dev/null"], 1, "must be a regular file"),
    ([], 2, "an argument is missing"),
    (["x.csv", "--separator", "ab"], 2, "--separator"),
    (["x.csv", "--consent-confirmed", " "], 2, "say who confirmed"),
    (["x.csv", "--rejected", "-1"], 2, "--rejected"),
])
def test_wrong_usage_is_told(site, args, code, words):
    result = site.cli("contacts", "import", *args, exit_code=code)
    assert words in result.err and result.out == ""
