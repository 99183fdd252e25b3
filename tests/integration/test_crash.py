"""kill -9 of serve, drain, redis-server and PostgreSQL (when that is the database) at random moments under load: each answered delivery is applied once (N1, N3, N4).

ROUNDS says how many kills, CRASH_SEED which; both are printed.
"""

import os
import random
import threading
import time

import pytest

import bodies
import database
import harness
import wire
from conftest import running_up

ROUNDS = int(os.environ.get("ROUNDS", "100"))
SEED = int(os.environ.get("CRASH_SEED", str(random.randrange(1 << 30))))
CLIENTS = 4
ROLES = ("serve", "drain", "redis-server")
KILLED = (*ROLES, "postgres") if database.on_postgres else ROLES
CLIENT_PATIENCE_S = 60
IN_FLIGHT = 3000  # more than that wait in the queue: the stores hold back, as the end of the test waits for all of them


class Client(threading.Thread):
    """A store that sends each delivery again, unchanged in content, until it is answered 200."""

    def __init__(self, number, site, visits, orders):
        super().__init__(daemon=True)
        self.number, self.site, self.visits, self.orders = number, site, visits, orders
        self.email = f"client{number}@example.com"
        self.sent_visits = self.sent_orders = self.answered = self.retries = 0
        self.stopping, self.failure, self.link = threading.Event(), None, None
        self.may_go = threading.Event()
        self.may_go.set()

    def run(self):
        try:
            while not self.stopping.is_set():
                if not self.may_go.wait(0.1):
                    continue
                self.deliver_visit()
                if self.sent_visits % 3 == 0:
                    self.deliver_order()
        except Exception as error:  # the main thread reports it
            self.failure = error
        finally:
            self.drop()

    def drop(self):
        if self.link:
            self.link.close()
        self.link = None

    def deliver(self, make_request):
        deadline = time.monotonic() + harness.scaled(CLIENT_PATIENCE_S)
        while True:
            try:
                self.link = self.link or self.site.connect()
                answer = self.link.ask(make_request())
                if answer.status == 200:
                    self.answered += 1
                    return
                assert answer.status == 503, answer
            except (OSError, wire.Closed):
                self.drop()
            self.retries += 1
            assert time.monotonic() < deadline, "the system did not come back"
            time.sleep(0.01)

    def deliver_visit(self):
        number = self.sent_visits
        body = {"id": f"v{self.number}-{number}", "type": "page_visit", "occurred_at": bodies.at(number),
                "contact": bodies.person(self.email, self.number + 1), "page": {"url": f"https://s.example.com/{self.number}/{number}"}}
        self.deliver(lambda: self.visits.request(body, message_id=f"msg_{self.number}_{number}"))
        self.sent_visits += 1

    def deliver_order(self):
        number = self.sent_orders
        order = bodies.shopify_order(self.number * 1_000_000 + number, self.email, total="1.00", created=number, updated=number)
        self.deliver(lambda: self.orders.request(order, "orders/create", event_id=f"o{self.number}-{number}"))
        self.sent_orders += 1


@pytest.fixture(scope="module")
def site():
    keep_all = {"known_days": "36500", "known_max": "1000000"}  # visits are counted; those of the fixed morning are old
    with running_up({"up": {"drainers": "2"}, "drain": {"claim_idle": "1s"}, "visits": keep_all}) as up:
        yield up


def kill(site, role):
    if role == "postgres":  # nobody supervises it
        database.postgres.kill()
        database.postgres.start()
        return
    pid = site.kill_child(role)
    harness.wait_until(lambda: not harness.alive(pid), f"{role} is gone")


def has_answered(site, clients, wanted):
    queued = site.queued()
    for client in clients:
        if queued is not None and queued > IN_FLIGHT:
            client.may_go.clear()
        else:
            client.may_go.set()
    return sum(c.answered for c in clients) >= wanted or any(c.failure for c in clients)


def kill_at_random_moments(site, clients, rng):
    """Each kill happens after a random number of further answers: under load, at no fixed point of the work."""
    killed = []
    for _ in range(ROUNDS):
        wanted = sum(c.answered for c in clients) + rng.randrange(20, 400)
        harness.wait_until(lambda: has_answered(site, clients, wanted),
                           lambda: f"load goes on after {killed[-3:]}; log:\n{site.log()[-4000:]}", 180)
        assert not any(c.failure for c in clients), [c.failure for c in clients]
        killed.append(rng.choice(KILLED))
        kill(site, killed[-1])
    return killed


def test_N1_N3_N4_every_answered_delivery_is_applied_once(site, capsys):
    rng = random.Random(SEED)
    visits, orders = site.add_source("storehook"), site.add_source("shopify")
    clients = [Client(n, site, visits, orders) for n in range(CLIENTS)]
    for client in clients:
        visits.event("signup", occurred_at=bodies.at(0), contact=bodies.person(client.email, client.number + 1))
    for client in clients:
        client.start()
    try:
        killed = kill_at_random_moments(site, clients, rng)
    finally:
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join()
    assert not any(c.failure for c in clients), [c.failure for c in clients]
    site.settle(120)
    answered, retries = sum(c.answered for c in clients), sum(c.retries for c in clients)
    with capsys.disabled():
        print(f"\n  {ROUNDS} kills {dict((r, killed.count(r)) for r in KILLED)}, CRASH_SEED={SEED}: "
              f"{answered} deliveries answered, {retries} retries")
    assert site.dead() == []
    for client in clients:
        got = site.contact(client.email)
        assert got["visits"]["count"] == client.sent_visits, f"CRASH_SEED={SEED}: none twice, none lost"
        assert got["orders"]["count"] == client.sent_orders, f"CRASH_SEED={SEED}"
        assert got["orders"]["net"] == {"EUR": f"{client.sent_orders}.00"}
    assert len(site.contacts()) == CLIENTS
    assert site.json("db", "check")["findings"] == [], f"CRASH_SEED={SEED}"


def test_the_supervisor_outlives_a_burst_of_kills(site):
    """All three at once: back-off ends, order returns."""
    for role in ROLES:
        site.kill_child(role)
    harness.wait_until(site.is_ready, lambda: f"ready again:\n{site.log()[-4000:]}", 60)
    source = site.add_source("storehook")
    source.event("signup", occurred_at=bodies.at(0), contact=bodies.person("after-burst@example.com", 1))
    assert site.has_contact("after-burst@example.com")
