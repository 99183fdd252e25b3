"""SPEC CA1-CA16 from end to end: the clock is a file, the drainers sweep, `why` tells it; kill -9 in the middle fires none twice."""

import os
import random
import time

import pytest

import bodies
import harness
from conftest import running_up

ROUNDS = int(os.environ.get("CART_ROUNDS", "20"))
SEED = int(os.environ.get("CRASH_SEED", str(random.randrange(1 << 30))))
CARTS = 8
HOUR, DAY = 3600, 86400


class Clock:
    """The wall clock of the whole system; provider times are told in seconds since its start."""

    def __init__(self, path):
        self.path, self.start, self.now = path, int(time.time()) // 60 * 60, 0
        self.set(0)

    def set(self, seconds):
        """Replaced in one step: a drainer never reads half a time."""
        self.now = seconds
        new = self.path.with_suffix(".new")
        new.write_text(str(self.start + seconds))
        new.replace(self.path)

    def at(self, seconds):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.start + seconds))


@pytest.fixture(scope="module")
def place():
    with harness.Workplace() as base:
        yield base


@pytest.fixture(scope="module")
def clock(place):
    return Clock(place / "clock")


@pytest.fixture(scope="module")
def site(clock):
    with running_up({"storehook": {"clock_file": clock.path}, "up": {"drainers": "2"}, "drain": {"claim_idle": "1s"}}) as up:
        yield up


def checkout(clock, token, email, active=None, **members):
    moment = clock.at(clock.now if active is None else active)
    body = bodies.shopify_checkout(token, email, **members)
    body.update(created_at=moment, updated_at=moment)
    return body


def cart(site, email, token):
    return {c["id"]: c for c in site.contact(email)["carts"]}[token]


def await_state(site, email, token, state):
    return harness.wait_until(lambda: cart(site, email, token)["state"] == state,
                              lambda: f"cart {token} is {state}: {cart(site, email, token)}\n{site.log()[-3000:]}", 20)


def told(site, email, kind):
    """Lines of the ledger that no delivery made."""
    return [line for line in site.json("why", email)["ledger"] if line["type"] == kind and not line["delivery"]]


def test_CA3_CA12_a_cart_is_abandoned_after_the_delay_and_recovered_by_an_order(site, shop, email, clock):
    shop.apply(checkout(clock, "k", email), "checkouts/create")
    due = clock.now + HOUR
    assert bodies.same_time(cart(site, email, "k")["due_at"], clock.at(due))
    clock.set(due)
    await_state(site, email, "k", "abandoned")
    lines = told(site, email, "cart_abandoned")
    assert [(line["rule"], line["old"], line["new"]) for line in lines] == [("CA3", "active", "abandoned")]
    order = bodies.shopify_order(7, email, checkout_token="k")
    order.update(created_at=clock.at(clock.now + 60), updated_at=clock.at(clock.now + 60))
    clock.set(clock.now + 60)
    shop.apply(order, "orders/create")
    await_state(site, email, "k", "recovered")
    assert cart(site, email, "k")["order_id"] == "7"
    harness.wait_until(lambda: told(site, email, "cart_recovered"), "the recovery is told", 20)
    assert len(told(site, email, "cart_abandoned")) == len(told(site, email, "cart_recovered")) == 1


def test_CA3_the_delay_of_a_source_is_set_by_the_command(site, shop, email, clock):
    assert site.json("source", "set", shop.name, "cart_delay=10m", "cart_cooldown=1d")["cart_delay_ms"] == 600000
    shop.apply(checkout(clock, "k", email), "checkouts/create")
    clock.set(clock.now + 600)
    await_state(site, email, "k", "abandoned")
    for wrong in ("cart_delay=9m", "cart_delay=15d", "cart_cooldown=91d", "cart_back=4d", "cart_delay", "color=red"):
        refused = site.cli("source", "set", shop.name, wrong, exit_code=2)
        assert "cart_" in refused.err, refused


def test_CA9_CA15_kill_9_while_carts_are_swept_records_each_once(site, clock, capsys):
    rng = random.Random(SEED)
    kills = 0
    for number in range(ROUNDS):
        shop = site.add_source("shopify")
        emails = [f"{shop.name}-{i}@example.com" for i in range(CARTS)]
        for i, email in enumerate(emails):
            shop.push(checkout(clock, f"k{i}", email), "checkouts/create")
        site.settle(60)
        clock.set(clock.now + HOUR + 1)
        for _ in range(rng.randrange(1, 4)):
            time_left = rng.random() * 0.7
            deadline = time.monotonic() + time_left
            while time.monotonic() < deadline:
                os.sched_yield()
            pid = site.kill_child("drain")
            harness.wait_until(lambda p=pid: not harness.alive(p), "the killed drainer is gone", 20)
            kills += 1
        for email in emails:
            harness.wait_until(lambda e=email: told(site, e, "cart_abandoned"),
                               lambda e=email: f"round {number}, CRASH_SEED={SEED}: {e}\n{site.log()[-3000:]}", 60)
        for email in emails:
            assert len(told(site, email, "cart_abandoned")) == 1, f"round {number}, CRASH_SEED={SEED}"
    with capsys.disabled():
        print(f"\n  {ROUNDS} rounds, {kills} kills, CRASH_SEED={SEED}: {ROUNDS * CARTS} carts, each recorded once")
