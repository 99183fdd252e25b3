"""Questions of platforms ("is this URL yours?"), each in its exact shape and its near misses, on routes of the tests' own."""

import hashlib
import hmac
import json
import os
import re
import secrets
import signal
import time
from urllib.parse import urlencode

import pytest

import harness
import wire
from conftest import running_up

PUBLIC = "https://hooks.example.com"
JSON = ("Content-Type", "application/json")


def route(platform, handshakes, verify=None, config=None, **push):
    """A small route; each test says what is special about it."""
    verify = verify or [{"scheme": "hmac", "header": "X-Sign", "encoding": "hex"}]
    return {
        "route": 1,
        "platform": platform,
        "title": platform,
        "config": {"secret": {"type": "secret", "doc": "the secret"}, **(config or {})},
        "push": {
            "verify": verify,
            "topic": {"const": "person"},
            "dedupe": [[{"at": "/id"}]],
            "handshakes": handshakes,
            **push,
        },
        "objects": {"person": {"contact.email": "/email"}},
        "topics": {"person": {"event": "signup", "object": "person"}},
    }


def text(doc, **more):
    return {"type": "text", "doc": doc, **more}


TOKEN = {"verify_token": text("the word")}
CHALLENGE = {"hub.mode": {"is": "subscribe"}, "hub.verify_token": {"config": "verify_token"}, "hub.challenge": "text"}
ROUTES = [
    route("meta-like", [{"method": "GET", "query": CHALLENGE, "answer": {"body": "{{query.hub.challenge}}"}}], config=TOKEN),
    route("adobe-like", [
        {"method": "GET", "query": {"challenge": "text"},
         "answer": {"content_type": "application/json", "body": '{"challenge":"{{query.challenge}}"}'}},
    ]),
    route("trello-like", [{"method": "HEAD", "answer": {}}, {"method": "GET", "answer": {}}]),
    route("asana-like", [
        {"method": "POST", "headers": {"X-Hook-Secret": "text"}, "body": "any", "while": "pending",
         "capture": {"secret": "secret", "value": "{{header.X-Hook-Secret}}"},
         "answer": {"headers": {"X-Hook-Secret": "{{header.X-Hook-Secret}}"}}},
    ]),
    route("slack-like", [
        {"method": "POST", "signed": "either", "content_type": "application/json",
         "json": {"/type": {"is": "url_verification"}, "/challenge": "text"}, "answer": {"body": "{{json./challenge}}"}},
    ]),
    route("discord-like", [
        {"method": "POST", "signed": "yes", "json": {"/type": {"is": 0}}, "answer": {"status": 204}},
        {"method": "POST", "signed": "yes", "json": {"/type": {"is": 1}},
         "answer": {"content_type": "application/json", "body": '{"type":1}'}},
    ]),
    route("zoom-like", [
        {"method": "POST", "signed": "yes", "json": {"/event": {"is": "endpoint.url_validation"}, "/payload/plainToken": "text"},
         "answer": {"content_type": "application/json",
                    "body": '{"plainToken":"{{json./payload/plainToken}}",'
                            '"encryptedToken":"{{hmac.sha256.hex(secret, json./payload/plainToken)}}"}'}},
    ]),
    route("cloudevents-like", [
        {"method": "OPTIONS", "headers": {"WebHook-Request-Origin": "text"},
         "answer": {"headers": {"WebHook-Allowed-Origin": "{{header.WebHook-Request-Origin}}",
                                "WebHook-Allowed-Rate": "{{config.rate}}"}}},
    ], config={"rate": text("requests a minute", default="120")}),
    route("shopware-like", [
        {"method": "GET", "query": {"shop-id": "text", "shop-url": "text", "timestamp": "digits"},
         "verify": {"scheme": "hmac", "header": "X-App-Signature", "encoding": "hex", "secret": "app_secret",
                    "signed": "shop-id={query.shop-id}&shop-url={query.shop-url}&timestamp={query.timestamp}"},
         "capture": {"secret": "secret", "value": "{{random}}"},
         "answer": {"content_type": "application/json",
                    "body": '{"proof":"{{hmac.sha256.hex(app_secret, query.shop-id, query.shop-url, config.app_name)}}",'
                            '"secret":"{{random}}","confirmation_url":"{{url}}"}'}},
        {"method": "POST", "signed": "yes", "json": {"/apiKey": "text", "/secretKey": "text"}, "answer": {}},
    ], config={"app_secret": {"type": "secret", "doc": "the app's"}, "app_name": text("name", default="MyApp")}),
    route("get-like", [], methods=["POST", "GET"],
          verify=[{"scheme": "hmac", "header": "X-Sign", "encoding": "hex", "signed": "{query.id}.{query.email}"}]),
]


