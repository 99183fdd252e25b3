"""Every published and computed signature vector gives its verdict over HTTPS, through the route file of its platform."""

import base64
import hmac
import json
import re
import subprocess
import time
import urllib.parse

import pytest

import harness
import wire
from conftest import running_up

VECTORS = harness.SHARED / "facts" / "vectors.json"
pytestmark = pytest.mark.skipif(not VECTORS.exists(), reason=f"facts are not at {VECTORS}")

# What the operator sets of a source, by the vector's scheme, where the vector has no parameter for it.
SETTINGS = {
    "shopware-register": {"app_name": "storehook"},
    "generic-sha1-hex": {"hash": "sha1", "prefix": "sha1="},
    "generic-sha256-hex": {"hash": "sha256", "prefix": "sha256="},
    "generic-sha512-hex-convoy": {"hash": "sha512", "header": "X-Convoy-Signature"},
}
# Which config member holds the vector's secret, where it is not "secret".
SECRET_NAMES = {("shopware", "shopware-register"): "app_secret", ("gitlab", "standard-webhooks"): "signing_token"}
# Vectors that no request over HTTPS can carry as they are, each with the reason.
NOT_CARRIED = {
    "shopware-proof": "is the answer of a registration, not a request: test_the_proof_of_a_registration",
    "discord-webhook-events-ping": "has no signature, but is answered only after one: test_a_ping_is_answered_after_its_signature",
}
LONG_AGO = 1_000_000_000
CLOCK = re.compile(r"\d{10}(\d{3})?")


def load():
    return json.loads(VECTORS.read_text()) if VECTORS.exists() else []


def body_of(vector):
    return base64.b64decode(vector["body_base64"]) if "body_base64" in vector else vector["body"].encode()


def fields_of(vector):
    return [tuple(f) for f in vector["headers_list"]] if "headers_list" in vector else list(vector["headers"].items())


def secrets_of(vector):
    if "public_keys" in vector:
        return ["".join(f"{path}\n{pem}\n" for path, pem in vector["public_keys"].items())]
    return vector.get("secrets", [vector.get("secret", vector.get("public_key"))])


def clock_of(vector):
    """Seconds. Without a time of its own a vector is looked at when it says that it was signed."""
    if "now" in vector:
        return vector["now"]
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(vector["url"]).query)
    for text in query.get("timestamp", []) + [value for name, value in fields_of(vector) if "time" in name.lower()]:
        if CLOCK.fullmatch(text):
            return int(text[:10])
        if text.endswith("Z"):
            return int(time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))) - time.timezone
    return int(time.time())


def openssl(*args, stdin=b""):
    return subprocess.run(["openssl", *args], input=stdin, check=True, capture_output=True).stdout


def public_key():
    """What a source needs that only answers a handshake: a secret of any kind, here a key as Adobe's are written."""
    pem = openssl("rsa", "-pubout", stdin=openssl("genrsa", "2048"))
    return "/prod/keys/pub-key-unused.pem\n" + pem.decode()


class VectorSite:
    """One `up` whose clock the test sets; a source for each platform, list of secrets and config."""

    def __init__(self, up, clock):
        self.up, self.clock, self.sources = up, clock, {}
        self.members, self.secrets, self.unused = {}, {}, public_key()
        for route in up.json("route", "list"):
            for platform in (route["platform"], *route["aliases"]):
                self.members[platform] = {m["name"]: m for m in route["config"] if m["type"] == "text"}
                self.secrets[platform] = {m["name"] for m in route["config"] if m["type"] == "secret"}

    def freeze(self, now):
        self.clock.write_text(str(now))

    def config(self, vector):
        """What the operator sets: parameters of the vector, and the URL as registered with the platform."""
        known = self.members[vector["platform"]]
        said = {name: "unused" for name in known if known[name]["required"]}
        said.update(vector.get("params", {}), **SETTINGS.get(vector["scheme"], {}))
        if "tolerance" in vector:
            said["tolerance"] = str(vector["tolerance"])
        if vector["scheme"] == "handshake":
            said["verify_token"] = vector.get("secret")
        if "url" in known:
            said["url"] = vector["url"].partition("?")[0]
        return {name: value for name, value in said.items() if name in known}

    def source(self, vector, now):
        """A source with these secrets, made before the vector was signed; of several the first is the newest, half an hour old."""
        secrets = [self.unused] if secrets_of(vector) == [None] else secrets_of(vector)
        name = SECRET_NAMES.get((vector["platform"], vector["scheme"]), "secret")
        if name not in self.secrets[vector["platform"]]:
            name = None
        config = self.config(vector)
        made_at = now - 1800 if len(secrets) > 1 else LONG_AGO
        key = (vector["platform"], name, made_at, *secrets, *sorted(config.items()))
        if key not in self.sources:
            self.freeze(made_at)
            extra = [part for item in config.items() for part in ("--set", "=".join(item))]
            self.sources[key] = self.add(vector, name, secrets, extra)
        self.freeze(now)
        return self.sources[key]

    def add(self, vector, name, secrets, extra):
        source = self.up.add_source(vector["platform"], secret=secrets[-1], extra=extra, secret_name=name)
        for newer in reversed(secrets[:-1]):
            self.up.cli("source", "rotate", source.name, "--secret-file", self.up.secret_file(newer))
        return source


