"""Accounts with the real program: sources, contacts, dead letters and erasures of one are nothing to another."""

import secrets

import pytest

import harness

ADA = "ada@example.com"


class Account:
    """One account of a site: commands in it, and sources."""

    def __init__(self, site, name=None):
        self.site, self.name = site, name or f"acme-{secrets.token_hex(4)}"
        site.cli("account", "add", self.name)

    def cli(self, *args, exit_code=0):
        return self.site.cli(*args, "--account", self.name, exit_code=exit_code)

    def json(self, *args, exit_code=0):
        return self.site.json(*args, "--account", self.name, exit_code=exit_code)

    def add_source(self, platform, name="shop"):
        return self.site.add_source(platform, name, extra=("--account", self.name))

    def emails(self):
        return sorted(contact["email"] for contact in harness.rows(self.json("contacts", "list"), "contacts"))

    def dead(self):
        return harness.rows(self.json("dead", "list"), "dead")


def customer(number, email, **more):
    return {"id": number, "email": email, "updated_at": "2024-05-01T10:00:00Z", **more}


def test_two_accounts_with_one_address_share_nothing(site):
    one, two = Account(site), Account(site)
    first, second = one.add_source("shopify"), two.add_source("shopify")
    first.apply(customer(1, ADA, first_name="Ada", tags="vip"), "customers/create")
    second.apply(customer(1, ADA, first_name="Augusta"), "customers/create")
    assert one.json("contacts", "show", ADA)["first_name"] == "Ada"
    assert two.json("contacts", "show", ADA)["first_name"] == "Augusta"
    assert two.json("contacts", "show", ADA)["tags"] == []
    assert "Augusta" not in one.cli("why", ADA).out
    assert [s["name"] for s in harness.rows(one.json("source", "list"), "sources")] == ["shop"]
    assert not site.has_contact(ADA), "the first account has no such contact"
    listed = {row["name"]: row for row in site.json("account", "list")}
    assert listed[one.name]["contacts"] == 1 and listed[one.name]["sources"] == 1
    assert site.json("stats")["contacts"] >= 2, "the figures count all accounts"


def test_dead_letters_are_seen_and_dropped_in_their_account_only(site):
    one, two = Account(site), Account(site)
    first, second = one.add_source("shopify"), two.add_source("shopify")
    first.apply(customer(1, "nobody"), "customers/create")
    second.apply(customer(2, "no one"), "customers/create")
    assert [letter["reason"] for letter in one.dead()] == ["invalid_email"]
    letter = one.dead()[0]["id"]
    assert letter not in [other["id"] for other in two.dead()]
    assert "there is no dead letter" in two.cli("dead", "show", letter, exit_code=1).err
    assert two.json("dead", "drop", "--all") == {"dropped": 1}
    assert [left["id"] for left in one.dead()] == [letter] and two.dead() == []


def test_X4_erasing_a_person_in_one_account_leaves_the_other_account_as_it_is(site):
    one, two = Account(site), Account(site)
    first, second = one.add_source("shopify"), two.add_source("shopify")
    for shop in (first, second):
        shop.apply(customer(1, ADA), "customers/create")
        shop.apply({"id": 7, "email": ADA, "total_price": "1e3", "currency": "EUR"}, "orders/create")
    assert len(one.dead()) == 1 and len(two.dead()) == 1
    one.cli("contacts", "erase", ADA, "--yes")
    assert one.emails() == [] and two.emails() == [ADA]
    assert one.dead() == [] and len(two.dead()) == 1, "dead letters with the address go in the account of the erasure"


def test_an_account_is_removed_when_it_is_empty(site):
    one = Account(site)
    shop = one.add_source("shopify")
    assert "has sources or contacts" in site.cli("account", "remove", one.name, exit_code=1).err
    one.cli("source", "remove", shop.name)
    site.cli("account", "remove", one.name)
    assert one.name not in [row["name"] for row in site.json("account", "list")]
    assert "there is no account" in one.cli("contacts", "list", exit_code=1).err


@pytest.mark.parametrize("name", ["a b", "", "x" * 65])
def test_a_name_that_is_none_is_refused(site, name):
    assert site.cli("account", "add", name, exit_code=2).err


def test_a_limit_below_nothing_is_refused_and_makes_no_account(site):
    for flag in ("--contact-limit", "--raise-step"):
        assert flag in site.cli("account", "add", "below", flag, "-1", exit_code=2).err
    assert "below" not in [row["name"] for row in site.json("account", "list")]


def test_an_account_that_is_not_there_is_told_with_the_nearest(site):
    one = Account(site)
    assert f'did you mean "{one.name}"' in site.cli("contacts", "list", "--account", one.name + "x", exit_code=1).err
