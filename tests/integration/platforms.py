"""Owns what each platform's source is given and what each example of its route file ends as: data, a row a platform."""

import secrets
import subprocess
from dataclasses import dataclass, field

import harness


@dataclass
class Secret:
    """What the source is given, and what the platform signs with; the same text unless there is a key pair."""

    given: str
    signs: str


def text():
    value = secrets.token_hex(24)
    return Secret(value, value)


def hexadecimal():
    value = secrets.token_hex(32)
    return Secret(value, value)


def whsec():
    value = harness.whsec()
    return Secret(value, value)


def new_pair(kind="RSA", *options):
    """A private key and its public half, PEM."""

    def openssl(*args, stdin=None):
        return subprocess.run(["openssl", *args], check=True, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout

    private = openssl("genpkey", "-algorithm", kind, *options)
    return private.decode(), openssl("pkey", "-pubout", stdin=private).decode()


def key_pair():
    private, public = new_pair()
    return Secret(public, private)


def key_pair_by_path():
    private, public = new_pair()
    return Secret(f"/prod/keys/pub-key-1.pem\n{public}", f"/prod/keys/pub-key-1.pem\n{private}")


# -- what an example ends as: each asks the site about one address, the source, and the number in the example ----------------


def contact(**members):
    """A contact of that address with these members, and no order."""

    def check(site, source, email, number):
        got = site.contact(email)
        assert {name: got[name] for name in members} == members
        assert got["orders"]["count"] == 0

    return check


def consent(state):
    def check(site, source, email, number):
        assert site.contact(email)["consent"]["state"] == state

    return check


def order(**net):
    """One order that counts, with this net in each currency; none: one that does not count as a purchase."""

    def check(site, source, email, number):
        got = site.contact(email)["orders"]
        assert got["count"] == (1 if net else 0)
        assert {c: v for c, v in got["net"].items() if float(v)} == net

    return check


def cart(state=None, **members):
    """A cart of the source, with or without a contact."""

    def check(site, source, email, number):
        carts = site.contact(email)["carts"]
        assert len(carts) == 1 and carts[0]["source"] == source.name
        assert state is None or carts[0]["state"] == state

    return check


def fetch(name):
    """No event: the object is to be fetched."""

    def check(site, source, email, number):
        rows = harness.rows(site.json("fetch", "list", "--source", source.name), "fetches")
        assert [row["object"] for row in rows if number in row["id"]] == [name]
        assert not site.has_contact(email)

    return check


def activity(name):
    """A line in the timeline of the source, and no contact."""

    def check(site, source, email, number):
        assert name in [row["name"] for row in site.json("source", "show", source.name)["activities"]]
        assert not site.has_contact(email)

    return check


def nobody():
    """Applied without a contact: a visit, an erased address, a deleted customer."""

    def check(site, source, email, number):
        assert not site.has_contact(email)

    return check


@dataclass
class Platform:
    examples: dict
    secret: object = text
    name: str = "secret"  # of the secret in the route file's config
    config: dict = field(default_factory=dict)  # what a delivery must be meant for
    setup: dict = field(default_factory=dict)  # what else `source add` must be given
    sends: tuple = ()  # of both: what `send` signs with
    proves_body: bool = True  # False: the signature proves the sender, or a part of the body


# Visits are of known people here: the example names the address that the visitor has.
PUSH_PROTOCOL = {"signup": consent("subscribed"), "form_signup": consent("subscribed"), "purchase": order(GBP="61.80"),
                 "cart_updated": cart(), "page_visit": nobody(), "product_viewed": nobody(), "unsubscribe": consent("unsubscribed")}
ADOBE = "com.adobe.commerce.observer."
PLATFORMS = {
    "adobe-commerce": Platform(
        {"customer": contact(first_name="Jolanta", last_name="Król"), "order": order(PLN="178.20"),
         "subscriber": consent("subscribed")},
        key_pair),
    "adobe-io": Platform(
        {ADOBE + "customer_save_commit_after": contact(first_name="Jolanta"),
         ADOBE + "sales_order_save_commit_after": order(PLN="178.20"),
         ADOBE + "newsletter_subscriber_save_commit_after": consent("subscribed")},
        key_pair_by_path, config={"client_id": "demo"}),
    "bigcommerce": Platform(
        {"store/customer/created": fetch("customer"), "store/order/statusUpdated": fetch("order"),
         "store/cart/abandoned": fetch("cart"),
         "store/customer/deleted": nobody(), "store/app/uninstalled": activity("store/app/uninstalled")},
        config={"producer": "stores/demo"}),
    "ecwid": Platform(
        {"customer.created": fetch("customer"), "order.updated": fetch("order"), "unfinished_order.created": fetch("cart"),
         "customer.personal_data_removal_request": nobody()},
        config={"store_id": "1003"}, proves_body=False),
    "magento": Platform(
        {"new_customer": contact(last_name="Król"), "order": order(PLN="165.00"), "subscriber": consent("subscribed"),
         "abandoned_cart": cart()},
        proves_body=False),
    "opencart": Platform(PUSH_PROTOCOL, whsec),
    "prestashop": Platform(
        {"actionCustomerAccountAdd": contact(last_name="L'Hôte"), "actionValidateOrder": order(EUR="61.80"),
         "actionCartSave": cart(),
         "signup": consent("subscribed")},
        whsec),
    "recharge": Platform(
        {"customer/created": contact(last_name="Pryce"), "order/processed": order(GBP="24.00"),
         "subscription/cancelled": activity("subscription/cancelled")}),
    "salla": Platform(
        {"customer.created": contact(phone="+966500000000"), "order.created": order(SAR="130.00"), "abandoned.cart": cart()},
        config={"merchant": "1305146709"}),
    "shopify": Platform(
        {"customers/create": consent("subscribed"), "customers/update": contact(last_name="Lindqvist-Berg"),
         "customers_email_marketing_consent/update": consent("unsubscribed"), "orders/create": order(SEK="848.00"),
         "checkouts/create": cart()}),
    "shopline": Platform(
        {"customers/create": contact(last_name="Chen"), "orders/create": order(TWD="1280.00"),
         "customers/update": contact(last_name="Chen-Lin")},
        config={"shop_domain": "demo.myshopline.com"}),
    "shopware": Platform(
        {"customer.written": fetch("customer"), "checkout.customer.register": contact(last_name="Möller"),
         "checkout.order.placed": order(), "newsletter.unsubscribe": consent("unsubscribed")},
        config={"shop_id": "demo"}),
    "squarespace": Platform(
        {"order.create": fetch("order"), "order.update": fetch("order"),
         "extension.uninstall": activity("extension.uninstall")},
        hexadecimal),
    "tiendanube": Platform(
        {"order/created": fetch("order"), "customer/created": fetch("customer"), "customers/redact": nobody()},
        config={"store_id": "123"}),
    "storehook": Platform(PUSH_PROTOCOL, whsec),
    "webpixel": Platform(
        {"page_viewed": nobody(), "product_viewed": nobody(), "checkout_started": nobody()}, secret=None, proves_body=False),
    "wix": Platform(
        {"wix.contacts.v4.contact_created": contact(first_name="Dana"), "wix.ecom.v1.order_approved": order(ILS="118.00"),
         "wix.contacts.v4.contact_deleted": nobody()},
        key_pair),
    "woocommerce": Platform(
        {"customer.created": contact(first_name="Rosa"), "order.created": order(EUR="40.70"), "order.updated": order(EUR="31.75")}),
}
