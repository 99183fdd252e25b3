"""Every sample payload of the facts, signed and posted over TLS, ends as the contact its content says or as a dead letter."""

import json

import pytest

import bodies
import harness
from conftest import running_up

FACTS = harness.SHARED / "facts" / "payloads"
pytestmark = pytest.mark.skipif(not FACTS.is_dir(), reason=f"facts are not at {FACTS}")


class Contact:
    """The payload makes (or updates) this contact; `members` are compared with `contacts show`."""

    def __init__(self, email, external_id=None, consent="none", orders=0, net=(), carts=0, visits=0, **members):
        self.email, self.external_id, self.consent, self.orders, self.net = email, external_id, consent, orders, dict(net)
        self.carts, self.visits, self.members = carts, visits, members


class Dead:
    """The payload becomes a dead letter with this reason, and no contact."""

    def __init__(self, reason):
        self.reason = reason


class Nothing:
    """The payload is applied; it neither makes a contact nor a dead letter."""


NEW_YEAR = "2022-01-01T00:00:00Z"
BOB = dict(email="bob@biller.com", external_id="706405506930370084", first_name="Bob", last_name="Biller", phone=None,
           created_at=NEW_YEAR, tags=[])
JON = dict(email="jon@example.com", external_id="115310627314723954")
JOHN_DOE = dict(email="john.doe@example.com", last_name="Doe", phone="(555) 555-5555")
CHECKOUT = dict(email="example@email.com", external_id="603851970716743426", carts=1)

# File -> what it means. The official order samples are cancelled, voided test orders: they count as no purchase. The box that
# the buyer ticked is an opt-in on orders/create (G3), not on a test order (K7).
EXPECTED = {
    "shopify/app.uninstalled.json": Nothing(),
    "shopify/carts.create.json": Nothing(),
    "shopify/carts.update.json": Nothing(),
    "shopify/checkouts.create.json": Contact(**CHECKOUT),
    "shopify/checkouts.create.written-no-email-yet.json": Nothing(),
    "shopify/checkouts.update.json": Contact(**CHECKOUT),
    "shopify/customers.create.json": Contact(**BOB),
    "shopify/customers.create.written-phone-only.json": Dead("no_email"),
    "shopify/customers.create.written-unicode-consent.json": Contact(
        "zoë.o’brien+shop@example.com", "7099123204273", consent="subscribed", first_name="Zoë 😀",
        last_name="O’Brien & Sons <Ltd>", phone=None, mailable=True, tags=["VÍP", "newsletter"],
        created_at="2024-11-06T02:22:02Z"),
    "shopify/customers.data_request.json": Nothing(),
    "shopify/customers.delete.json": Nothing(),
    "shopify/customers.disable.json": Contact(**BOB),
    "shopify/customers.merge.json": Nothing(),
    "shopify/customers.redact.json": Nothing(),
    "shopify/customers.update.2.json": Contact(
        "test@example.com", "1", first_name="Test", last_name="Citizen", phone=None, tags=["tag1", "tag2"],
        created_at="2017-09-23T18:15:47Z"),
    "shopify/customers.update.json": Contact(**BOB),
    "shopify/customers_email_marketing_consent.update.json": Nothing(),
    "shopify/customers_marketing_consent.update.json": Nothing(),
    "shopify/events.customer.update.written.json": Contact("zoe@example.com", "7099123204273", consent="subscribed"),
    "shopify/orders.cancelled.json": Contact(**JON),
    "shopify/orders.create.2.json": Contact("jon@doe.ca", None),
    "shopify/orders.create.json": Contact(**JON),
    "shopify/orders.create.written-guest-phone-only.json": Nothing(),  # G4: an order of nobody
    "shopify/orders.create.written-jpy.json": Contact("yuki@example.jp", "115310627314723954", consent="subscribed"),
    "shopify/orders.create.written-kwd.json": Contact("noura@example.com.kw", "115310627314723954", consent="subscribed"),
    "shopify/orders.paid.json": Contact(**JON),
    "shopify/orders.updated.json": Contact(**JON),
    "shopify/refunds.create.json": Nothing(),
    "shopify/shop.redact.json": Nothing(),
    "woocommerce/action.written.json": Nothing(),
    "woocommerce/coupon.deleted.json": Nothing(),
    "woocommerce/customer.created.json": Contact(external_id="25", first_name="John", created_at="2017-03-21T19:09:28Z",
                                                 **JOHN_DOE),
    "woocommerce/customer.deleted.written.json": Nothing(),
    "woocommerce/customer.updated.json": Contact(external_id="25", first_name="James", created_at="2017-03-21T19:09:28Z",
                                                 **JOHN_DOE),
    "woocommerce/order.created.json": Contact(orders=1, net={"USD": "29.35"}, first_name="John",
                                              last_at="2017-03-22T19:28:02Z", **JOHN_DOE),
    "woocommerce/order.created.written-guest-entities.json": Contact(
        "jose@example.es", orders=1, net={"EUR": "29.35"}, first_name="José", last_name="Muñoz & Hijos",
        last_at="2017-03-22T19:28:02Z"),
    "woocommerce/order.created.written-jpy-no-email.json": Nothing(),  # G4
    "woocommerce/order.updated.3.json": Contact("joao.silva@example.com", "26", orders=1, net={"USD": "20.00"},
                                                first_name="João", last_name="Silva", last_at="2017-03-21T19:16:00Z"),
    "woocommerce/order.updated.json": Contact(orders=1, net={"USD": "29.35"}, first_name="John",
                                              last_at="2017-03-22T19:28:02Z", **JOHN_DOE),
    "woocommerce/product.created.json": Nothing(),
}

