"""`storehook tag` and `storehook field` with the real program: what an operator says of contacts beside what their sources say (F2-F5)."""

import secrets

import pytest


def address():
    return f"{secrets.token_hex(6)}@example.com"


@pytest.fixture
def people(site, plugin):
    """Three contacts; the source says `blue` of the first."""
    emails = [address() for _ in range(3)]
    events = [{"type": "signup", "contact": {"external_id": email, "email": email, "tags": ["blue"] if i == 0 else []}}
              for i, email in enumerate(emails)]
    plugin.apply({"events": events})
    return emails


def tags_of(site, email):
    return site.contact(email)["tags"]


def listed(site, tag):
    return [row for row in site.json("tag", "list") if row["tag"] == tag]


def test_F5_tags_given_by_hand_stay_beside_those_of_a_source_and_say_whose_they_are(site, plugin, people):
    tag = f"fair {secrets.token_hex(3)}"
    report = site.json("tag", "add", tag, *people[:2])
    assert (report["added"], report["unchanged"], report["refused"]) == (2, 0, 0)
    assert site.json("tag", "add", tag, people[0])["unchanged"] == 1
    assert tags_of(site, people[0]) == ["blue", tag]
    plugin.event("customer_updated", contact={"external_id": people[0], "email": people[0], "tags": []})
    assert tags_of(site, people[0]) == [tag]
    assert listed(site, tag) == [{"tag": tag, "contacts": 2, "owners": [{"source": "operator", "contacts": 2}]}]
    assert {row["email"]: row["sources"] for row in site.json("tag", "show", tag)["shown"]} == {
        people[0]: ["operator"], people[1]: ["operator"]}
    assert site.json("tag", "remove", tag, people[0])["removed"] == 1
    assert tags_of(site, people[0]) == []


def test_F5_a_tag_of_a_source_is_not_removed_by_hand(site, plugin, people):
    assert site.json("tag", "remove", "blue", people[0])["unchanged"] == 1
    assert tags_of(site, people[0]) == ["blue"]
    shown = site.json("tag", "show", "blue", "--limit", "1000")
    assert {row["email"]: row["sources"] for row in shown["shown"]}[people[0]] == [plugin.name]
    assert site.contact(people[0])["tag_sources"] == {"blue": [plugin.name]}


def test_tags_are_given_to_the_addresses_of_a_file_and_unknown_ones_are_told(site, plugin):
    known = [address() for _ in range(250)]
    for i in range(0, len(known), 50):
        plugin.push({"events": [{"type": "signup", "contact": {"external_id": e, "email": e}} for e in known[i:i + 50]]})
    site.settle()
    stranger, tag = address(), secrets.token_hex(4)
    path = site.base / f"{tag}.txt"
    path.write_text("\n".join([*known[:249], stranger, "", "no address", known[249].upper(), "x" * 3000]) + "\n")
    report = site.json("tag", "add", tag, "--file", path, exit_code=1)
    assert (report["added"], report["unchanged"], report["refused"]) == (250, 0, 3)
    assert report["refusals"][0] == {"email": stranger, "reason": "no contact has this address"}
    assert [row["reason"] for row in report["refusals"][1:]] == ["no e-mail address"] * 2
    assert listed(site, tag)[0]["contacts"] == 250
    said = site.cli("tag", "add", tag, "--file", path, exit_code=1)
    assert "250 were so before" in said.out and "3 of 253 addresses were refused" in said.err
    assert site.json("tag", "remove", tag, "--file", path, exit_code=1)["removed"] == 250 and listed(site, tag) == []


def test_tags_that_cannot_be_kept_are_wrong_usage(site, people):
    assert "a tag has 1 to 255 bytes" in site.cli("tag", "add", "x" * 256, people[0], exit_code=2).err
    assert "a tag has 1 to 255 bytes" in site.cli("tag", "add", "a\tb\nc", people[0], exit_code=2).err
    assert "give one or more e-mail addresses" in site.cli("tag", "add", "x", exit_code=2).err
    assert "No such file" in site.cli("tag", "add", "x", "--file", site.base / "none", exit_code=1).err


def test_C12_why_tells_who_gave_a_tag(site, people):
    site.json("tag", "add", "told", people[2])
    lines = [line for line in site.why(people[2]) if line["what"] == "tag added by operator"]
    assert len(lines) == 1 and lines[0]["name"] == "told" and lines[0]["source"] == "operator"
