"""The questions that services ask an endpoint, and the signatures that stand in their own places, with the built-in routes."""

import base64
import hashlib
import hmac
import json
import secrets
import subprocess
import time
from urllib.parse import urlencode

import pytest

import harness
import wire
from platforms import new_pair

JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
HOOK = "https://hooks.example.com/hook"


class Service:
    """One source of a service, with the means to ask it."""

    def __init__(self, site, platform, secret=None, *sets, name=""):
        self.site = site
        args = ["source", "add", platform, "--name", f"{platform} {secrets.token_hex(4)}"]
        if secret:
            args += ["--secret-file", f"{name}{site.secret_file(secret)}"]
        for pair in sets:
            args += ["--set", pair]
        self.name = args[4]
        self.path = "/in/" + site.json(*args)["url"].rsplit("/in/")[1]
        harness.wait_until(lambda: site.post(self.path, b"{}").status != 404, "serve knows it")
        self.before = site.settled_counts()

    def ask(self, method="GET", query=None, fields=(), body=None):
        target = self.path + ("?" + urlencode(query) if query else "")
        with self.site.connect() as link:
            return link.ask(wire.request(method, target, fields, body), head_only=method == "HEAD")

    def nothing_came_of_it(self):
        assert self.site.settled_counts() == self.before


@pytest.mark.parametrize("platform, methods, secret", [
    ("mailchimp", ("GET", "HEAD"), None), ("mailchimp-transactional", ("HEAD",), "key"), ("trello", ("HEAD", "GET"), "key"),
    ("intercom", ("HEAD",), "key")])
def test_the_url_is_there(site, platform, methods, secret):
    service = Service(site, platform, secret)
    for method in methods:
        assert service.ask(method).status == 200
    service.nothing_came_of_it()


def test_meta_challenge_is_echoed_with_the_right_token_only(site):
    meta = Service(site, "meta", "app secret", "verify_token=meatyhamhock")
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "meatyhamhock"}
    answer = meta.ask(query=query)
    assert (answer.status, answer.body) == (200, b"1158201444")
    assert answer.get("Content-Type").startswith("text/plain")
    assert meta.ask(query={**query, "hub.verify_token": "nope"}).status == 403
    meta.nothing_came_of_it()


def mandrill(key, form):
    text = HOOK + "".join(name + value for name, value in sorted(form.items()))
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()).decode()


def test_mandrill_tests_the_url_with_the_key_that_everybody_knows(site):
    service, empty = Service(site, "mailchimp-transactional", "key of the webhook", f"url={HOOK}"), {"mandrill_events": "[]"}
    events = {"mandrill_events": json.dumps([{"event": "unsub", "_id": "1", "ts": 1767225600, "msg": {"email": "known-key@example.com"}}])}

    def post(form, key):
        return service.ask("POST", fields=[FORM, ("X-Mandrill-Signature", mandrill(key, form))], body=urlencode(form).encode())

    assert post(empty, "test-webhook").status == 200
    assert post(events, "test-webhook").status == 401
    service.nothing_came_of_it()
    assert post(events, "key of the webhook").status == 200


def test_slack_url_verification_is_answered_unless_its_signature_is_wrong(site):
    slack = Service(site, "slack", "8f742231b10e8888abcd99yyyzzz85a5")
    now = str(int(time.time()))
    body = b'{"token":"x","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}'
    signature = hmac.new(b"8f742231b10e8888abcd99yyyzzz85a5", b"v0:" + now.encode() + b":" + body, hashlib.sha256).hexdigest()
    fields = [JSON, ("X-Slack-Request-Timestamp", now), ("X-Slack-Signature", "v0=" + signature)]
    answer = slack.ask("POST", fields=fields, body=body)
    assert (answer.status, answer.body) == (200, b"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P")
    assert slack.ask("POST", fields=[JSON], body=body).status == 200
    assert slack.ask("POST", fields=fields, body=body.replace(b"3eZ", b"3eY")).status == 401
    slack.nothing_came_of_it()


def ed25519(site, private, text):
    key, data = site.secret_file(private), site.secret_file(text)
    out = subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", data], check=True, stdout=subprocess.PIPE)
    return out.stdout.hex()