# Files whose contact is the same person go to different sites, so that each file is judged alone.
SITES = 4
SITE_OF = {
    name: sorted(n for n, e in EXPECTED.items() if isinstance(e, Contact) and e.email == want.email).index(name) % SITES
    for name, want in EXPECTED.items()
    if isinstance(want, Contact)
}


@pytest.fixture(scope="module")
def sites():
    started = {}
    managers = []

    def site(number):
        if number not in started:
            managers.append(running_up())
            started[number] = managers[-1].__enter__()
        return started[number]

    yield site
    for manager in reversed(managers):
        manager.__exit__(None, None, None)


def captured_headers():
    path = FACTS / "_headers.json"
    return json.loads(path.read_text()) if path.exists() else {}


def topic_of(name):
    """The topic that a file's name says: orders.create.written-jpy.json is orders/create."""
    platform, file = name.split("/")
    words = file.removesuffix(".json").split(".")
    if platform == "woocommerce":
        return {"action": "action.woocommerce_add_to_cart"}.get(words[0], ".".join(words[:2]))
    return "/".join(words[:2])


def fields_of(source, name, body):
    """The captured header fields with our own signature; computed ones where none were captured."""
    if name.startswith("shopify/events."):
        return [(n.lower().removeprefix("x-"), {"X-Shopify-Topic": "Customer"}.get(n, v))
                for n, v in source.sign(body, "-", event_id=f"event-{name}")] + [("shopify-action", "update"),
                                                                                 ("shopify-handle", "customer-sync")]
    signed = source.sign(body, topic_of(name))
    captured = captured_headers().get(name)
    if captured is None:
        return signed
    signature = "x-shopify-hmac-sha256" if source.platform == "shopify" else "x-wc-webhook-signature"
    return list(captured.items()) + [(n, v) for n, v in signed if n.lower() == signature]


def post_file(site, name, source):
    body = (FACTS / name).read_bytes()
    answer = site.post(source.path, body, fields_of(source, name, body))
    assert answer.status == 200, answer
    site.settle()


