"""Requests of persons with the real program: data asked for and given, erasures with a signed report (X2, X5)."""

import base64
import json
import subprocess
from datetime import datetime, timezone

import pytest

import bodies
import harness
from conftest import running_up


@pytest.fixture(scope="module")
def site():
    with running_up() as up:
        yield up


def customer(number, email):
    return {"shop_domain": "demo.example", "customer": {"id": number, "email": email}}


def requests(site, *args):
    return site.json("privacy", "list", *args)


def test_X5_a_data_request_is_open_until_the_data_is_given(site):
    shop = site.add_source("shopify", name="asked-shop")
    shop.apply(bodies.shopify_customer(1, "ana@ask.example"), "customers/create")
    shop.apply({**customer(1, "ana@ask.example"), "data_request": {"id": 9}}, "customers/data_request")
    request, = requests(site, "--open")
    assert (request["kind"], request["asked_by"], request["state"], request["email"]) == ("data", "asked-shop", "open", "ana@ask.example")
    assert "ana@ask.example" in site.cli("privacy", "list").out
    given = site.cli("contacts", "export", "ana@ask.example")
    assert json.loads(given.out)["contact"]["email"] == "ana@ask.example" and "1 open request" in given.err
    assert requests(site, "--open") == []
    assert site.json("privacy", "show", request["id"])["complete"] is True
    assert "closed already" in site.cli("privacy", "close", request["id"], exit_code=1).err


def test_X5_a_request_of_somebody_unknown_is_told_and_can_be_closed(site):
    shop = site.add_source("shopify")
    shop.apply({**customer(77, "who@ask.example"), "data_request": {"id": 10}}, "customers/data_request")
    request, = requests(site, "--open")
    assert request["email"] is None and "nobody known" in site.cli("privacy", "list", "--open").out
    report = site.json("privacy", "show", request["id"])
    assert len(report["tombstones"]) == 1 and "who@ask.example" not in json.dumps(report)
    site.cli("privacy", "close", request["id"])
    assert requests(site, "--open") == []


def erased(site, email):
    return site.json("contacts", "erase", email, "--yes", "--by", "Ada Smith")


def signed_text(report):
    rest = {name: value for name, value in report.items() if name != "signature"}
    return json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def is_signed(site, report):
    """Whether OpenSSL's own program says so, with the public key of the report."""
    key, signature, text = site.base / "key.der", site.base / "signature", site.base / "text"
    key.write_bytes(bytes.fromhex("302a300506032b6570032100") + base64.b64decode(report["signature"]["public_key"]))
    signature.write_bytes(base64.b64decode(report["signature"]["value"]))
    text.write_bytes(signed_text(report))
    done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", key, "-rawin", "-in", text,
                           "-sigfile", signature], capture_output=True, text=True, timeout=30)
    assert done.returncode in (0, 1) and "Signature Verif" in done.stdout, done
    return done.returncode == 0


def test_X2_the_report_of_an_erasure_counts_what_was_removed_and_names_nobody(site):
    shop = site.add_source("shopify", name="counted-shop")
    shop.apply(bodies.shopify_customer(5, "ben@ask.example"), "customers/create")
    for number in (51, 52):
        shop.apply(bodies.shopify_order(number, "ben@ask.example", customer={"id": 5, "email": "ben@ask.example"}), "orders/create")
    shop.apply(b'{"broken": "ben@ask.example"', "orders/updated")
    report = erased(site, "Ben@Ask.example")
    assert report["kind"] == "erase" and report["asked_by"] == {"operator": "Ada Smith"}
    assert report["removed"]["orders"] == 2 and report["removed"]["contacts"] == 1 and report["removed"]["addresses"] == 1
    assert report["queue"]["dead_letters"] == 1 and report["queue"]["searched_at"]
    assert "ben" not in json.dumps(report).lower()
    harness.wait_until(lambda: site.json("privacy", "show", report["id"])["complete"], "files are cleaned", 60)


def test_X2_a_report_can_be_checked_by_anybody_and_not_be_changed(site):
    site.add_source("shopify").apply(bodies.shopify_customer(6, "cleo@ask.example"), "customers/create")
    report = erased(site, "cleo@ask.example")
    assert is_signed(site, report)
    assert not is_signed(site, {**report, "done_at": None})
    path = site.base / "report.json"
    path.write_text(json.dumps(report))
    assert site.json("privacy", "verify", path)["ours"] is True
    path.write_text(json.dumps({**report, "removed": {}}))
    assert "changed" in site.cli("privacy", "verify", path, exit_code=1).err
    path.write_text('{"format": "nothing"}')
    assert "no signed report" in site.cli("privacy", "verify", path, exit_code=1).err


