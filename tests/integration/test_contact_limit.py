"""The limit of contacts with the real program: who stops at it, who enters again by itself, what is billed, raised, told (P13)."""

import random
import re
import secrets
import time
import urllib.request

import pytest

import harness
import script
from conftest import running_roles
from test_convergence import Shops, contacts_of, difference

ROUNDS = 8
STEPS = 6


def person(number, **more):
    return {"id": number, "email": f"p{number}@example.com", "updated_at": "2024-05-01T10:00:00Z", **more}


class Tenant:
    """An account with a limit and one shop."""

    def __init__(self, site, *limit):
        self.site, self.name = site, f"acme-{secrets.token_hex(4)}"
        site.cli("account", "add", self.name, *limit)
        self.shop = site.add_source("shopify", "shop", extra=("--account", self.name))

    def cli(self, *args, **how):
        return self.site.cli(*args, "--account", self.name, **how)

    def push(self, numbers):
        for number in numbers:
            self.shop.push(person(number), "customers/create")

    def apply(self, numbers):
        self.push(numbers)
        self.site.settle()

    def show(self):
        return self.site.json("account", "show", self.name)

    def figures(self):
        about = self.show()
        return about["contacts"], about["parked"]

    def emails(self):
        out = self.cli("contacts", "export", "--format", "csv").out
        return set(re.findall(r"p\d+@example\.com", out))

    def letters(self):
        return [row["reason"] for row in harness.rows(self.site.json("dead", "list", "--account", self.name, "--max", "1000"), "dead")]

    def erase(self, numbers):
        for number in numbers:
            self.cli("contacts", "erase", f"p{number}@example.com", "--yes")

    def await_figures(self, contacts, parked, seconds=30):
        harness.wait_until(lambda: self.figures() == (contacts, parked), lambda: f"{(contacts, parked)}, is {self.figures()}", seconds)

    def kinds(self):
        return [event["kind"] for event in self.show()["events"]]


def people(numbers):
    return {f"p{number}@example.com" for number in numbers}


@pytest.fixture(scope="module")
def site(shared_up):
    return shared_up


def test_AC25_AC27_the_limit_stops_adding_and_raising_it_by_hand_lets_the_rest_enter(site):
    acme = Tenant(site, "--contact-limit", "100")
    acme.apply(range(1, 121))
    assert acme.figures() == (100, 20) and acme.letters() == ["contact_limit"] * 20
    for number in range(1, 101):
        acme.shop.push(person(number, first_name="New", updated_at="2024-05-02T10:00:00Z"), "customers/update")
    site.settle()
    out = acme.cli("contacts", "export", "--format", "csv").out
    assert out.count("New") == 100 and acme.emails() == people(range(1, 101))
    site.cli("account", "set", acme.name, "--contact-limit", "120")
    acme.await_figures(120, 0)
    assert acme.emails() == people(range(1, 121)) and acme.letters() == []


def test_AC28_five_who_are_erased_make_room_for_exactly_five(site):
    acme = Tenant(site, "--contact-limit", "20")
    acme.apply(range(1, 31))
    assert acme.figures() == (20, 10)
    acme.erase(range(1, 6))
    acme.await_figures(20, 5)
    assert acme.emails() == people(range(6, 26)), "those who waited longest"
    assert acme.letters() == ["contact_limit"] * 5
    buried = site.log().count(": dead letter ")
    assert buried >= 10, "each of those who waited left a line"
    for _ in range(5):  # turns of the drainers
        acme.apply([25])
    assert acme.figures() == (20, 5) and site.log().count(": dead letter ") == buried, "nobody is called in vain"


def test_GR07_GR08_bill_goes_on_and_what_is_over_is_counted_and_told(site):
    acme = Tenant(site, "--contact-limit", "100", "--policy", "bill")
    acme.apply(range(1, 121))
    about = acme.show()
    assert (about["contacts"], about["over"], about["parked"]) == (120, 20, 0)
    overage = [event for event in about["events"] if event["kind"] == "overage"]
    assert len(overage) == 1 and overage[0]["contacts"] == 120 and overage[0]["contact_limit"] == 100
    harness.wait_until(lambda: f"account={acme.name}" in "".join(re.findall(r".*billing.*", site.log())), "the billing line in the log")
    assert metric(site, "account_contacts_over", acme.name) == 20


def test_AC26_auto_raise_adds_without_interruption_and_leaves_an_event(site):
    acme = Tenant(site, "--contact-limit", "100", "--policy", "auto_raise", "--raise-step", "50")
    acme.apply(range(1, 121))
    about = acme.show()
    assert (about["contacts"], about["contact_limit"], about["parked"]) == (120, 150, 0)
    assert acme.kinds().count("limit_raised") == 1


def metric(site, name, account):
    with urllib.request.urlopen(f"{site.admin}/metrics", timeout=10) as answer:
        found = re.search(rf'^storehook_{name}\{{account="{account}"\}} (\d+)$', answer.read().decode(), re.M)
    return int(found.group(1)) if found else None


