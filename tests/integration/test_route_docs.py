"""docs/routes.md: its worked example and its tables of operators say what the program does."""

import json
import pathlib
import re
import shlex

import pytest

import harness

PAGE = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "routes.md").read_text()
FILES = re.findall(r"```\w+ file=(\S+)\n(.*?)```", PAGE, re.S)
COMMANDS = [(line, out) for line, out in re.findall(r"```console\n\$ storehook ([^\n]*)\n(.*?)```", PAGE, re.S)]
# "`name` | `form` | `in` | `out`...": rows of the table of operators whose example is JSON
ROWS = re.findall(r"^\| [^|]*?\| `([^`]+)` (?:\(([^|]*)\) )?\| `(\{[^`]*\})` \| (?:tags )?(`[^`]*`|nothing)", PAGE, re.M)


def test_the_page_has_an_example_and_rows():
    assert len(FILES) >= 6 and len(COMMANDS) >= 6 and len(ROWS) >= 18


@pytest.mark.parametrize("line, out", COMMANDS, ids=[line for line, _ in COMMANDS])
def test_a_command_of_the_example_prints_what_the_page_says(line, out, tmp_path, monkeypatch):
    for name, text in FILES:
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    result = harness.run(*shlex.split(line))
    assert result.exit == 0, result
    assert result.out == out


def route_of(example, element):
    each = {"each": "/l"} if element else {}
    return {
        "route": 1, "platform": "rows", "title": "Rows", "config": {"secret": {"type": "secret", "doc": "d"}},
        "push": {"verify": [{"scheme": "hmac", "header": "X-Sign", "encoding": "hex"}], "topic": {"const": "t"}, "dedupe": [], **each},
        "topics": {"t": {"event": "customer_updated", "object": "o"}},
        "objects": {"o": {"contact.fields.x": example}},
    }


@pytest.mark.parametrize("example, place, body, out", ROWS, ids=[row[0] for row in ROWS])
def test_an_operator_gives_what_its_row_says(example, place, body, out, tmp_path):
    (tmp_path / "rows.json").write_text(json.dumps(route_of(json.loads(example), place)))
    (tmp_path / "body.json").write_text(body)
    result = harness.run("route", "try", str(tmp_path / "rows.json"), str(tmp_path / "body.json"), "--json")
    assert result.exit == 0, result
    event = json.loads(result.out)["events"][0]
    want = None if out == "nothing" else out.strip("`")
    got = event.get("contact.fields", {}).get("x")
    assert got == want or got.split(",")[0] == want  # of a list the first one
