"""Erasure: nothing of the person is left in the database, the queue or a file, and everything of the others is (X2, X4)."""

import json
import secrets
import subprocess

import pytest

import bodies
import harness
import signing
import wire


@pytest.fixture
def site(make_up):
    """Of the test's own: files are searched as a whole, so nothing in them is compressed."""
    site = make_up()
    with site.redis() as link:
        link.config_set("rdbcompression", "no")
    return site


READ = {
    b"none": lambda link, key: [],  # gone since it was listed
    b"string": lambda link, key: [link.get(key)],
    b"list": lambda link, key: link.lrange(key, 0, -1),
    b"hash": lambda link, key: [repr(link.hgetall(key)).encode()],
    b"zset": lambda link, key: [repr(link.zrange(key, 0, -1)).encode()],
    b"stream": lambda link, key: [b"\n".join(value for _, pairs in link.xrange(key) for value in pairs.values())]
}


def keys_with(site, text):
    with site.redis() as link:
        return [key for key in link.scan_iter("*") for value in READ[link.type(key)](link, key) if text.encode() in value.lower()]


def files_with(site, text):
    found = []
    for path in site.dir.rglob("*"):
        try:
            if path.is_file() and text.encode() in path.read_bytes().lower():
                found.append(path.name)
        except FileNotFoundError:  # Redis took it away meanwhile
            continue
    return found


def sampled(site, source):
    """Sizes of the bodies of rejected deliveries that are kept; the samples themselves are sealed."""
    return {row["body_bytes"] for row in site.json("doctor", source.name)["rejected"]}


def reject(site, source, body):
    """Sends it with a wrong signature until it is kept as a sample: one a second is."""
    fields = signing.shopify("nobody", body, "customers/update")

    def kept():
        assert site.ask(wire.request("POST", source.path, fields, body)).status == 401
        return len(body) in sampled(site, source)

    harness.wait_until(kept, "a sample is kept", 20)


def rejected_body(number, email):
    return json.dumps({"email": email, "more": "x" * number}).encode()


def leave_traces(site, shop, number, email):
    """A contact, an order, a dead letter and a rejected delivery of that person."""
    shop.apply(bodies.shopify_customer(number, email), "customers/create")
    shop.apply(bodies.shopify_order(number + 1000, email, customer=number), "orders/create")
    shop.apply(f'{{"note": "{email}"'.encode(), "orders/updated")
    reject(site, shop, rejected_body(number, email))
    assert site.has_contact(email) and keys_with(site, email)


def redact_customer(site, shop, number, email):
    shop.push({"shop_domain": "demo.example", "customer": {"id": number, "email": email}, "orders_to_redact": []}, "customers/redact")


def redact_shop(site, shop, number, email):
    shop.push({"shop_id": 1, "shop_domain": "demo.example"}, "shop/redact")


def push_erase(site, shop, number, email):
    plugin = site.add_source("storehook", name="plugin")
    plugin.push({"id": secrets.token_hex(8), "type": "erase", "contact": {"email": email}})


def by_command(site, shop, number, email):
    site.cli("contacts", "erase", email, "--yes")


@pytest.mark.parametrize("erase", [redact_customer, redact_shop, push_erase, by_command])
def test_X2_X4_nothing_of_the_erased_is_left_anywhere_and_the_others_stay(site, erase):
    shop, other = site.add_source("shopify"), site.add_source("shopify", name="another-shop")
    leave_traces(site, shop, 1, "gone@example.com")
    leave_traces(site, other, 2, "stays@example.com")
    assert files_with(site, "gone@example.com")
    before = keys_with(site, "stays@example.com")
    erase(site, shop, 1, "Gone@Example.com")
    harness.wait_until(lambda: keys_with(site, "gone@example.com") == [], lambda: keys_with(site, "gone@example.com"), 20)
    harness.wait_until(lambda: len(rejected_body(1, "gone@example.com")) not in sampled(site, shop), "the sample is gone", 20)
    assert len(rejected_body(2, "stays@example.com")) in sampled(site, other)
    assert not site.has_contact("gone@example.com")
    assert site.has_contact("stays@example.com") and keys_with(site, "stays@example.com") == before
    harness.wait_until(lambda: files_with(site, "gone@example.com") == [], lambda: files_with(site, "gone@example.com"), 60)
    site.stop()
    assert files_with(site, "gone@example.com") == []
    assert files_with(site, "stays@example.com")
    site.start()


def test_X2_a_delivery_that_erases_and_is_refused_leaves_no_dead_letter_with_the_address(site):
    plugin = site.add_source("storehook")
    plugin.apply({"events": [{"type": "erase", "contact": {"email": "gone@example.com"}},
                             {"type": "signup", "contact": {"email": "not an address"}}]})
    harness.wait_until(lambda: site.dead() == [], "the letter is gone")
    assert "dead letter dropped" in site.log() and keys_with(site, "gone@example.com") == []


def test_X2_C6_an_address_of_nobody_that_was_suppressed_is_erased(site):
    site.cli("contacts", "suppress", "nobody@example.com", "--reason", "a letter")
    site.cli("contacts", "erase", "nobody@example.com", "--yes")
    assert site.json("db", "check")["findings"] == []


def test_X2_M3_who_shared_the_erased_address_and_had_no_other_is_no_contact_until_there_is_one(site):
    plugin = site.add_source("storehook")

    def says(number, **members):
        plugin.event("contact_updated", contact={"external_id": number, "first_name": f"n{number}", **members})

    def names():
        assert site.json("db", "check")["findings"] == []
        return [(c["first_name"], c["email"]) for c in site.export()]

    for number in ("1", "2", "3"):
        says(number, email="shared@example.com")
    says("3", email="own@example.com")
    site.cli("contacts", "erase", "shared@example.com", "--yes")
    assert names() == [("n3", "own@example.com")]
    says("2", last_name="still nobody's address")
    assert names() == [("n3", "own@example.com")]
    says("2", email="new@example.com")
    assert sorted(names()) == [("n2", "new@example.com"), ("n3", "own@example.com")]


def test_X2_erasures_that_meet_each_other_and_the_drainer_are_all_done(site):
    plugin = site.add_source("storehook")
    for i in range(40):
        plugin.push({"id": f"meet-{i}", "type": "subscribe", "contact": {"email": f"meet-{i % 8}@example.com"}})
    commands = [[harness.BINARY, "contacts", "erase", f"meet-{i % 2}@example.com", "--yes", "--config", site.config] for i in range(8)]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for command in commands]
    ended = [(process.communicate(timeout=harness.scaled(30))[1], process.returncode) for process in running]
    assert [code for _, code in ended] == [0] * len(commands), ended


def test_X2_an_erasure_while_the_queue_is_away_is_finished_when_it_is_back(roles):
    roles.start_redis()
    roles.start_role("drain")
    roles.start_serve()
    shop = roles.add_source("shopify")
    shop.apply(b'{"note": "gone@example.com"', "orders/updated")
    roles.stop_role("serve")
    roles.stop_role("drain")
    roles.stop_role("redis")
    assert "drain" in roles.cli("contacts", "erase", "gone@example.com", "--yes", exit_code=1).err
    roles.start_redis()
    assert len(roles.dead()) == 1
    roles.start_role("drain")
    harness.wait_until(lambda: roles.dead() == [], "the letter is gone")
