"""Looking at contacts with the real program: filters and pages, the timeline, `why` of one question, what is handed to a person (X5)."""

import json

import pytest

import bodies
from conftest import running_up

PERSON = "ana@look.example"
OTHER = "ben@look.example"
GUEST = "cleo@look.example"
ITEMS = [{"product_id": "lamp", "variant_id": "red", "sku": "L-1", "name": "Lamp", "quantity": "2", "price": "5.00"},
         {"product_id": "oil", "name": "Oil by weight", "quantity": "0.25", "price": "8.00"}]


def order(id, seconds, items=None, status="paid", total="12.00"):
    return {"id": id, "status": status, "currency": "EUR", "total": total, "created_at": bodies.at(seconds),
            "updated_at": bodies.at(seconds), "items": ITEMS if items is None else items}


@pytest.fixture(scope="module")
def site():
    with running_up() as up:
        own = up.add_source("storehook", name="own", extra=("--list", "news"))
        csv = up.base / "rows.csv"
        csv.write_text(f"email,first name\n{OTHER},Old Ben\n")
        up.cli("contacts", "import", csv)
        ana = {"external_id": "1", "email": PERSON, "first_name": "Ana", "tags": ["vip", "north"], "fields": {"size": "M"},
               "updated_at": bodies.at(0)}
        own.event("signup", occurred_at=bodies.at(0), contact={**ana, "consent": bodies.email_consent("subscribed", 0)})
        own.event("order_created", occurred_at=bodies.at(10), contact={"external_id": "1", "email": PERSON}, order=order("o1", 10))
        own.event("order_created", occurred_at=bodies.at(20), contact={"external_id": "1", "email": PERSON},
                  order=order("o2", 20, [{"product_id": "lamp", "variant_id": "red", "name": "Lamp, new name", "quantity": "1",
                                          "price": "5.00"}]))
        own.event("order_created", occurred_at=bodies.at(25), contact={"external_id": "1", "email": PERSON},
                  order=order("o3", 25, [{"product_id": "never", "name": "Not paid", "quantity": "1", "price": "5.00"}], "cancelled"))
        own.event("order_refunded", occurred_at=bodies.at(30), contact={"external_id": "1", "email": PERSON},
                  order={"id": "o2", "refunded": "4.00", "currency": "EUR", "updated_at": bodies.at(30)})
        for i, product in enumerate(["lamp", "desk", "desk"]):
            own.event("product_viewed", occurred_at=bodies.at(40 + i), contact={"external_id": "1", "email": PERSON},
                      visitor_id="v-ana", product={"id": product, "name": product.title(), "url": f"https://look.example/{product}"})
        own.event("page_visit", occurred_at=bodies.at(50), contact={"external_id": "1", "email": PERSON}, visitor_id="v-ana",
                  page={"url": "https://look.example/about", "title": "About us"})
        own.event("signup", occurred_at=bodies.at(60),
                  contact={"external_id": "2", "email": OTHER, "first_name": "Ben", "updated_at": bodies.at(60),
                           "consent": bodies.email_consent("unsubscribed", 60)})
        own.event("cart_updated", occurred_at=bodies.at(70), contact={"email": GUEST},
                  cart={"id": "k1", "currency": "EUR", "total": "9.00", "updated_at": bodies.at(70), "items": ITEMS[:1]})
        yield up


def listed(site, *args):
    return [c["email"] for c in site.json("contacts", "list", *args)]


@pytest.mark.parametrize("args, wanted", [
    (["--tag", "vip"], [PERSON]), (["--tag", "VIP"], []),
    (["--list", "news"], [PERSON, OTHER, GUEST]), (["--list", "news", "--status", "unsubscribed"], [OTHER]), (["--list", "none"], []),
    (["--consent", "subscribed"], [PERSON]), (["--mailable", "no"], [OTHER, GUEST]), (["--mailable", "yes"], [PERSON]),
    (["--source", "own"], [PERSON, OTHER]), (["--source", "nobody"], []),
    (["--field", "storehook_size"], [PERSON]), (["--field", "storehook_size=M"], [PERSON]), (["--field", "storehook_size=L"], []),
    (["--bought", "lamp"], [PERSON]), (["--bought", "L-1"], [PERSON]), (["--bought", "never"], []), (["--cart", "recovered"], []),
    (["--visited", "/about"], [PERSON]), (["--visited", "https://look.example/*"], [PERSON]), (["--visited", "/basket*"], []),
    (["--email", "ben@"], [OTHER]), (["--email", "BEN@"], [OTHER]), (["--since", bodies.at(60), "--mailable", "no", "--email", "ben"], [OTHER]),
    (["--tag", "vip", "--email", "ben@"], []),
])
def test_a_contact_is_listed_when_every_filter_passes(site, args, wanted):
    assert sorted(listed(site, *args)) == sorted(wanted)


@pytest.mark.parametrize("args", [["--consent", "maybe"], ["--mailable", "perhaps"], ["--cart", "full"], ["--since", "soon"],
                                  ["--after", "x"], ["--limit", "-1"], ["--status", "gone"]])
def test_a_filter_that_means_nothing_is_wrong_usage(site, args):
    result = site.cli("contacts", "list", *args, exit_code=2)
    assert args[0] in result.err and result.out == ""


def test_pages_follow_each_other_and_miss_nobody(site):
    seen, after = [], []
    while True:
        page = site.json("contacts", "list", "--limit", "1", *after)
        if not page:
            break
        seen += page
        after = ["--after", page[-1]["id"]]
    assert [c["id"] for c in seen] == [c["id"] for c in site.contacts()] and len(seen) == 3
    said = site.cli("contacts", "list", "--limit", "2").out.splitlines()[-1]
    assert said.startswith("2 of 3 contacts") and said.endswith("--after " + seen[1]["id"])
    rest = site.cli("contacts", "list", "--after", seen[1]["id"]).out
    assert seen[2]["email"] in rest and seen[1]["email"] not in rest and "--after" not in rest


