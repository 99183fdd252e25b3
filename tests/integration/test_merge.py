"""SPEC M3, M10, H2 from end to end: `storehook merge`, `unmerge` and `contacts conflicts`."""

import pytest

from bodies import at, person


@pytest.fixture
def two(site):
    """Two contacts, one a source; their addresses."""
    shop, plugin = site.add_source("shopify"), site.add_source("storehook")
    left, right = f"left-{shop.name}@example.com", f"right-{plugin.name}@example.com"
    shop.apply({"id": 7, "email": left, "first_name": "Left", "updated_at": at(10)}, "customers/create")
    plugin.event("signup", occurred_at=at(20), contact=person(right, 1, first_name="Right", updated_at=at(20)))
    return shop, left, right


def shown(site, email):
    return site.cli("contacts", "show", email, "--json").out


def test_M10_merge_and_unmerge_give_back_the_same_bytes(site, two):
    _, left, right = two
    before = shown(site, left), shown(site, right)
    merged = site.json("merge", left, right, "--by", "Grace")
    assert merged["merged"] is True and merged["merged_by"] == "Grace"
    assert site.contact(left) == site.contact(right)
    assert site.contact(merged["other_id"])["id"] == merged["id"], "the id that was merged away leads to the other"
    assert any(line["rule"] == "M10" and "Grace" in line["what"] for line in site.why(left))
    assert site.json("unmerge", left)["undone"] is True
    assert (shown(site, left), shown(site, right)) == before


def test_M10_refusals_say_what_and_why(site, two):
    shop, left, right = two
    assert "no contact nobody@example.com" in site.cli("merge", left, "nobody@example.com", exit_code=1).err
    assert "was not merged by hand" in site.cli("unmerge", left, exit_code=1).err
    site.cli("merge", left, right)
    assert "one contact already" in site.cli("merge", left, right, exit_code=1).err
    shop.apply({"id": 7, "email": left, "first_name": "Lefty", "updated_at": at(30)}, "customers/update")
    assert "changed since the merge: first_name" in site.cli("unmerge", left, exit_code=1).err
    assert site.contact(right)["first_name"] == "Lefty"
    site.cli("merge", left, exit_code=2)


def test_H2_a_conflict_is_listed_and_a_merge_ends_it(site, two):
    shop, left, right = two
    shop.apply({"id": 7, "email": right, "first_name": "Moved", "updated_at": at(30)}, "customers/update")
    got = site.contact(left)
    assert (got["email"], got["first_name"]) == (left, "Moved")
    listed = [c for c in site.json("contacts", "conflicts", "--limit", "10000") if c["address"] == right]
    assert [(c["rule"], c["contact_id"], c["source"], c["external_id"]) for c in listed] == [("H2", got["id"], shop.name, "7")]
    assert right in site.cli("contacts", "conflicts", "--limit", "10000").out
    assert any(line["rule"] == "H2" and line["name"] == right for line in site.why(left))
    site.cli("merge", left, right)
    assert not [c for c in site.json("contacts", "conflicts", "--limit", "10000") if c["address"] == right]
    assert site.contact(left)["email"] == right, "the address is the contact's own now"
