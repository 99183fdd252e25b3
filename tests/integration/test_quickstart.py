"""One command and signed pushes become contacts: `up`, its demo, its order of stopping, its care for its children."""

import os
import signal
import stat
import threading

import pytest

import bodies
import harness
import wire



def test_up_prints_one_ready_line_and_serves_https(up):
    ready = [line for line in up.process.out().splitlines() if line.startswith("ready ")]
    assert len(ready) == 1
    assert up.get("/healthz").status == 200
    assert up.get("/readyz").status == 200


def test_up_serves_its_admin_listener_on_loopback(up):
    assert up.admin.startswith(("http://127.0.0.1:", "https://127.0.0.1:", "http://localhost:", "https://localhost:"))


def test_pushes_of_three_platforms_become_contacts(up):
    shopify, woo, own = (up.add_source(p) for p in ("shopify", "woocommerce", "storehook"))
    shopify.apply(bodies.shopify_customer(1001, "ada@example.com"), "customers/create")
    woo.apply(bodies.woo_order(77, "grace@example.com", total="29.35"), "order.created")
    own.event("signup", contact=bodies.person("mary@example.com", 5, first_name="Mary"), occurred_at=bodies.at(1))
    own.event("page_visit", contact=bodies.person("mary@example.com", 5), page={"url": "https://shop.example.com/a"},
              occurred_at=bodies.at(2))
    assert {c["email"] for c in up.contacts()} == {"ada@example.com", "grace@example.com", "mary@example.com"}
    assert up.contact("ada@example.com")["first_name"] == "Ada"
    assert up.contact("grace@example.com")["orders"]["net"] == {"EUR": "29.35"}
    mary = up.contact("mary@example.com")
    assert mary["visits"]["count"] == 1
    assert mary["visits"]["last_url"] == "https://shop.example.com/a"
    assert up.dead() == []


def test_contact_show_has_every_promised_member(up):
    up.add_source("storehook").event("signup", contact=bodies.person("all@example.com", 1), occurred_at=bodies.at(1))
    contact = up.contact("all@example.com")
    assert set(contact) >= {"id", "email", "first_name", "last_name", "phone", "created_at", "updated_at", "lists", "consent",
                            "suppressions", "mailable", "tags", "fields", "sources", "orders", "carts", "visits"}
    assert set(contact["consent"]) >= {"state", "at", "source"}
    assert set(contact["orders"]) >= {"count", "net", "last_at"}
    assert set(contact["visits"]) >= {"count", "last_at", "last_url"}
    assert contact["suppressions"] == [] and contact["tags"] == [] and contact["fields"] == {}
    assert contact["mailable"] is False
    assert [s["external_id"] for s in contact["sources"]] == ["1"]


def test_N10_secrets_at_rest_are_sealed_and_private(up):
    secret = "plain-secret-that-must-not-be-found"
    up.add_source("shopify", secret=secret)
    assert stat.S_IMODE((up.dir / "master.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((up.dir / "certs" / "server.key").stat().st_mode) == 0o600
    up.restart()
    for path in up.dir.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path
    assert secret not in up.log() + up.process.out()


def test_private_redis_is_durable_unshared_and_keeps_everything(up):
    with up.redis() as link:
        wanted = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction", "port": "0"}
        assert {k: link.config_get(k)[k] for k in wanted} == wanted
    assert stat.S_IMODE(up.redis_socket.stat().st_mode) & 0o007 == 0


def test_second_up_on_the_same_dir_is_refused(up):
    second = harness.run("up", "--port", "0", "--config", up.config)
    assert second.exit == 1
    assert len(second.err.strip().splitlines()) == 1 and "ready" not in second.out
    assert up.get("/readyz").status == 200


def test_restart_keeps_sources_contacts_and_certificate(up):
    source = up.add_source("shopify")
    source.apply(bodies.shopify_customer(1, "kept@example.com"), "customers/create")
    before, ca = up.contact("kept@example.com"), (up.dir / "certs" / "ca.pem").read_bytes()
    up.restart()
    assert up.contact("kept@example.com") == before
    assert (up.dir / "certs" / "ca.pem").read_bytes() == ca
    source.await_known()
    source.apply(bodies.shopify_customer(1, "kept@example.com", updated=60, first_name="Later"), "customers/update")
    assert up.contact("kept@example.com")["first_name"] == "Later"


@pytest.mark.parametrize("role", ["serve", "drain", "redis-server"])
def test_a_killed_child_is_started_again(up, role):
    source = up.add_source("storehook")
    pid = up.kill_child(role)
    harness.wait_until(lambda: any(p != pid for p in up.child(role)), f"a new {role}", 30)
    harness.wait_until(up.is_ready, "ready again", 30)

    def applied():
        answer = up.ask(source.request({"id": "again", "type": "signup", "contact": bodies.person("again@example.com", 1),
                                        "occurred_at": bodies.at(1)}))
        return answer.status == 200

    harness.wait_until(applied, "200 again", 30)
    up.settle()
    assert up.has_contact("again@example.com")


def test_ordered_stop_loses_nothing_that_was_answered(up):
    source = up.add_source("storehook")
    answered, stop = [], threading.Event()

    def load(n):
        try:
            with up.connect() as link:
                for i in range(100000):
                    body = {"id": f"{n}-{i}", "type": "page_visit", "occurred_at": bodies.at(i),
                            "contact": bodies.person("v@example.com", 1), "page": {"url": f"https://s.example.com/{n}/{i}"}}
                    if link.ask(source.request(body)).status == 200:
                        answered.append((n, i))
        except (OSError, wire.Closed):
            stop.set()

    source.event("signup", contact=bodies.person("v@example.com", 1), occurred_at=bodies.at(0))
    threads = [threading.Thread(target=load, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    harness.wait_until(lambda: len(answered) > 200, "load runs")
    up.stop()
    for thread in threads:
        thread.join()
    assert stop.is_set()
    up.start()
    up.settle(60)
    count = up.contact("v@example.com")["visits"]["count"]
    assert len(answered) <= count <= len(answered) + len(threads), "each answered once; at most one unanswered per connection"


def test_sigint_stops_in_order_too(up):
    up.process.popen.send_signal(signal.SIGINT)
    assert up.process.popen.wait(harness.scaled(40)) == 0


def test_demo_adds_three_sources_and_shows_the_contacts_they_made(make_up):
    up = make_up(extra=["--demo"])

    def demo_done():
        return len(harness.rows(up.json("source", "list"), "sources")) == 3 and up.queued() == 0 and up.contacts()

    harness.wait_until(demo_done, "demo sources and contacts", 10)
    contacts = up.export()
    harness.wait_until(lambda: all(c["email"] in up.process.out() for c in contacts), "a table of contacts", 10)
    assert any(c["orders"]["count"] for c in contacts), "a purchase"
    assert any(c["carts"] for c in contacts), "a cart"
    assert any(c["visits"]["count"] for c in contacts), "a page visit"
    assert up.process.out().count("/in/") >= 3, "the endpoints"
    assert up.dead() == []


def test_demo_is_made_on_an_empty_database_only(make_up):
    up = make_up(extra=["--demo"])
    harness.wait_until(lambda: up.contacts() and up.queued() == 0, "demo contacts", 10)
    before = {c["email"] for c in up.contacts()}
    up.restart()
    up.settle()
    assert {c["email"] for c in up.contacts()} == before
    assert len(harness.rows(up.json("source", "list"), "sources")) == 3
