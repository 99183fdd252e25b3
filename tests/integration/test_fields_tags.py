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


# -- fields -----------------------------------------------------------------------------------------------------------------


def own_field(site, kind="text"):
    name = f"own_{secrets.token_hex(4)}"
    site.json("field", "add", name, "--type", kind)
    return name


def field_row(site, name):
    (row,) = [row for row in site.json("field", "list") if row["name"] == name]
    return row


def say(plugin, email, **fields):
    plugin.event("customer_updated", contact={"external_id": email, "email": email, "fields": fields})


def test_F3_AC_08_AC_09_AC_10_a_sources_field_is_listed_with_its_tag_and_renders(site, plugin, people):
    key = f"Shoe {secrets.token_hex(4)}"
    name = "storehook_" + key.lower().replace(" ", "_")
    say(plugin, people[0], **{key: "38 & <more>"})
    row = field_row(site, name)
    assert (row["tag"], row["type"], row["source"], row["contacts"]) == (f"%{name.upper()}%", "text", plugin.name, 1)
    say(plugin, people[1], **{key: "40"})
    assert field_row(site, name) == {**row, "contacts": 2}
    assert f"%{name.upper()}%" in site.cli("field", "list").out
    assert site.cli("field", "render", people[0], f"Size {row['tag']}!").out == "Size 38 & <more>!\n"
    assert site.cli("field", "render", people[0], f"<b>{row['tag']}", "--html").out == "<b>38 &amp; &lt;more&gt;\n"
    assert field_row(site, "first_name")["tag"] == "%FIRST_NAME%"


def test_F3_a_tag_without_a_value_gives_its_default_and_an_unknown_one_is_told(site, people):
    path = site.base / f"{secrets.token_hex(4)}.txt"
    path.write_text("Dear %FIRST_NAME|friend%, %LAST_NAME% 100% of %EMAIL%; %NO_SUCH|x% 5%\n")
    done = site.cli("field", "render", people[0], "--file", path)
    assert done.out == f"Dear friend,  100% of {people[0]}; %NO_SUCH|x% 5%\n\n" and "%NO_SUCH% names no field" in done.err
    assert site.json("field", "render", people[0], "%NO_SUCH%")["unknown"] == ["%NO_SUCH%"]
    assert "no contact" in site.cli("field", "render", address(), "x", exit_code=1).err


def test_F2_a_value_set_by_hand_stays_until_its_release(site, plugin, people):
    who, key = people[0], f"k{secrets.token_hex(4)}"
    name = f"storehook_{key}"
    say(plugin, who, **{key: "shop"})
    assert site.json("field", "set", who, name, "hand")["set"] == 1
    say(plugin, who, **{key: "shop again"})
    assert site.contact(who)["fields"][name] == "hand"
    assert [(f["source"], f["value"], f["counts"]) for f in site.json("why", who, "--field", name)["facts"]] == [
        ("operator", "hand", True), (plugin.name, "shop again", False)]
    assert site.json("field", "release", who, name)["released"] == 1
    assert site.contact(who)["fields"][name] == "shop again"
    assert [(f["source"], f["value"], f["counts"]) for f in site.json("why", who, "--field", name)["facts"]] == [
        (plugin.name, "shop again", True), ("operator", None, False)]
    assert "(released" in site.cli("why", who, "--field", name).out
    assert site.json("field", "set", who, "first_name", "Augusta")["set"] == 1
    assert site.contact(who)["first_name"] == "Augusta"
    assert [line["rule"] for line in site.why(who) if line["source"] == "operator"] == ["F2", "F2", "F2"]


def test_F4_own_fields_have_types(site, plugin, people):
    name = own_field(site, "number")
    assert "is a number field: give a decimal number" in site.cli("field", "set", people[0], name, "many", exit_code=1).err
    assert site.json("field", "set", people[0], name, "12.50")["set"] == 1
    assert site.contact(people[0])["fields"][name] == "12.50"
    assert site.json("field", "type", name, "bool")["type"] == "bool"
    assert name not in site.contact(people[0])["fields"] and site.contact(people[0])["fields_aside"] == {name: "12.50"}
    assert site.json("field", "type", name, "text")["done"] == "set"
    assert site.contact(people[0])["fields"][name] == "12.50"


