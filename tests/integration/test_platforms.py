"""Every platform's source takes the deliveries that `storehook send` signs as the platform does, over HTTPS, to what they mean."""

import base64
import hashlib
import hmac
import json
import re
import secrets
import subprocess
import time
from urllib.parse import urlencode

import pytest

import harness
import wire
from platforms import PLATFORMS as SHOPS
from services import SERVICES

PLATFORMS = {**SHOPS, **SERVICES}
CASES = [(name, topic) for name, platform in PLATFORMS.items() for topic in platform.examples]


class Connected:
    """One platform with its source."""

    def __init__(self, site, name, config=None):
        self.site, self.platform = site, PLATFORMS[name]
        self.secret = self.platform.secret() if self.platform.secret else None
        title = f"{name} {'other' if config else 'shop'}"
        args = ["source", "add", name, "--name", title]
        if self.secret:
            args += ["--secret-file", f"{self.platform.name}={site.secret_file(self.secret.given)}"]
        for key, value in {**self.platform.setup, **(config or self.platform.config)}.items():
            args += ["--set", f"{key}={value}"]
        url = site.json(*args)["url"]
        self.source = harness.Source(site, name, title, None, "/in/" + url.rsplit("/in/")[1])
        self.source.await_known()

    def send(self, topic, email, *extra, exit_code=0):
        signs = self.secret.signs if self.secret else "unused"
        given = {**self.platform.setup, **self.platform.config}
        extra += tuple(word for key in self.platform.sends for word in ("--set", f"{key}={given[key]}"))
        return self.site.cli("send", self.source.platform, topic, "--to", f"https://127.0.0.1:{self.site.port}{self.source.path}",
                             "--secret-file", self.site.secret_file(signs), "--email", email, *extra, exit_code=exit_code)


@pytest.fixture(scope="module")
def connected(shared_up):
    made = {}

    def connect(name):
        if name not in made:
            made[name] = Connected(shared_up, name)
        return made[name]

    return connect


def number_of(name, topic):
    """A number of its own for each case, which stands in the ids of its example."""
    return str(7000 + CASES.index((name, topic)))


@pytest.mark.parametrize("name, topic", CASES)
def test_an_example_ends_as_what_it_says(shared_up, connected, name, topic):
    shop, number = connected(name), number_of(name, topic)
    letters = len(shared_up.dead(source=shop.source))
    shop.send(topic, f"{name}-{number}@example.com", "--number", number)
    shared_up.settle()
    assert len(shared_up.dead(source=shop.source)) == letters, shared_up.dead(source=shop.source)
    shop.platform.examples[topic](shared_up, shop.source, f"{name}-{number}@example.com", number)


@pytest.mark.parametrize("name", [name for name, platform in PLATFORMS.items() if platform.proves_body])
def test_a_changed_body_is_refused(shared_up, connected, name):
    shop = connected(name)
    before = shared_up.settled_counts()
    shop.send(next(iter(shop.platform.examples)), "changed@example.com", "--tamper", exit_code=1)
    assert shared_up.settled_counts() == before


@pytest.mark.parametrize("name", [name for name, platform in PLATFORMS.items() if platform.config])
def test_a_delivery_for_someone_else_is_refused(shared_up, name):
    others = Connected(shared_up, name, {key: f"not-{value}" for key, value in PLATFORMS[name].config.items()})
    before = shared_up.settled_counts()
    others.send(next(iter(others.platform.examples)), "someone@example.com", exit_code=1)
    assert shared_up.settled_counts() == before


def test_every_example_of_the_route_files_is_tried():
    for name, platform in PLATFORMS.items():
        route = harness.run("route", "show", name).json
        examples = route.get("push", {}).get("send", {}).get("examples", {})
        assert set(examples) <= set(platform.examples), name


def test_bigcommerce_hook_with_a_header_of_its_own_needs_no_signature(shared_up):
    token = secrets.token_hex(20)
    url = shared_up.json("source", "add", "bigcommerce", "--name", "by token", "--secret-file", f"token={shared_up.secret_file(token)}",
                         "--set", "token_header=X-Own-Key")["url"]
    source = harness.Source(shared_up, "bigcommerce", "by token", None, re.search(r"/in/.*", url).group(0))
    source.await_known()
    body = b'{"scope":"store/customer/created","data":{"type":"customer","id":32},"hash":"h","created_at":1714641068}'
    for value, status in ((token, 200), (token[:-1], 401), (token + "0", 401), ("", 401)):
        assert ask(shared_up, source.path, "POST", fields=[("X-Own-Key", value)], body=body).status == status
    assert ask(shared_up, source.path, "POST", fields=[("X-Hook-Key", token)], body=body).status == 401
    shared_up.settle()
    assert len(harness.rows(shared_up.json("fetch", "list", "--source", source.name), "fetches")) == 1