@pytest.fixture(scope="module")
def site():
    with harness.Workplace() as place:
        clock = place / "clock"
        clock.write_text(str(int(time.time())))
        with running_up({"storehook": {"clock_file": clock, "public_url": "https://hooks.example.com"}}) as up:
            yield VectorSite(up, clock)


def test_every_platform_has_a_route_file(site):
    assert {v["platform"] for v in load()} <= set(site.members)


def test_what_is_not_carried_exists():
    assert set(NOT_CARRIED) <= {v["name"] for v in load()}


def expected_statuses(vector):
    """204: a signed ping that is answered and queued nowhere. 405: by a method with which the platform never delivers."""
    if "expect_status" in vector:
        return (vector["expect_status"],)
    return (200, 204) if vector["valid"] else (401, 405)


CARRIED = [v for v in load() if v["name"] not in NOT_CARRIED]


@pytest.mark.parametrize("vector", CARRIED, ids=[v["name"] for v in CARRIED])
def test_vector(site, vector):
    if secrets_of(vector) == [""]:
        refused = site.up.cli("source", "add", vector["platform"], "--name", "empty-" + vector["name"].replace("/", "-"),
                              "--secret-file", site.up.secret_file(""), exit_code=1)
        assert "empty" in refused.err
        return
    source = site.source(vector, clock_of(vector))
    query = vector["url"].partition("?")[2]
    body = body_of(vector) if vector["method"] != "GET" or vector["body"] else None
    answer = site.up.ask(wire.request(vector["method"], source.path + ("?" + query if query else ""), fields_of(vector), body))
    expected = expected_statuses(vector)
    if "secret" in vector and vector["secret"].endswith("\n"):
        expected = (200,)  # `source add` strips the newline of the file, and the signature was made without it
    assert answer.status in expected, (vector.get("reason"), vector.get("notes"), answer)
    if vector.get("expect_body"):
        assert answer.body.decode() == vector["expect_body"]
    if not vector["valid"]:
        assert vector.get("reason", "") not in answer.body.decode(), "the reason goes to the log, not to the sender"


def test_old_secret_goes_on_after_rotation(site):
    """The vectors of rotation sign with one of the two; here each of them signs."""
    source = site.up.add_source("shopify", secret="second-secret")
    site.up.cli("source", "rotate", source.name, "--secret-file", site.up.secret_file("first-secret"))
    for secret in ("first-secret", "second-secret"):
        source.secret = secret
        harness.wait_until(lambda: site.up.ask(source.request(b"{}", "customers/update")).status == 200, "both secrets verify", 5)
    source.secret = "third-secret"
    assert site.up.ask(source.request(b"{}", "customers/update")).status == 401


def named(name):
    return next(v for v in load() if v["name"] == name)


def test_the_proof_of_a_registration(site):
    vector = named("shopware-proof")
    params, now = vector["params"], int(time.time())
    site.freeze(now)
    app_secret = vector["secret"]
    source = site.up.add_source("shopware", secret=app_secret, secret_name="app_secret",
                                extra=("--set", f"app_name={params['app_name']}"))
    query = f"shop-id={params['shop_id']}&shop-url={params['shop_url']}&timestamp={now}"
    signature = hmac.new(app_secret.encode(), query.encode(), "sha256").hexdigest()
    answer = site.up.ask(wire.request("GET", f"{source.path}?{query}", [("shopware-app-signature", signature)]))
    assert answer.status == 200
    said = json.loads(answer.body)
    assert said["proof"] == params["proof"]
    assert said["confirmation_url"] == "https://hooks.example.com" + source.path


def test_a_ping_is_answered_after_its_signature(site):
    vector, now = named("discord-webhook-events-ping"), int(time.time())
    site.freeze(now)
    private = openssl("genpkey", "-algorithm", "ed25519")
    public = openssl("pkey", "-pubout", "-outform", "DER", stdin=private)[-32:].hex()
    source = site.up.add_source("discord", secret=public)
    body = site.up.base / "ping.json"
    body.write_text(vector["body"])

    def send(*how):
        return site.up.cli("send", "discord", "PING", "--to", f"https://127.0.0.1:{site.up.port}{source.path}", "--secret-file",
                           site.up.secret_file(private), "--body", body, "--json", *how, exit_code=None)

    assert send().json["statuses"] == {"204": 1}
    assert send("--tamper").json["statuses"] == {"401": 1}