def sign(secret, body):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.fixture(scope="module")
def site():
    with harness.Workplace() as place:
        (place / "routes").mkdir()
        for one in ROUTES:
            (place / "routes" / f"{one['platform']}.json").write_text(json.dumps(one))
        with running_up({"storehook": {"routes_dir": place / "routes", "public_url": PUBLIC}}) as up:
            yield up


class Asker:
    """One source of a platform, with the means to ask it."""

    def __init__(self, site, platform, secret=True, extra=(), settle=True):
        self.site, self.secret = site, secrets.token_hex(16) if secret is True else secret
        args = ["source", "add", platform, "--name", f"{platform}-{secrets.token_hex(3)}", *extra]
        if self.secret:
            args += ["--secret-file", site.secret_file(self.secret)]
        self.path = re.search(r"/in/[A-Za-z0-9_-]{16,}", site.cli(*args).out).group(0)
        self.name = args[4]
        harness.wait_until(lambda: site.post(self.path, b"{}").status != 404, "serve knows it")
        self.before = site.settled_counts() if settle else None

    def ask(self, method="GET", query=None, fields=(), body=None):
        target = self.path + ("?" + urlencode(query) if query else "")
        with self.site.connect() as link:
            return link.ask(wire.request(method, target, fields, body), head_only=method == "HEAD")

    def post(self, body, fields=(JSON,), secret=None):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = [("X-Sign", sign(secret, body))] if secret else []
        return self.ask("POST", None, [*fields, *signed], body)

    def nothing_came_of_it(self):
        assert self.site.settled_counts() == self.before


def test_meta_challenge_is_echoed_as_text_only_with_the_word_of_the_source(site):
    meta = Asker(site, "meta-like", extra=["--set", "verify_token=meatyhamhock"])
    query = {"hub.mode": "subscribe", "hub.verify_token": "meatyhamhock", "hub.challenge": "<script>1</script>"}
    answer = meta.ask(query=query)
    assert (answer.status, answer.body) == (200, b"<script>1</script>")
    assert answer.get("Content-Type").startswith("text/plain") and answer.get("X-Content-Type-Options") == "nosniff"
    refused = meta.ask(query={**query, "hub.verify_token": "nope"})
    assert refused.status == 403 and b"script" not in refused.body
    assert meta.ask(query={**query, "hub.mode": "unsubscribe"}).status == 405
    assert meta.ask(query={k: v for k, v in query.items() if k != "hub.challenge"}).status == 405
    assert meta.ask("POST", query=query, body=b"").status == 401
    meta.nothing_came_of_it()


def test_adobe_challenge_is_answered_in_json_that_it_cannot_break(site):
    adobe = Asker(site, "adobe-like")
    answer = adobe.ask(query={"challenge": "8ec8d794-e0ab-42df"})
    assert answer.status == 200 and json.loads(answer.body) == {"challenge": "8ec8d794-e0ab-42df"}
    assert json.loads(adobe.ask(query={"challenge": 'a","b":"\\\n'}).body) == {"challenge": 'a","b":"\\\n'}
    assert adobe.ask(query={"chalenge": "1"}).status == 405
    assert adobe.ask("GET", {"challenge": "1"}, body=b"x").status == 405
    adobe.nothing_came_of_it()


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_I5_trello_head_and_mailchimp_get_are_200(site, method):
    trello = Asker(site, "trello-like")
    answer = trello.ask(method)
    assert (answer.status, answer.body) == (200, b"")
    trello.nothing_came_of_it()


def test_methods_that_no_handshake_names_are_405(site):
    adobe = Asker(site, "adobe-like")
    for method in ("HEAD", "OPTIONS", "PUT", "DELETE"):
        answer = adobe.ask(method, body=None if method in ("HEAD", "OPTIONS") else b"")
        assert answer.status == 405 and answer.get("Allow") == "POST", method
    assert site.get("/in/" + "a" * 26, "OPTIONS").status == 404


