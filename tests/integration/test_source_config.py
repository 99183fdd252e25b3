"""What a source was given with --set is read by its platform's mapping: drainer, check mode and `route try` agree."""

import hashlib
import hmac
import json
import secrets

import harness
import wire


def purchase(email):
    return json.dumps({"id": secrets.token_hex(8), "type": "purchase", "contact": {"external_id": secrets.token_hex(4), "email": email},
                       "order": {"id": secrets.token_hex(4), "total": "18.00", "updated_at": "2024-05-02T09:11:08Z"}}).encode()


def fields(source, body):
    return [("X-Signature", hmac.new(source.secret.encode(), body, hashlib.sha256).hexdigest()), ("Content-Type", "application/json")]


def test_an_order_without_a_currency_has_that_of_its_source(site):
    source = site.add_source("generic", extra=("--set", "currency=eur"))
    email = f"{secrets.token_hex(4)}@example.com"
    body = purchase(email)
    asked = site.ask(wire.request("POST", source.path, [*fields(source, body), ("storehook-check", "1")], body))
    assert json.loads(asked.body)["events"][0]["order.currency"] == "EUR", asked
    assert site.post(source.path, body, fields(source, body)).status == 200
    harness.wait_until(lambda: site.has_contact(email), "the purchase is applied")
    net = site.contact(email)["orders"]["net"]
    assert {currency: value for currency, value in net.items() if float(value)} == {"EUR": "18.00"}


def test_try_takes_what_a_source_would_have(tmp_path):
    body = tmp_path / "body.json"
    body.write_bytes(purchase("a@example.com"))

    def tried(*sets):
        return harness.run("route", "try", "generic", str(body), "--json", *(a for s in sets for a in ("--set", s)))

    assert json.loads(tried("currency=usd").out)["events"][0]["order.currency"] == "USD"
    assert "order.currency" not in json.loads(tried().out)["events"][0]
    wrong = tried("curency=usd")
    assert wrong.exit == 1 and 'generic has no config "curency"; did you mean "currency"?' in wrong.err
    wrong = tried("secret=usd")
    assert wrong.exit == 1 and '"secret" is a secret' in wrong.err
