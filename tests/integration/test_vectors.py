"""Every published and computed signature vector of our platforms gives its verdict over HTTPS, with the clock it names."""

import base64
import json
import time

import pytest

import harness
from conftest import running_up

VECTORS = harness.SHARED / "facts" / "vectors.json"
PLATFORMS = ("shopify", "woocommerce", "generic", "standard-webhooks", "svix", "plugin-push")
pytestmark = pytest.mark.skipif(not VECTORS.exists(), reason=f"facts are not at {VECTORS}")

# What a user writes for a shop of his own: the generic schemes of the vectors as route files.
LISTED = {"scheme": "hmac", "header": "X-Signature", "encoding": "hex", "prefix_optional": True, "separator": ","}
OWN_ROUTES = {
    "generic-sha512-hex-convoy": {"scheme": "hmac", "header": "X-Convoy-Signature", "encoding": "hex", "hash": "sha512"},
    "generic-sha1-hex": {**LISTED, "hash": "sha1", "prefix": "sha1="},
    "generic-sha256-hex": {**LISTED, "hash": "sha256", "prefix": "sha256="},
}
BUILT_IN = {
    "shopify-hmac": "shopify",
    "shopify-events-hmac": "shopify",
    "woocommerce-hmac": "woocommerce",
    "standard-webhooks": "storehook",
    "svix": "storehook",
}


def load():
    if not VECTORS.exists():
        return []
    return [v for v in json.loads(VECTORS.read_text()) if v["platform"] in PLATFORMS]


def body_of(vector):
    return base64.b64decode(vector["body_base64"]) if "body_base64" in vector else vector["body"].encode()


def fields_of(vector):
    return [tuple(f) for f in vector["headers_list"]] if "headers_list" in vector else list(vector["headers"].items())


def secrets_of(vector):
    if "secrets" in vector:
        return vector["secrets"]
    return [vector.get("secret", vector.get("public_key"))]


def write_routes(directory):
    directory.mkdir()
    for scheme, verify in OWN_ROUTES.items():
        route = {
            "route": 1,
            "platform": scheme,
            "title": scheme,
            "config": {"secret": {"type": "secret", "required": True, "doc": "the secret of the signature"}},
            "push": {"verify": [verify], "topic": {"const": "anything"}, "dedupe": [[{"header": verify["header"]}]]},
            "topics": {"anything": {"event": "ping", "object": "thing"}},
            "objects": {"thing": {"id": "/id"}},
        }
        (directory / f"{scheme}.json").write_text(json.dumps(route))


class VectorSite:
    """One `up` whose clock the test sets; a source for each platform and list of secrets."""

    def __init__(self, up, clock):
        self.up, self.clock, self.sources = up, clock, {}

    def freeze(self, now):
        self.clock.write_text(str(now))

    def source(self, platform, secrets, now):
        """A source with these secrets, the first one newest, made half an hour before `now` by the program's clock."""
        key = (platform, *secrets)
        if key not in self.sources:
            self.freeze(now - 1800)
            source = self.up.add_source(platform, secret=secrets[-1])
            for newer in reversed(secrets[:-1]):
                self.up.cli("source", "rotate", source.name, "--secret-file", self.up.secret_file(newer))
            self.sources[key] = source
        self.freeze(now)
        return self.sources[key]


@pytest.fixture(scope="module")
def site():
    with harness.Workplace() as place:
        clock = place / "clock"
        clock.write_text(str(int(time.time())))
        write_routes(place / "routes")
        with running_up({"storehook": {"clock_file": clock, "routes_dir": place / "routes"}}) as up:
            yield VectorSite(up, clock)


def platform_of(vector):
    if vector["scheme"] == "handshake":
        return vector["platform"]
    return vector["scheme"] if vector["scheme"] in OWN_ROUTES else BUILT_IN[vector["scheme"]]


@pytest.mark.parametrize("vector", load(), ids=lambda v: v["name"])
def test_vector(site, vector):
    if secrets_of(vector) == [""]:
        refused = site.up.cli("source", "add", platform_of(vector), "--name", "empty-" + vector["name"].replace("/", "-"),
                              "--secret-file", site.up.secret_file(""), exit_code=1)
        assert "empty" in refused.err
        return
    secrets = ["unused"] if secrets_of(vector) == [None] else secrets_of(vector)
    source = site.source(platform_of(vector), secrets, vector.get("now", int(time.time())))
    assert vector["method"] == "POST"
    answer = site.up.post(source.path, body_of(vector), fields_of(vector))
    expected = vector.get("expect_status", 200 if vector["valid"] else 401)
    if secrets[0].endswith("\n"):
        expected = 200  # `source add` strips the newline of the file, and the signature was made without it
    assert answer.status == expected, (vector.get("reason"), vector.get("notes"), answer)
    if not vector["valid"]:
        assert vector.get("reason", "") not in answer.body.decode(), "the reason goes to the log, not to the sender"


def test_every_verdict_is_covered():
    found = load()
    assert len(found) >= 100
    assert {v["platform"] for v in found} == set(PLATFORMS)


def test_old_secret_goes_on_after_rotation(site):
    """The vectors of rotation sign with one of the two; here each of them signs."""
    source = site.source("shopify", ["first-secret", "second-secret"], int(time.time()))
    for secret in ("first-secret", "second-secret"):
        source.secret = secret
        harness.wait_until(lambda: site.up.ask(source.request(b"{}", "customers/update")).status == 200, "both secrets verify", 5)
    source.secret = "third-secret"
    assert site.up.ask(source.request(b"{}", "customers/update")).status == 401