# -- built-in handshakes -----------------------------------------------------------------------------------------------------


def ask(site, path, method="GET", query=None, fields=(), body=None):
    return site.ask(wire.request(method, path + ("?" + urlencode(query) if query else ""), fields, body))


def test_adobe_challenge_is_echoed_without_an_event(shared_up, connected):
    path = connected("adobe-io").source.path
    before = shared_up.settled_counts()
    answer = ask(shared_up, path, query={"challenge": "8ec8d794-e0ab-42df-9017-e3dada8e84f7"})
    assert (answer.status, answer.body) == (200, b"8ec8d794-e0ab-42df-9017-e3dada8e84f7")
    assert ask(shared_up, path).status == 405
    assert shared_up.settled_counts() == before


def test_adobe_commerce_is_answered_with_an_operation(shared_up, connected):
    shop, body = connected("adobe-commerce"), b'{"customer":{"entity_id":"1","email":"operation@example.com"}}'
    key = shared_up.secret_file(shop.secret.signs)
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=base64.b64encode(body), check=True,
                               stdout=subprocess.PIPE).stdout
    fields = [("Content-Type", "application/json"), ("x-adobe-commerce-webhook-signature", base64.b64encode(signature).decode())]
    answer = ask(shared_up, shop.source.path, "POST", fields=fields, body=body)
    assert answer.status == 200 and json.loads(answer.body) == {"op": "success"}
    assert ask(shared_up, shop.source.path, "POST", fields=fields, body=body + b" ").status == 401


def hexmac(secret, text):
    return hmac.new(secret.encode(), text.encode() if isinstance(text, str) else text, hashlib.sha256).hexdigest()


def register(site, path, app_secret, shop="dgrH7nLU6tlE"):
    query = {"shop-id": shop, "shop-url": "https://shop.example.com", "timestamp": str(int(time.time()))}
    signed = "&".join(f"{name}={value}" for name, value in query.items())
    return ask(site, path, query=query, fields=[("shopware-app-signature", hexmac(app_secret, signed))])


def test_shopware_shop_registers_confirms_and_delivers(make_up):
    site = make_up({"storehook": {"public_url": "https://hooks.example.com"}})
    app_secret = secrets.token_hex(16)
    url = site.json("source", "add", "shopware", "--name", "shop", "--secret-file", f"app_secret={site.secret_file(app_secret)}",
                    "--set", "app_name=Contacts")["url"]
    source = harness.Source(site, "shopware", "shop", None, re.search(r"/in/.*", url).group(0))
    source.await_known()
    assert register(site, source.path, "wrong").status == 401
    told = json.loads(register(site, source.path, app_secret).body)
    assert told["proof"] == hexmac(app_secret, "dgrH7nLU6tlEhttps://shop.example.comContacts")
    assert told["confirmation_url"] == "https://hooks.example.com" + source.path

    def post(body, secret):
        text = json.dumps({**body, "timestamp": int(time.time())}).encode()
        fields = [("Content-Type", "application/json"), ("shopware-shop-signature", hexmac(secret, text))]
        return ask(site, source.path, "POST", fields=fields, body=text).status

    assert post({"apiKey": "AK", "secretKey": "SK", "shopId": "dgrH7nLU6tlE"}, told["secret"]) == 204
    written = {"data": {"payload": [{"entity": "customer", "primaryKey": "c1"}], "event": "customer.written"},
               "source": {"shopId": "dgrH7nLU6tlE", "eventId": secrets.token_hex(8)}}
    assert post(written, told["secret"]) == 200
    assert post(written, app_secret) == 401
    site.settle()
    assert site.dead(source=source) == []
    assert [row["object"] for row in harness.rows(site.json("fetch", "list"), "fetches")] == ["customer"]


def test_a_payment_before_its_customer_shows_once_the_address_is_known(shared_up, connected):
    """Paddle's transactions name the customer by id only."""
    shop, number, email = connected("paddle"), "9999", "late@example.com"
    body = shared_up.base / "transaction.json"
    body.write_text(json.dumps({
        "event_id": "evt_early", "event_type": "transaction.completed", "occurred_at": "2026-01-02T03:04:05Z",
        "data": {"id": "txn_early", "status": "completed", "customer_id": f"ctm_{number}", "currency_code": "JPY",
                 "details": {"totals": {"grand_total": "500", "tax": "45"}}, "created_at": "2026-01-02T03:04:05Z",
                 "updated_at": "2026-01-02T03:04:05Z"}}))
    shop.send("transaction.completed", email, "--body", body)
    shared_up.settle()
    assert shared_up.dead(source=shop.source) == []  # G4
    shop.send("customer.created", email, "--number", number)
    shared_up.settle()
    assert shared_up.contact(email)["orders"]["net"] == {"JPY": "500"}