def test_X2_a_report_of_another_installation_is_told_apart(site):
    report = erased(site, "nobody@ask.example")
    assert report["removed"] == {} and len(report["tombstones"]) == 1
    path = site.base / "other.json"
    path.write_text(json.dumps(report))
    with running_up() as other:
        assert other.json("privacy", "verify", path) == {"unchanged": True, "ours": False,
                                                         "public_key": report["signature"]["public_key"]}


def test_X4_the_erasure_of_a_shop_is_reported_as_asked_by_it(site):
    shop = site.add_source("shopify", name="leaving-shop")
    shop.apply(bodies.shopify_customer(8, "dora@ask.example"), "customers/create")
    delivery = shop.apply({"shop_id": 1, "shop_domain": "demo.example"}, "shop/redact")
    row = next(r for r in requests(site) if r["asked_by"] == "leaving-shop")
    report = site.json("privacy", "show", row["id"])
    assert report["kind"] == "erase_source" and report["asked_by"] == {"source": "leaving-shop", "delivery": delivery}
    assert report["removed"]["customers"] == 1 and report["tombstones"] == []


def test_X2_X4_who_shared_the_address_loses_it_and_is_a_contact_again_with_another(site):
    shop = site.add_source("shopify", name="sharing-shop")
    shop.apply(bodies.shopify_customer(21, "both@ask.example", updated=1, first_name="First"), "customers/create")
    shop.apply(bodies.shopify_customer(22, "both@ask.example", updated=2, first_name="Second"), "customers/create")
    assert len([c for c in site.contacts() if any(s["source"] == "sharing-shop" for s in c["sources"])]) == 2
    shop.apply({**customer(21, "both@ask.example"), "orders_to_redact": []}, "customers/redact")
    assert [c for c in site.contacts() if any(s["source"] == "sharing-shop" for s in c["sources"])] == [], "no address, no contact"
    assert site.json("db", "check")["findings"] == []
    shop.apply(bodies.shopify_customer(22, "second@ask.example", updated=9, first_name="Second"), "customers/update")
    back = site.contact("second@ask.example")
    assert back["first_name"] == "Second" and [s["external_id"] for s in back["sources"]] == ["22"]
    assert "both@ask.example" not in json.dumps([back, site.why(back["id"])])


def test_X2_an_erasure_by_a_customer_and_the_address_of_another_leaves_neither(site):
    own = site.add_source("storehook", name="mixed")
    for number, email in ((1, "one@mix.example"), (2, "two@mix.example")):
        own.event("customer_updated", occurred_at=bodies.at(number), contact={"external_id": str(number), "email": email})
    own.event("order_created", occurred_at=bodies.at(5), contact={"email": "two@mix.example"},
              order={"id": "g1", "status": "paid", "currency": "EUR", "total": "1.00", "updated_at": bodies.at(5)})
    own.event("erase", occurred_at=bodies.at(9), contact={"external_id": "1", "email": "two@mix.example"})
    assert not site.has_contact("one@mix.example") and not site.has_contact("two@mix.example")
    assert site.json("db", "check")["findings"] == []
    own.event("customer_updated", occurred_at=bodies.at(20), contact={"external_id": "2", "email": "new@mix.example"})
    assert "two@mix.example" not in json.dumps([site.contact("new@mix.example"), site.why("new@mix.example")])


def test_requests_come_in_pages(site):
    all_ids = [r["id"] for r in requests(site)]
    assert len(all_ids) >= 3 and all_ids == sorted(all_ids, reverse=True)
    assert [r["id"] for r in requests(site, "--limit", "2", "--before", all_ids[0])] == all_ids[1:3]
    assert "--limit" in site.cli("privacy", "list", "--limit", "0", exit_code=2).err
    assert "no request" in site.cli("privacy", "show", "nothing", exit_code=1).err


def test_X2_X5_what_triggers_set_off_is_handed_out_and_erased(site):
    site.cli("notice", "target", "add", "crm", "https://crm.invalid/hooks")
    site.cli("trigger", "add", "welcome", "--on", "signup", "--do", "tag:new", "--do", "cycle:hello@2", "--do", "notice:crm")
    own = site.add_source("storehook")
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    own.event("signup", occurred_at=now, contact={"external_id": "1", "email": "eve@ask.example",
                                                  "consent": {"email": {"state": "subscribed", "at": now}}})
    sent = json.loads(site.cli("contacts", "export", "eve@ask.example").out)["sent"]
    assert {(s["kind"], s["name"]) for s in sent} >= {("trigger", "welcome"), ("cycle", "hello")}
    notice, = [s for s in sent if s["kind"] == "notice" and "signup" in s["name"]]
    assert "eve@ask.example" in json.dumps(notice["body"])
    kinds = {m["kind"] for m in site.json("contacts", "timeline", "eve@ask.example")}
    assert {"trigger", "cycle", "notice"} <= kinds
    erased(site, "eve@ask.example")
    assert "eve@ask.example" not in json.dumps(site.json("notice", "list")) and site.json("notice", "list") in ([], {"notices": []})
