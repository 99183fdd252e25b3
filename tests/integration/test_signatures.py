"""Ways to sign that depend on the source: its own header and hash, its own URL, who a delivery is meant for, and no signature at all."""

import base64
import hashlib
import hmac
import json

import pytest

import harness
import wire
from conftest import running_up

OWN_URL = "https://shop.example/hooks/one"


def route(platform, verify, config):
    return {
        "route": 1,
        "platform": platform,
        "title": platform,
        "config": config,
        "push": {"verify": verify, "topic": {"const": "person"}, "dedupe": [[{"at": "/id"}]]},
        "objects": {"person": {"contact.email": "/email"}},
        "topics": {"person": {"event": "signup", "object": "person"}},
    }


SECRET = {"secret": {"type": "secret", "doc": "the secret"}}


def text(doc, **more):
    return {"type": "text", "doc": doc, **more}


ROUTES = [
    route(
        "self-made",
        [{"scheme": "hmac", "header": "{{config.header}}", "hash": "{{config.hash}}", "encoding": "hex"}],
        {**SECRET, "header": text("its header", default="X-Signature"), "hash": text("its hash", default="sha256")},
    ),
    route(
        "signs-url",
        [{"scheme": "hmac", "header": "X-Signature", "encoding": "base64", "signed": "{url}{body}"}],
        {**SECRET, "url": text("the URL as registered")},
    ),
    route(
        "open",
        [{"scheme": "unsigned", "expect": [{"at": "/seller", "config": "seller"}]}],
        {"seller": text("the seller's id")},
    ),
]


@pytest.fixture(scope="module")
def up(tmp_path_factory):
    place = tmp_path_factory.mktemp("routes")
    for one in ROUTES:
        (place / f"{one['platform']}.json").write_text(json.dumps(one))
    with running_up({"storehook": {"routes_dir": place}}) as site:
        yield site


def post(up, source, body, *fields):
    return up.ask(wire.request("POST", source, [("Content-Type", "application/json"), *fields], body)).status


def person(n):
    return json.dumps({"id": n, "email": f"person-{n}@example.com", "seller": "s-1"}).encode()


def test_each_source_has_its_own_header_and_hash(up):
    first = up.add_source("self-made", secret="first")
    second = up.add_source("self-made", secret="second", extra=("--set", "header=X-Mine", "--set", "hash=sha1"))
    body = person(1)
    sha256 = hmac.new(b"first", body, hashlib.sha256).hexdigest()
    sha1 = hmac.new(b"second", body, hashlib.sha1).hexdigest()
    assert post(up, first.path, body, ("X-Signature", sha256)) == 200
    assert post(up, first.path, body, ("X-Mine", sha256)) == 401
    assert post(up, second.path, body, ("X-Mine", sha1)) == 200
    assert post(up, second.path, body, ("X-Signature", sha1)) == 401
    assert post(up, second.path, body, ("X-Mine", sha256)) == 401


def test_config_with_which_nothing_can_be_checked_is_refused(up):
    result = up.cli(
        "source", "add", "self-made", "--name", "wrong", "--secret-file", up.secret_file("s"), "--set", "hash=md5", exit_code=1
    )
    assert "hash must be one of sha1, sha256, sha512" in result.err


def test_the_signed_url_is_the_one_of_the_source_and_never_the_host(up):
    source = up.add_source("signs-url", secret="key", extra=("--set", f"url={OWN_URL}"))
    body = person(2)

    def signed(url):
        return ("X-Signature", base64.b64encode(hmac.new(b"key", url.encode() + body, hashlib.sha256).digest()).decode())

    assert post(up, source.path, body, signed(OWN_URL)) == 200
    assert post(up, source.path + "?a=%20b", body, signed(OWN_URL + "?a=%20b")) == 200
    assert post(up, source.path + "?a=%20c", body, signed(OWN_URL + "?a=%20b")) == 401
    assert post(up, source.path, body, signed(f"https://localhost:{up.port}{source.path}")) == 401


def test_an_unsigned_delivery_is_taken_when_it_is_meant_for_the_source(up):
    result = up.cli("source", "add", "open", "--name", "open", "--set", "seller=s-1")
    path = harness.re.search(r"/in/[A-Za-z0-9_-]{16,}", result.out).group(0)
    harness.wait_until(lambda: up.post(path, b"{}").status == 401, "serve knows the source")
    assert post(up, path, person(3)) == 200
    assert post(up, path, person(3).replace(b"s-1", b"s-2")) == 401
    up.settle()
    assert up.has_contact("person-3@example.com")