def check_contact(site, source, want):
    got = site.contact(want.email)
    assert got["email"] == want.email
    mine = [s for s in got["sources"] if s["source"] == source.name]
    assert [s["external_id"] for s in mine if s["external_id"]] == ([want.external_id] if want.external_id else [])
    assert got["consent"]["state"] == want.consent
    assert got["mailable"] is (want.consent == "subscribed")
    assert got["orders"]["count"] == want.orders
    assert {c: v for c, v in got["orders"]["net"].items() if float(v)} == want.net
    assert len(got["carts"]) == want.carts and got["visits"]["count"] == want.visits
    members = dict(want.members)
    for name in ("created_at", "last_at"):
        if name in members:
            value = got["orders"]["last_at"] if name == "last_at" else got[name]
            assert bodies.same_time(value, members.pop(name)), name
    if "tags" in members:
        assert sorted(got["tags"]) == sorted(members.pop("tags"))
    assert {name: got[name] for name in members} == members
    return got


def test_every_file_has_an_expectation():
    found = {f"{p}/{f.name}" for p in ("shopify", "woocommerce") for f in (FACTS / p).glob("*.json")}
    assert found == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_payload(sites, name):
    site = sites(SITE_OF.get(name, 0))
    source = site.add_source(name.split("/")[0])
    want = EXPECTED[name]
    contacts = len(site.contacts())
    post_file(site, name, source)
    letters = site.dead(source=source)
    if isinstance(want, Dead):
        assert [letter["reason"] for letter in letters] == [want.reason]
        assert len(site.contacts()) == contacts
        return
    assert letters == []
    if isinstance(want, Nothing):
        assert len(site.contacts()) == contacts
        return
    check_contact(site, source, want)
    assert len(site.contacts()) == contacts + 1


def test_a_checkout_is_kept_as_a_cart_of_its_token(sites):
    site = sites(SITES)
    source = site.add_source("shopify")
    post_file(site, "shopify/checkouts.create.json", source)
    cart = site.contact("example@email.com")["carts"][0]
    assert cart["source"] == source.name and cart["id"] == "123123123"
    assert "421.88" in str(cart["value"])
    assert bodies.same_time(cart["due_at"], "2022-01-01T01:00:00Z")


def test_consent_payloads_that_say_nothing_change_nothing(sites):
    site = sites(SITES)
    source = site.add_source("shopify")
    post_file(site, "shopify/customers.create.json", source)
    before = site.contact("bob@biller.com")
    post_file(site, "shopify/customers_email_marketing_consent.update.json", source)
    post_file(site, "shopify/customers_marketing_consent.update.json", source)
    after = site.contact("bob@biller.com")
    assert (after["consent"], after["mailable"], after["suppressions"]) == (before["consent"], False, [])
    assert site.dead(source=source) == []


def test_a_customers_life_in_captured_payloads(sites):
    """create, update, disable of the same body, then delete by id alone: one contact, its external id exact past 2^53."""
    site = sites(SITES + 1)
    source = site.add_source("shopify")
    for name in ("create", "update", "disable", "delete"):
        post_file(site, f"shopify/customers.{name}.json", source)
    assert [c["email"] for c in site.contacts()] == ["bob@biller.com"]
    assert site.dead(source=source) == []


def test_woocommerce_guest_order_and_account_are_one_contact(sites):
    """The order is a day newer than the account's last change: its name stands (F2)."""
    site = sites(SITES + 1)
    source = site.add_source("woocommerce")
    for name in ("order.created", "order.updated", "customer.created", "customer.updated"):
        post_file(site, f"woocommerce/{name}.json", source)
    got = site.contact("john.doe@example.com")
    assert got["first_name"] == "John"
    assert got["orders"]["count"] == 1 and got["orders"]["net"] == {"USD": "29.35"}
    assert [s["external_id"] for s in got["sources"] if s["external_id"]] == ["25"]


def test_woocommerce_ping_of_the_facts(sites):
    site = sites(0)
    source = site.add_source("woocommerce")
    body = (FACTS / "woocommerce" / "ping.written.txt").read_bytes()
    before = site.settled_counts()
    answer = site.post(source.path, body, [("Content-Type", "application/x-www-form-urlencoded")])
    assert answer.status == 200
    assert site.counts() == before