def test_AC29_near_the_limit_there_is_one_line_in_the_log_a_metric_and_a_word_on_the_page(site):
    acme = Tenant(site, "--contact-limit", "10")
    acme.apply(range(1, 9))
    assert metric(site, "account_limit_near", acme.name) == 0
    acme.apply(range(9, 10))
    assert metric(site, "account_limit_near", acme.name) == 1 and metric(site, "account_limit_reached", acme.name) == 0

    def lines():
        return [line for line in site.log().splitlines() if "contact limit near" in line and acme.name in line]

    harness.wait_until(lines, "the warning in the log")
    acme.apply(range(9, 10))
    assert len(lines()) == 1 and acme.kinds().count("limit_near") == 1
    assert f"{acme.name} " in site.cli("stats").out and "near the limit" in site.cli("stats").out
    with urllib.request.urlopen(f"{site.admin}/", timeout=10) as answer:
        page = answer.read().decode()
    assert acme.name in page and "near the limit" in page


def test_P13_a_letter_that_is_dropped_holds_no_place(site):
    acme = Tenant(site, "--contact-limit", "1")
    acme.apply([1, 2])
    acme.cli("dead", "drop", "--all")
    assert acme.figures() == (1, 0)
    acme.erase([1])
    acme.apply([3])
    assert acme.emails() == people([3])


def test_an_import_counts_as_everything_else_does(site):
    acme = Tenant(site, "--contact-limit", "3")
    path = site.base / f"{secrets.token_hex(4)}.csv"
    path.write_text("email\n" + "".join(f"p{n}@example.com\n" for n in range(1, 6)))
    report = acme.cli("contacts", "import", path, "--json", exit_code=1).json
    assert report["new"] == 3 and report["reasons"] == {"contact_limit": 2}
    site.cli("account", "set", acme.name, "--contact-limit", "5")
    acme.await_figures(5, 0)


@pytest.mark.parametrize("args", [["--contact-limit", "-2"], ["--policy", "never"], ["--policy", "auto_raise"], ["--raise-step", "0"], []])
def test_what_cannot_be_a_limit_is_refused(site, args):
    acme = Tenant(site)
    assert acme.site.cli("account", "set", acme.name, *args, exit_code=2).err


@pytest.mark.parametrize("drainers", [1, 3])
def test_P13_N8_drainers_killed_while_parked_people_enter_lose_nobody_and_never_exceed_the_limit(make_roles, drainers):
    """kill -9 at any moment; whoever is left over waits, the limit holds all the time, and at the end everybody is there once."""
    seed = random.randrange(1 << 30)
    luck = random.Random(seed)
    site = make_roles({"drain": {"batch": 20, "claim_idle": "1s"}})
    site.start_redis()
    site.start_serve()
    names = [f"drain-{i}" for i in range(drainers)]
    for name in names:
        site.start_role("drain", name)
    acme = Tenant(site, "--contact-limit", "50")
    acme.push(range(1, 201))
    limit = 50
    for _ in range(ROUNDS):
        time.sleep(luck.uniform(0.05, 0.6))
        victim = luck.choice(names)
        site.kill_role(victim)
        contacts = acme.show()["contacts"]
        assert contacts <= limit, f"seed {seed}: {contacts} contacts of {limit}"
        limit += luck.randrange(1, 20)
        site.cli("account", "set", acme.name, "--contact-limit", limit)
        site.start_role("drain", victim)
    acme.await_figures(limit, 200 - limit, 90)
    site.cli("account", "set", acme.name, "--contact-limit", "0")
    acme.await_figures(200, 0, 90)
    site.settle()
    assert acme.emails() == people(range(1, 201)), f"seed {seed}"
    assert acme.letters() == [] and site.cli("db", "check", "--json").exit == 0


def script_applied(place, now, pushes, limit):
    """The contacts of the script of the convergence test; with a limit that is raised step by step until all are in."""
    clock = place / "clock"
    clock.write_text(str(now))
    with running_roles({"storehook": {"clock_file": clock}, "visits": {"days": 3650, "known_days": 36500}}) as site:
        site.start_redis()
        shops = Shops(site, now)
        site.start_serve()
        shops.sources[-1].await_known()
        site.start_role("drain", "drain-1")
        site.start_role("drain", "drain-2")
        if limit:
            site.cli("account", "set", "default", "--contact-limit", limit)
        shops.send(pushes)
        site.settle(120)
        for step in range(1, STEPS + 1 if limit else 0):
            assert len(site.contacts()) == limit * step, "as many as may be there"
            site.cli("account", "set", "default", "--contact-limit", limit * (step + 1) if step < STEPS else 0)

            def entered(want=limit * (step + 1)):
                clock.write_text(str(int(clock.read_text()) + 1))  # letters that were called are looked for again
                about = site.json("account", "show", "default")
                return site.queued() == 0 and (about["parked"] == 0 if step == STEPS else about["contacts"] == want)

            harness.wait_until(entered, lambda: f"step {step}: {site.json('account', 'show', 'default')}", 60)
        assert site.dead() == [] and site.cli("db", "check").exit == 0
        return contacts_of(site, 0)


@pytest.mark.parametrize("seed", [8])
def test_P13_N5_people_who_waited_end_as_if_there_had_never_been_a_limit(seed):
    """The 1,000 events of all kinds, shuffled and repeated; a person's letters come in when there is room, in any order."""
    now, pushes = int(time.time()), script.Script(script.tag_of(0)).pushes
    with harness.Workplace() as free, harness.Workplace() as limited:
        want = script_applied(free, now, pushes, 0)
        got = script_applied(limited, now, script.disturbed(pushes, seed), max(1, len(want) // (STEPS + 2)))
    assert not difference(want, got), difference(want, got)
