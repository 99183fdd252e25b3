"""Holds README.md and the manual page to the program: the first webhook as it stands there, and every example of the manual."""

import re
import shlex

import harness

ROOT = harness.ROOT


def section(name):
    text = (ROOT / "README.md").read_text()
    return text.split(f"\n## {name}\n", 1)[1].split("\n## ", 1)[0]


def commands(text):
    """The storehook commands of an indented block, as arguments, without comments."""
    lines = [line.strip() for line in text.splitlines() if re.match(r"    build/storehook ", line)]
    return [shlex.split(line.rstrip("& "), comments=True)[1:] for line in lines]


def run_as_written(up, args, url, secret, email):
    known = {"https://127.0.0.1:8443/in/<key>": url, "https://127.0.0.1:8443/in/KEY": url, "secret.txt": str(secret),
             "EMAIL": email, "zoe@example.com": email}
    return up.cli(*[known.get(a, a) for a in args])


def test_first_webhook_of_the_readme(up):
    start, add, *rest = commands(section("First webhook in a minute"))
    assert start[0] == "up" and add[:2] == ["source", "add"]
    secret = up.secret_file("of-the-readme")
    added = run_as_written(up, add, None, secret, None).out
    url = re.search(r"https://\S+/in/\S+", added).group()
    assert [args[0] for args in rest] == ["send", "contacts", "why"]
    assert "200" in run_as_written(up, rest[0], url, secret, None).out
    up.settle()
    (contact,) = up.contacts()
    assert contact["email"] in run_as_written(up, rest[1], url, secret, None).out
    assert contact["email"] in run_as_written(up, rest[2], url, secret, contact["email"]).out


def test_examples_and_commands_of_the_manual(up):
    manual = (ROOT / "docs/man/storehook.1").read_text().replace("\\-", "-")
    examples = manual.split(".SH EXAMPLES\n.nf\n", 1)[1].split(".fi", 1)[0].splitlines()
    start, add, send, why = [shlex.split(line)[1:] for line in examples]
    assert start[0] == "up"
    secret = up.secret_file("of-the-manual")
    url = re.search(r"https://\S+/in/\S+", run_as_written(up, add, None, secret, None).out).group()
    assert "200" in run_as_written(up, send, url, secret, None).out
    up.settle()
    run_as_written(up, why, url, secret, up.contacts()[0]["email"])
    known = re.findall(r"^  (\w+)  ", harness.run("--help").out, re.M)
    for command in known:
        assert re.search(rf"^\.(B|BI) \"?{command}\b", manual, re.M), f"the manual does not name `{command}`"