def test_I5_asana_secret_is_echoed_while_pending_then_verifies_and_is_not_replaced(site):
    asana = Asker(site, "asana-like", secret=None)
    secret = secrets.token_hex(16)
    person = {"id": secrets.token_hex(4), "email": f"{secrets.token_hex(4)}@example.com"}
    assert asana.post(person, secret=secret).status == 401
    answer = asana.post(b"{}", [("X-Hook-Secret", secret)])
    assert (answer.status, answer.get("X-Hook-Secret")) == (200, secret)
    assert asana.post(person, secret=secret).status == 200  # at once: a platform does not wait for the drainer
    site.settle()
    assert site.has_contact(person["email"])
    stray = secrets.token_hex(16)
    answer = asana.post(b"{}", [("X-Hook-Secret", stray)])
    assert answer.status == 401 and answer.get("X-Hook-Secret") is None
    assert asana.post({**person, "id": "2"}, secret=stray).status == 401
    assert asana.post({**person, "id": "3"}, secret=secret).status == 200
    shown = site.cli("source", "show", asana.name, "--json").out + site.log()
    assert secret not in shown, "N10: the secret stands nowhere"


def test_I5_of_two_handshakes_at_once_the_first_counts(site):
    """The second comes before the first is stored: what it brings is a dead letter, sealed."""
    asana = Asker(site, "asana-like", secret=None)
    first, second = secrets.token_hex(16), secrets.token_hex(16)
    with site.connect() as link:
        link.send(b"".join(wire.request("POST", asana.path, [("X-Hook-Secret", s)], b"{}") for s in (first, second)))
        answers = [link.answer().status, link.answer().status]
    assert answers[0] == 200 and answers[1] in (200, 401)
    person = {"id": "1", "email": f"{secrets.token_hex(4)}@example.com"}
    assert asana.post(person, secret=first).status == 200
    assert asana.post({**person, "id": "2"}, secret=second).status == 401
    site.settle()
    letters = site.dead(source=asana.name)
    assert len(letters) == answers.count(200) - 1 and all(l["reason"] == "secret_refused" for l in letters)


def test_asana_secret_that_begins_a_header_is_not_taken(site):
    asana = Asker(site, "asana-like", secret=None)
    assert asana.post(b"{}", [("X-Hook-Secret", "a"), ("X-Hook-Secret", "b")]).status == 401
    assert asana.post(b"{}", [("X-Hook-Secret", "")]).status == 401
    assert asana.post(b"{}", [("X-Hook-Secret", "a\u00e9")]).status == 401
    asana.nothing_came_of_it()


def test_slack_url_verification_signed_or_not(site):
    slack = Asker(site, "slack-like")
    body = {"type": "url_verification", "challenge": "3eZbrw1aBm2r", "token": "t"}
    for secret in (None, slack.secret):
        answer = slack.post(body, secret=secret)
        assert (answer.status, answer.body) == (200, b"3eZbrw1aBm2r")
    assert slack.post(body, secret="wrong").status == 401
    assert slack.post({**body, "type": "event_callback"}).status == 401
    assert slack.post({**body, "challenge": 7.5}, [("Content-Type", "text/plain")]).status == 401
    assert slack.post(json.dumps(body).encode() + b"," * 9000).status == 401
    slack.nothing_came_of_it()


def test_discord_ping_is_answered_only_after_its_signature_has_passed(site):
    discord = Asker(site, "discord-like")
    assert discord.post({"type": 0}, secret=discord.secret).status == 204
    answer = discord.post({"type": 1}, secret=discord.secret)
    assert (answer.status, answer.body) == (200, b'{"type":1}')
    assert discord.post({"type": 0}, secret="wrong").status == 401
    assert discord.post({"type": 0}).status == 401
    discord.nothing_came_of_it()
    assert discord.post({"type": 2, "id": "9", "email": "discord@example.com"}, secret=discord.secret).status == 200
    site.settle()
    assert site.has_contact("discord@example.com"), "another type is a delivery"