def test_F4_a_sources_text_of_another_type_is_kept_aside_and_counted(site, plugin, people):
    key = f"k{secrets.token_hex(4)}"
    site.json("field", "add", f"storehook_{key}", "--type", "number")
    say(plugin, people[0], **{key: 38})
    say(plugin, people[0], **{key: "large"})
    contact = site.contact(people[0])
    assert contact["fields"][f"storehook_{key}"] == "38" and contact["fields_aside"] == {f"storehook_{key}": "large"}
    assert "set aside, of another type than the field: \"large\"" in site.cli("why", people[0], "--field", f"storehook_{key}").out
    assert site.dead(plugin) == []


def test_fields_that_are_none_are_refused_with_a_hint(site, people):
    name = own_field(site)
    assert f"did you mean {name}?" in site.cli("field", "set", people[0], name + "x", "1", exit_code=1).err
    assert "there is a field" in site.cli("field", "add", name, exit_code=1).err
    assert "there is a field" in site.cli("field", "add", "first_name", exit_code=1).err
    assert "a letter first" in site.cli("field", "add", "1x", exit_code=2).err
    assert "give text, number, date or bool" in site.cli("field", "add", "x", "--type", "money", exit_code=2).err
    assert site.json("field", "remove", name)["done"] == "removed"
    assert "there is no field" in site.cli("field", "remove", name, exit_code=1).err
    assert "field of every contact" in site.cli("field", "type", "email", "number", exit_code=1).err


def test_the_database_is_found_whole_with_edits_in_it(site, people):
    site.json("tag", "add", "whole", *people)
    site.json("field", "set", people[0], "company", "Engines")
    site.cli("db", "check")


# -- mapping ----------------------------------------------------------------------------------------------------------------


def test_GR_06_GR_28_a_sources_field_goes_to_an_own_one_and_manual_keeps_nothing_else(site, plugin, people):
    size, points = own_field(site), own_field(site, "number")
    who = people[0]
    done = site.json("source", "set", plugin.name, f"field.Shoe Size={size}", f"field.points={points}", "mapping=manual")
    assert done["mapping"] == "manual" and done["fields"] == {"storehook_shoe_size": size, "storehook_points": points}
    say(plugin, who, **{"Shoe Size": "38", "points": "many", "hat": "7"})
    contact = site.contact(who)
    assert contact["fields"] == {size: "38"} and contact["fields_aside"] == {points: "many"}
    assert f"storehook_shoe_size -> {size}" in site.cli("source", "show", plugin.name).out
    done = site.json("source", "set", plugin.name, "field.Shoe Size=default", "mapping=auto")
    assert done["mapping"] == "auto" and done["fields"] == {"storehook_points": points}
    say(plugin, who, **{"Shoe Size": "39", "hat": "7"})
    assert site.contact(who)["fields"] == {size: "38", "storehook_shoe_size": "39", "storehook_hat": "7"}


def test_GR_28_a_mapping_to_what_is_not_there_is_refused(site, plugin):
    size = own_field(site)
    assert f"did you mean {size}?" in site.cli("source", "set", plugin.name, f"field.a={size}x", exit_code=1).err
    site.cli("source", "set", plugin.name, f"field.a={size}")
    assert "goes to" in site.cli("source", "set", plugin.name, f"field.b={size}", exit_code=1).err
    assert "give auto" in site.cli("source", "set", plugin.name, "mapping=some", exit_code=2).err
    assert "give field.NAME=FIELD" in site.cli("source", "set", plugin.name, "field.=x", exit_code=2).err
    (source,) = [s for s in site.json("source", "list") if s["name"] == plugin.name]
    assert source["fields"] == {"storehook_a": size} and source["mapping"] == "auto"


def test_GR_06_an_import_takes_columns_to_own_fields_with_their_types(site):
    points = own_field(site, "number")
    first, second = address(), address()
    path = site.base / f"{points}.csv"
    path.write_text(f"email,Points\n{first},12\n{second},many\n")
    assert "there is no field" in site.cli("contacts", "import", path, "--map", "Points=field.none_such", exit_code=1).err
    assert site.json("contacts", "import", path, "--map", f"Points=field.{points}")["new"] == 2
    assert site.contact(first)["fields"] == {points: "12"}
    assert site.contact(second)["fields"] == {} and site.contact(second)["fields_aside"] == {points: "many"}
    assert field_row(site, points)["contacts"] == 1