def test_GR46_products_bought_and_looked_at_are_kept(site):
    products = site.contact(PERSON)["products"]
    assert [(p["product_id"], p.get("variant_id"), p["name"], p["quantity"], p["orders"]) for p in products["bought"]] == [
        ("lamp", "red", "Lamp, new name", "3", 2), ("oil", None, "Oil by weight", "0.25", 1)]
    assert bodies.same_time(products["bought"][0]["last_at"], bodies.at(20))
    assert [(p["product_id"], p["views"]) for p in products["viewed"]] == [("desk", 2), ("lamp", 1)]
    assert [c["products"] for c in site.export() if c["email"] == PERSON] == [products]


def test_GR49_the_timeline_tells_what_happened_the_newest_first(site):
    moments = site.json("contacts", "timeline", PERSON)
    assert moments == sorted(moments, key=lambda m: m["at"], reverse=True)
    told = [(m["kind"], m["ref"]) for m in moments if m["kind"] not in ("change", "created", "consent")]
    assert told == [("page_visit", None), ("product_viewed", "desk"), ("product_viewed", "desk"), ("product_viewed", "lamp"),
                    ("refund", "o2"), ("order", "o3"), ("order", "o2"), ("order", "o1")]
    assert any(m["kind"] == "consent" and "subscribed" in m["text"] for m in moments)
    assert moments[-1]["kind"] in ("created", "consent", "change")
    visit = moments[0]
    assert visit["url"] == "https://look.example/about" and visit["text"] == "About us" and visit["source"] == "own"
    assert "about" in site.cli("contacts", "timeline", PERSON).out


def test_the_timeline_can_be_cut_by_kind_time_and_number(site):
    assert {m["kind"] for m in site.json("contacts", "timeline", PERSON, "--kind", "order")} == {"order"}
    older = site.json("contacts", "timeline", PERSON, "--kind", "order", "--before", bodies.at(20))
    assert [m["ref"] for m in older] == ["o1"]
    assert [m["ref"] for m in site.json("contacts", "timeline", PERSON, "--kind", "order", "--limit", "2")] == ["o3", "o2"]
    assert "--kind" in site.cli("contacts", "timeline", PERSON, "--kind", "none", exit_code=2).err


def test_C12_why_consent_tells_every_statement_and_which_decides(site):
    said = site.json("why", OTHER, "--consent")
    deciding = [f for f in said["facts"] if f["decides"]]
    assert [(f["kind"], f["state"], f["source"]) for f in deciding if f["list"] is None] == [("refusal", "unsubscribed", "own")]
    assert said["ledger"] and all(line["rule"].startswith("C") or line["what"] == "list" for line in said["ledger"])
    text = site.cli("why", OTHER, "--consent").out
    assert "is not to be mailed" in text and "decides" in text and "refusal" in text and "said by own" in text


def test_C6_C12_why_consent_tells_a_lifted_suppression_and_who_lifted_it(site):
    site.cli("contacts", "suppress", GUEST, "--reason", "asked by phone", "--by", "Ada")
    site.cli("contacts", "unsuppress", GUEST, "--by", "Bob")
    said = site.json("why", GUEST, "--consent")
    assert {(f["kind"], f["state"], f["decides"]) for f in said["facts"] if "list" not in f} == {
        ("suppression", "manual", False), ("remembered", "lifted", False)}
    assert {"suppressed by Ada: asked by phone", "suppression lifted by Bob"} <= {line["what"] for line in said["ledger"]}


def test_F2_why_field_tells_what_each_source_says_and_which_counts(site):
    facts = site.json("why", OTHER, "--field", "first_name")["facts"]
    assert sorted((f["value"], f["counts"]) for f in facts) == [("Ben", False), ("Old Ben", True)]
    assert site.contact(OTHER)["first_name"] == "Old Ben", "the file was read later than the signup says of itself"
    assert "counts" in site.cli("why", OTHER, "--field", "first_name").out
    assert "no source" in site.cli("why", OTHER, "--field", "shoe_size").out
    assert "--field" in site.cli("why", OTHER, "--field", "x", "--consent", exit_code=2).err


def test_X5_one_bundle_has_everything_that_is_stored_about_a_person(site):
    bundle = json.loads(site.cli("contacts", "export", PERSON).out)
    assert bundle["format"] == "storehook contact" and bundle["version"] == 1
    assert bundle["contact"] == site.contact(PERSON)
    assert bundle["addresses"] == [PERSON]
    assert [(c["source"], c["external_id"]) for c in bundle["customers"] if c["external_id"]] == [("own", "1")]
    assert "Ana" in [f["value"] for c in bundle["customers"] for f in c["said"] if f["name"] == "first_name"]
    assert [f["state"] for f in bundle["consent"] if f["decides"]][0] == "subscribed"
    assert len(bundle["visits"]) == 4 and {v["visitor_id"] for v in bundle["visits"]} == {"v-ana"}
    assert {o["id"] for o in bundle["contact"]["orders"]["orders"]} == {"o1", "o2", "o3"}
    assert bundle["ledger"] == site.why(PERSON)
    assert OTHER not in json.dumps(bundle)
    assert site.cli("contacts", "export", "nobody@look.example", exit_code=1).out == ""
    assert "--format" in site.cli("contacts", "export", PERSON, "--format", "csv", exit_code=2).err
