"""A PostgreSQL that goes away under a running drainer: it waits, says so, and applies everything once (N3, N4, D5)."""

import os
import socket
import threading

import pytest

import bodies
import harness
from conftest import running_roles
from database import Postgres

PERSON = "one@example.com"
BURST = 30


class Proxy(threading.Thread):
    """Stands before the server. Of the first `n` commits the server's answer is lost: the client cannot know what became of them."""

    def __init__(self, directory, server, n):
        super().__init__(daemon=True)
        self.place, self.server, self.left, self.lost = str(directory), server, n, 0
        os.makedirs(self.place)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(f"{self.place}/.s.PGSQL.5432")
        self.listener.listen()
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{self.server}/.s.PGSQL.5432")
            threading.Thread(target=self.carry, args=(client, server), daemon=True).start()
            threading.Thread(target=self.answer, args=(server, client), daemon=True).start()

    def carry(self, client, server):
        """From the client; after a commit that is to be lost, waits for its answer and hangs up."""
        try:
            while data := client.recv(65536):
                if self.left and b"COMMIT" in data:
                    self.left -= 1
                    self.hang_up(data, client, server)
                    return
                server.sendall(data)
        except OSError:
            pass
        finally:
            client.close()
            server.close()

    def hang_up(self, data, client, server):
        client.shutdown(socket.SHUT_RDWR)  # answer() finds it closed and drops what the server says
        server.sendall(data)
        server.shutdown(socket.SHUT_WR)
        self.lost += 1

    @staticmethod
    def answer(server, client):
        gone = False
        try:
            while data := server.recv(65536):
                try:
                    if not gone:
                        client.sendall(data)
                except OSError:
                    gone = True
        except OSError:
            pass

    def close(self):
        self.listener.close()


class Shop:
    """Deliveries of one person whose numbers are known."""

    def __init__(self, site):
        self.site, self.source, self.sent = site, site.add_source("storehook"), 0

    def push(self, n=BURST):
        for _ in range(n):
            self.sent += 1
            order = bodies.push_order(f"o{self.sent}", total="1.00", created=self.sent, updated=self.sent)
            self.source.push({"id": f"e{self.sent}", "type": "purchase", "occurred_at": bodies.at(self.sent),
                              "contact": bodies.person(PERSON, 1), "order": order})

    def check(self):
        """Each once: state, and the lines of the ledger, of which a second application would leave more."""
        self.site.settle(120)
        got = self.site.contact(PERSON)
        assert got["orders"]["count"] == self.sent
        assert got["orders"]["net"] == {"EUR": f"{self.sent}.00"}
        lines = [line for line in self.site.why(PERSON) if line["what"] == "order"]
        assert len({line["name"] for line in lines}) == len(lines)
        assert self.site.dead() == []
        assert self.site.json("db", "check")["findings"] == []


@pytest.fixture
def server():
    one = Postgres()
    one.start()
    return one


def running(url, **settings):
    return running_roles({"db": {"url": url, **settings}, "drain": {"claim_idle": "2s"}})


def start(site):
    site.start_redis()
    site.start_serve(ready=False)
    drain = site.start_role("drain")
    harness.wait_until(lambda: "ready" in drain.out(), lambda: f"the drainer is ready:\n{drain.log()}")
    return Shop(site)


def shown_roles(site):
    with site.redis() as link:
        return list(link.scan_iter("storehook:role:drain:*"))


def test_N4_a_server_that_is_killed_and_comes_back(server):
    with running(server.new_url()) as site:
        shop = start(site)
        for _ in range(3):
            shop.push()
            server.kill()
            shop.push()
            server.start()
            shop.push()
        shop.check()


def test_N4_connections_that_the_server_ends(server):
    url = server.new_url()
    with running(url) as site:
        shop = start(site)
        for _ in range(10):
            shop.push(10)
            server.run_sql(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                                " AND pid <> pg_backend_pid()")
        shop.check()


def test_N3_while_the_server_is_away_the_drainer_waits_and_is_not_shown_as_ready(server):
    with running(server.new_url()) as site:
        shop = start(site)
        shop.push()
        site.settle()
        assert shown_roles(site)
        server.halt()
        shop.push()
        harness.wait_until(lambda: not shown_roles(site), lambda: f"it is not ready:\n{site.log()}")
        assert site.queued() == BURST, "nothing is acknowledged"
        server.start()
        shop.check()
        harness.wait_until(lambda: shown_roles(site), lambda: f"it is ready again:\n{site.log()}")


def test_N4_an_idle_drainer_notices_that_the_server_is_away(server):
    with running(server.new_url()) as site:
        start(site)
        harness.wait_until(lambda: shown_roles(site), "it is ready")
        server.halt()
        harness.wait_until(lambda: not shown_roles(site), lambda: f"it is not ready:\n{site.log()}")
        server.start()
        harness.wait_until(lambda: shown_roles(site), lambda: f"it is ready again:\n{site.log()}")


def test_N4_a_stand_by_that_is_promoted_takes_over(server):
    url = server.new_url()
    other = server.stand_by()
    name = url.rsplit("dbname=", 1)[1]
    with running(f"postgres:host={server.dir},{other.dir} user=storehook dbname={name} target_session_attrs=read-write") as site:
        shop = start(site)
        shop.push()
        shop.site.settle()
        shop.push()
        server.kill()
        shop.push()
        other.promote()
        shop.push()
        shop.check()


def test_D5_N4_a_commit_whose_answer_is_lost_is_applied_once(server, workplace):
    url = server.new_url()
    name = url.rsplit("dbname=", 1)[1]
    with running(url) as site:
        shop = start(site)
        site.stop_role("drain")
        shop.push()
        proxy = Proxy(workplace / "proxy", server.dir, 3)
        site.settings["db"]["url"] = f"postgres:host={proxy.place} user=storehook dbname={name}"
        site.write_config()
        drain = site.start_role("drain")
        site.settle(120)
        site.settings["db"]["url"] = url
        site.write_config()
        assert proxy.lost == 3, drain.log()
        assert "waiting" in drain.log()
        shop.check()
        proxy.close()