def test_zoom_token_is_encrypted_with_the_secret(site):
    zoom = Asker(site, "zoom-like")
    body = {"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}}
    answer = zoom.post(body, secret=zoom.secret)
    token = body["payload"]["plainToken"]
    assert json.loads(answer.body) == {"plainToken": token, "encryptedToken": sign(zoom.secret, token.encode())}
    assert zoom.post(body).status == 401
    zoom.nothing_came_of_it()


def test_cloudevents_are_permitted_by_options(site):
    cloud = Asker(site, "cloudevents-like")
    answer = cloud.ask("OPTIONS", fields=[("WebHook-Request-Origin", "events.example")])
    assert answer.status == 200
    assert answer.get("WebHook-Allowed-Origin") == "events.example" and answer.get("WebHook-Allowed-Rate") == "120"
    assert cloud.ask("OPTIONS").status == 405
    cloud.nothing_came_of_it()


def register(shop, app_secret):
    query = {"shop-id": "s1", "shop-url": "https://shop.example", "timestamp": str(int(time.time()))}
    plain = "&".join(f"{k}={v}" for k, v in query.items())
    return shop.ask("GET", query, [("X-App-Signature", sign(app_secret, plain.encode()))])


def test_shopware_registration_gives_a_secret_that_signs_the_confirmation_and_the_deliveries(site):
    app_secret = secrets.token_hex(16)
    shop = Asker(site, "shopware-like", None, ["--secret-file", f"app_secret={site.secret_file(app_secret)}"])
    answer = register(shop, app_secret)
    told = json.loads(answer.body)
    assert told["proof"] == sign(app_secret, b"s1https://shop.exampleMyApp")
    assert told["confirmation_url"] == PUBLIC + shop.path
    confirmation = {"apiKey": "k", "secretKey": "s"}
    assert shop.post(confirmation, secret=told["secret"]).status == 200
    person = {"id": "1", "email": f"{secrets.token_hex(4)}@example.com"}
    assert shop.post(person, secret=told["secret"]).status == 200
    assert shop.post(confirmation, secret=app_secret).status == 401
    assert register(shop, "wrong").status == 401
    site.settle()
    assert site.has_contact(person["email"])
    again = json.loads(register(shop, app_secret).body)["secret"]
    assert again != told["secret"]
    assert shop.post(confirmation, secret=again).status == 200
    assert shop.post({**person, "id": "2"}, secret=told["secret"]).status == 200, "the old one goes on for an hour"


def test_signed_get_is_a_delivery_with_its_query_for_a_body(site):
    get = Asker(site, "get-like")
    query = {"id": "1", "email": "g@example.com"}
    fields = [("X-Sign", sign(get.secret, b"1.g@example.com"))]
    answer = get.ask("GET", query, fields)
    assert answer.status == 200 and json.loads(answer.body)["delivery"]
    assert get.ask("GET", query, [("X-Sign", "0" * 64)]).status == 401
    refused = get.ask("HEAD", query, fields)
    assert refused.status == 405 and refused.get("Allow") == "POST, GET"


def test_N1_a_secret_is_echoed_only_when_the_queue_has_it_sealed(make_roles, workplace):
    (workplace / "routes").mkdir()
    (workplace / "routes" / "asana.json").write_text(json.dumps(ROUTES[3]))
    site = make_roles({"storehook": {"routes_dir": workplace / "routes"}, "redis": {"timeout": "500ms"}})
    site.start_redis()
    site.start_serve()
    asana = Asker(site, "asana-like", secret=None, settle=False)
    secret = secrets.token_hex(16)
    redis = site.processes["redis"].pid
    os.kill(redis, signal.SIGSTOP)
    answer = asana.post(b"{}", [("X-Hook-Secret", secret)])
    os.kill(redis, signal.SIGCONT)
    assert answer.status == 503 and answer.get("X-Hook-Secret") is None
    harness.wait_until(lambda: asana.post(b"{}", [("X-Hook-Secret", secret)]).status == 200, "the queue is back")
    with site.redis() as link:
        (entry,) = link.xrange("storehook:{0}:urgent")[-1:]
    assert entry[1][b"kind"] == b"first_secret" and secret.encode() not in b"".join(entry[1].values())
    person = {"id": "1", "email": f"{secrets.token_hex(4)}@example.com"}
    assert asana.post(person, secret=secret).status == 401, "no drainer has kept it"
    site.start_role("drain")
    site.settle()
    assert asana.post(person, secret=secret).status == 200


def test_waiting_for_a_secret_is_bounded_and_a_sender_may_leave(site):
    """Requests that do not verify may wait a moment for a secret of a moment ago: only some of them, and not for ever."""
    asana = Asker(site, "asana-like")
    bad = wire.request("POST", asana.path, [("X-Sign", sign("wrong", b"{}"))], b"{}")
    for _ in range(40):
        with site.connect() as link:
            link.send(bad)
    links = [site.connect() for _ in range(60)]
    start = time.monotonic()
    for link in links:
        link.send(bad)
    assert {link.answer().status for link in links} == {401}
    assert time.monotonic() - start < harness.scaled(8)
    for link in links:
        link.close()
    assert asana.post({"id": "1", "email": "left@example.com"}, secret=asana.secret).status == 200