def test_discord_ping_is_204_and_a_bad_signature_401(site):
    private, public = new_pair("ED25519")
    discord, now = Service(site, "discord", public), str(int(time.time()))

    def ping(body, key=private):
        fields = [JSON, ("X-Signature-Timestamp", now), ("X-Signature-Ed25519", ed25519(site, key, now + body))]
        return discord.ask("POST", fields=fields, body=body.encode())

    events = '{"version":1,"application_id":"1234560123453231555","type":0}'
    interactions = '{"id":"1","application_id":"1234560123453231555","token":"t","type":1}'
    assert ping(events).status == 204
    answer = ping(interactions)
    assert (answer.status, json.loads(answer.body)) == (200, {"type": 1})
    assert ping(events, new_pair("ED25519")[0]).status == 401
    assert discord.ask("POST", fields=[JSON], body=events.encode()).status == 401
    discord.nothing_came_of_it()


def test_asana_secret_is_kept_and_signs_from_then_on(site):
    asana, secret = Service(site, "asana"), secrets.token_hex(16)
    answer = asana.ask("POST", fields=[JSON, ("X-Hook-Secret", secret)], body=b"{}")
    assert answer.status == 200 and answer.get("X-Hook-Secret") == secret

    def push(body):
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return asana.ask("POST", fields=[JSON, ("X-Hook-Signature", signature)], body=body).status

    assert push(b'{"events":[]}') == 200  # the heartbeat
    event = b'{"action":"added","resource":{"gid":"120","resource_type":"task"},"created_at":"2026-01-02T03:04:05Z"}'
    assert push(b'{"events":[' + event + b"]}") == 200
    site.settle()
    assert [row["id"] for row in harness.rows(site.json("fetch", "list", "--source", asana.name), "fetches")] == ["120"]
    assert asana.ask("POST", fields=[JSON, ("X-Hook-Secret", "another")], body=b"{}").status == 401


def test_cloudevents_permission_is_given_to_who_asks(site):
    events = Service(site, "cloudevents", "token of the sender", "allowed_rate=120", name="secret=")
    answer = events.ask("OPTIONS", fields=[("WebHook-Request-Origin", "eventemitter.example.com")])
    assert answer.status == 200
    assert answer.get("WebHook-Allowed-Origin") == "eventemitter.example.com"
    assert answer.get("WebHook-Allowed-Rate") == "120"
    events.nothing_came_of_it()
    body = b'{"specversion":"1.0","id":"1","source":"/s","type":"made","data":{}}'
    token = ("Authorization", "Bearer token of the sender")
    assert events.ask("POST", fields=[("Content-Type", "application/cloudevents+json"), token], body=body).status == 200
    assert events.ask("POST", fields=[JSON, ("Authorization", "Bearer other")], body=body).status == 401


def test_gitlab_token_and_twilio_answer(site):
    gitlab = Service(site, "gitlab", "gl-token", name="secret=")
    assert gitlab.ask("POST", fields=[JSON, ("X-Gitlab-Event", "Push Hook"), ("X-Gitlab-Token", "gl-token")], body=b"{}").status == 200
    assert gitlab.ask("POST", fields=[JSON, ("X-Gitlab-Event", "Push Hook"), ("X-Gitlab-Token", "gl-tokem")], body=b"{}").status == 401
    twilio, form = Service(site, "twilio", "auth token", f"url={HOOK}"), {"Body": "hello", "From": "+15005550006", "MessageSid": "SM1"}
    text = HOOK + "".join(name + value for name, value in sorted(form.items()))
    signature = base64.b64encode(hmac.new(b"auth token", text.encode(), hashlib.sha1).digest()).decode()
    answer = twilio.ask("POST", fields=[FORM, ("X-Twilio-Signature", signature)], body=urlencode(form).encode())
    assert answer.status == 200 and answer.get("Content-Type").startswith("text/xml") and answer.body == b"<Response></Response>"


def test_a_self_made_sender_says_how_it_signs(site):
    generic = Service(site, "generic", "Convoy", "header=X-Convoy-Signature", "hash=sha512", "encoding=hex")
    body = b'{"id":"g1","type":"signup","contact":{"email":"self-made@example.com"}}'
    signature = hmac.new(b"Convoy", body, hashlib.sha512).hexdigest()
    assert generic.ask("POST", fields=[JSON, ("X-Convoy-Signature", signature)], body=body).status == 200
    assert generic.ask("POST", fields=[JSON, ("X-Convoy-Signature", signature)], body=body + b" ").status == 401
    assert generic.ask("POST", fields=[JSON, ("X-Signature", signature)], body=body).status == 401
    site.settle()
    assert site.has_contact("self-made@example.com")
