"""`source add` where it is not plain what a platform needs: which of several secrets is meant, and the URL that it signs."""

import base64
import hashlib
import hmac
import secrets
import time

import pytest

import harness
import wire


@pytest.fixture(scope="module")
def token_file(site):
    return site.secret_file("whsec_" + base64.b64encode(secrets.token_bytes(24)).decode())


def add(site, *args, **how):
    return site.cli("source", "add", args[0], "--name", secrets.token_hex(4), *args[1:], exit_code=None, **how)


@pytest.mark.parametrize("platform, names", [("gitlab", "secret, signing_token"), ("cloudevents", "secret, signing_secret")])
def test_an_unnamed_secret_of_several_is_refused_with_their_names(site, token_file, platform, names):
    for given in (["--secret-file", token_file], ["--secret-env", "TOKEN"], ["--generate"], []):
        result = add(site, platform, *given, env={"TOKEN": "text"})
        assert result.exit == 2 and f"{platform} has several secrets; say which one" in result.err, result
        assert result.err.rstrip().endswith(names)


def test_only_the_named_secret_is_kept(site, token_file):
    result = add(site, "gitlab", "--secret-file", f"secret={token_file}")
    assert result.exit == 0 and "shown this once" not in result.out, result
    result = add(site, "gitlab", "--generate", "--secret", "secret")
    assert result.exit == 0 and "shown this once" in result.out, result


def test_send_signs_with_the_secret_that_is_named(site):
    token = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    source = site.add_source("gitlab", secret=token, secret_name="secret")
    url = f"https://127.0.0.1:{site.port}{source.path}"
    file = site.secret_file(token)
    site.cli("send", "gitlab", "Push Hook", "--to", url, "--secret-file", f"secret={file}")
    refused = site.cli("send", "gitlab", "Push Hook", "--to", url, "--secret-file", f"signing_token={file}", exit_code=1)
    assert "401" in refused.out


def twilio(secret, url, form):
    text = url + "".join(name + value for name, value in sorted(form.items()))
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()


def test_a_signed_url_that_nobody_set_is_told_when_the_source_is_added_and_when_it_is_called(make_up):
    site = make_up()
    token = site.secret_file("auth token")
    warned = add(site, "twilio", "--secret-file", token)
    assert warned.exit == 0 and "Twilio messaging signs the URL that it calls" in warned.err, warned
    assert "storehook.public_url" in warned.err and "--set url=https://..." in warned.err
    told = add(site, "twilio", "--secret-file", token, "--set", "url=https://hooks.example.com/in/x")
    assert told.exit == 0 and "warning" not in told.err, told
    assert "warning" not in add(site, "typeform", "--secret-file", token).err
    path = "/in/" + warned.out.split("/in/")[1].split()[0]
    harness.wait_until(lambda: site.post(path, b"").status != 404, "serve knows it")
    form = {"From": "+15551234567", "Body": "STOP"}
    fields = [("Content-Type", "application/x-www-form-urlencoded"), ("X-Twilio-Signature", twilio("auth token", "https://a.example", form))]
    answer = site.post(path, b"From=%2B15551234567&Body=STOP", fields)
    assert answer.status == 503 and answer.get("Retry-After"), answer
    lines = unknown_urls(site)
    assert len(lines) == 1 and "platform=twilio" in lines[0] and "todo=" in lines[0] and "storehook.public_url" in lines[0]


def unknown_urls(site):
    return [line for line in site.log().splitlines() if "public URL not known" in line]


def test_a_handshake_that_answers_with_the_url_waits_until_it_is_set(make_up):
    site = make_up()
    app_secret = secrets.token_hex(16)
    path = "/in/" + add(site, "shopware", "--secret-file", f"app_secret={site.secret_file(app_secret)}", "--set",
                        "app_name=Contacts").out.split("/in/")[1].split()[0]
    harness.wait_until(lambda: site.post(path, b"").status != 404, "serve knows it")
    query = f"shop-id=s1&shop-url=https://shop.example.com&timestamp={int(time.time())}"

    def register(secret):
        signature = hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        return site.ask(wire.request("GET", f"{path}?{query}", [("shopware-app-signature", signature)]))

    assert register("another").status == 401 and unknown_urls(site) == []
    answer = register(app_secret)
    assert answer.status == 503 and answer.get("Retry-After") and b"proof" not in answer.body, answer
    assert ["platform=shopware" in line for line in unknown_urls(site)] == [True]
