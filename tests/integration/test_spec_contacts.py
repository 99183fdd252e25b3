"""SPEC O1-O4, O9, F1, M1, M2, C1-C4, C7, C13, G1, G2 from end to end: order of arrival, fields, identity, consent, guests."""

import json
import random

import pytest

import bodies
from bodies import at, email_consent, person


def external_ids(contact, source):
    return [s["external_id"] for s in contact["sources"] if s["source"] == source.name and s["external_id"]]


def update(shop, email, seconds, **members):
    shop.apply(bodies.shopify_customer(7, email, updated=seconds, **members), "customers/update")


# -- order of arrival -------------------------------------------------------------------------------------------------------


def test_O1_older_version_never_overwrites(site, shop, email):
    for seconds, name in ((30, "Third"), (10, "First"), (20, "Second")):
        update(shop, email, seconds, first_name=name)
    assert site.contact(email)["first_name"] == "Third"
    assert "stale" in json.dumps(site.why(email))


def test_O1_older_order_never_overwrites(site, shop, email):
    for seconds, total in ((30, "33.00"), (10, "11.00"), (20, "22.00")):
        shop.apply(bodies.shopify_order(70, email, total=total, updated=seconds), "orders/updated")
    assert site.contact(email)["orders"]["net"] == {"EUR": "33.00"}


def test_O2_equal_time_and_equal_body_changes_nothing(site, shop, email):
    update(shop, email, 10, first_name="Same")
    before = site.contact(email)
    update(shop, email, 10, first_name="Same")
    assert site.contact(email) == before


def test_O2_equal_time_and_other_body_the_later_receipt_wins(site, shop, email):
    for name in ("Earlier", "Later", "Last"):
        update(shop, email, 10, first_name=name)
    assert site.contact(email)["first_name"] == "Last"


def test_O3_without_modification_time_the_trigger_header_counts(site, shop, email):
    def without_time(name):
        body = bodies.shopify_customer(7, email, first_name=name)
        del body["updated_at"], body["created_at"]
        return body

    shop.apply(without_time("Newest"), "customers/update", triggered_at=at(300))
    shop.apply(without_time("Old"), "customers/update", triggered_at=at(100))
    assert site.contact(email)["first_name"] == "Newest"


def test_O3_without_any_time_receipt_decides(site, shop, email):
    for name in ("Earlier", "Later"):
        body = bodies.shopify_customer(7, email, first_name=name)
        del body["updated_at"], body["created_at"]
        shop.apply(body, "customers/update")
    assert site.contact(email)["first_name"] == "Later"


def test_O4_update_before_create_is_an_upsert(site, shop, email):
    update(shop, email, 100, created=50, first_name="Updated", last_name=None)
    assert site.contact(email)["first_name"] == "Updated"
    created = bodies.shopify_customer(7, email, updated=10, created=10, first_name="Created", last_name="Late", phone="+4930123456")
    shop.apply(created, "customers/create")
    got = site.contact(email)
    assert got["first_name"] == "Updated", "a late create changes nothing that was set"
    assert bodies.same_time(got["created_at"], at(10)), "it lowers created_at"


def test_O4_late_create_fills_what_was_never_set(site, plugin):
    email = f"o4-{plugin.name}@example.com"
    plugin.event("customer_updated", occurred_at=at(100), contact=person(email, 1, first_name="Updated", updated_at=at(100)))
    plugin.event("signup", occurred_at=at(10),
                 contact=person(email, 1, first_name="Created", last_name="Filled", phone="+4930123456"))
    got = site.contact(email)
    assert (got["first_name"], got["last_name"]) == ("Updated", "Filled")
    assert got["phone"] == "+4930123456"


@pytest.mark.parametrize("seed", range(3))
def test_O9_payload_is_state_dropped_updates_do_not_matter(site, seed):
    shop = site.add_source("shopify")
    email = f"o9-{shop.name}@example.com"
    rng = random.Random(seed)
    updates = [bodies.shopify_order(70, email, total=f"{10 + i}.00", updated=i) for i in range(20)]
    kept = [u for u in updates[:-1] if rng.random() > 0.3] + updates[-1:]
    rng.shuffle(kept)
    for order in kept:
        shop.push(order, "orders/updated")
    site.settle()
    orders = site.contact(email)["orders"]
    assert orders["net"] == {"EUR": "29.00"} and orders["count"] == 1, f"seed {seed}"


# -- fields -----------------------------------------------------------------------------------------------------------------


def test_F1_absent_leaves_and_null_clears(site, shop, email):
    update(shop, email, 10, first_name="Ada", last_name="Byron", phone="+4930123456")
    absent = bodies.shopify_customer(7, email, updated=20)
    for name in ("first_name", "last_name", "phone"):
        del absent[name]
    shop.apply(absent, "customers/update")
    got = site.contact(email)
    assert (got["first_name"], got["last_name"], got["phone"]) == ("Ada", "Byron", "+4930123456")
    update(shop, email, 30, first_name=None, last_name="Byron", phone=None)
    got = site.contact(email)
    assert (got["first_name"], got["last_name"], got["phone"]) == (None, "Byron", None)


def test_F1_null_clears_only_what_this_source_owns(site, shop, plugin):
    email = f"f1-{shop.name}@example.com"
    plugin.event("signup", occurred_at=at(10), contact=person(email, 1, first_name="FromPlugin", updated_at=at(10)))
    update(shop, email, 20, first_name=None, last_name="FromShop")
    got = site.contact(email)
    assert (got["first_name"], got["last_name"]) == ("FromPlugin", "FromShop")


def test_F1_for_custom_fields(site, plugin):
    email = f"f1c-{plugin.name}@example.com"
    for seconds, fields in ((10, {"birthday": "1990-01-31", "size": "M"}), (20, {"size": None})):
        plugin.event("customer_updated", occurred_at=at(seconds), contact=person(email, 1, fields=fields, updated_at=at(seconds)))
    values = site.contact(email)["fields"]
    assert "1990-01-31" in json.dumps(values) and '"M"' not in json.dumps(values)


# -- identity ---------------------------------------------------------------------------------------------------------------


def test_M1_external_id_comes_before_the_address(site, shop, email):
    update(shop, email, 10, first_name="One")
    id_before = site.contact(email)["id"]
    shop.apply({"id": 7, "first_name": "ById", "updated_at": at(20), "email": email.upper()}, "customers/update")
    got = site.contact(email)
    assert got["id"] == id_before and got["first_name"] == "ById"


def test_M1_address_joins_sources(site, shop, plugin):
    email = f"m1-{shop.name}@example.com"
    update(shop, email, 10)
    plugin.event("signup", occurred_at=at(20), contact=person(email, 99))
    got = site.contact(email)
    assert external_ids(got, shop) == ["7"] and external_ids(got, plugin) == ["99"]


def test_M1_name_never_identifies(site, shop):
    emails = [f"m1{n}-{shop.name}@example.com" for n in (1, 2)]
    for number, email in enumerate(emails):
        shop.apply(bodies.shopify_customer(70 + number, email, first_name="Same", last_name="Name"), "customers/create")
    assert site.contact(emails[0])["id"] != site.contact(emails[1])["id"]


def test_M1_phone_is_off_by_default(site, shop):
    emails = [f"m1p{n}-{shop.name}@example.com" for n in (1, 2)]
    for number, email in enumerate(emails):
        shop.apply(bodies.shopify_customer(70 + number, email, phone="+4930123456"), "customers/create")
    assert site.contact(emails[0])["id"] != site.contact(emails[1])["id"]


def test_M1_ids_past_2_to_the_53_stay_apart(site, shop):
    ids = [706405506930370084, 706405506930370085]
    for number, id in enumerate(ids):
        shop.apply(bodies.shopify_customer(id, f"big{number}-{shop.name}@example.com"), "customers/create")
    for number, id in enumerate(ids):
        assert external_ids(site.contact(f"big{number}-{shop.name}@example.com"), shop) == [str(id)]


def test_M2_address_is_normalised_for_matching_only(site, shop, plugin):
    local = f"A.B+x-{shop.name}"
    shop.apply(bodies.shopify_customer(7, f"  {local}@Exämple.de "), "customers/create")
    id_ = site.contact(f"{local.lower()}@xn--exmple-cua.de")["id"]
    plugin.event("signup", occurred_at=at(20), contact=person(f"{local.upper()}@XN--EXMPLE-CUA.de", 5))
    assert site.contact(f"{local}@exämple.de")["id"] == id_
    assert external_ids(site.contact(f"{local}@EXÄMPLE.de"), plugin) == ["5"]


@pytest.mark.parametrize("other", ["ab+x", "a.b", "a.b+y"])
def test_M2_no_dot_or_plus_folding(site, shop, other):
    domain = f"{shop.name}.example.com"
    shop.apply(bodies.shopify_customer(1, f"a.b+x@{domain}"), "customers/create")
    assert not site.has_contact(f"{other}@{domain}")
    shop.apply(bodies.shopify_customer(2, f"{other}@{domain}"), "customers/create")
    assert site.contact(f"{other}@{domain}")["id"] != site.contact(f"a.b+x@{domain}")["id"]


# -- consent ------------------------------------------------------------------------------------------------------------------


def consent_event(plugin, email, state, seconds, occurred=None):
    """An explicit consent-bearing event of our own protocol."""
    kind = "unsubscribe" if state == "unsubscribed" else "subscribe"
    plugin.event(kind, occurred_at=at(seconds if occurred is None else occurred), contact=person(email, 1), channel="email",
                 at=at(seconds), source="preference page")


def state_of(site, email):
    got = site.contact(email)
    return got["consent"]["state"], got["mailable"]


@pytest.fixture
def known(site, plugin):
    """A contact without any consent statement."""
    email = f"consent-{plugin.name}@example.com"
    plugin.event("signup", occurred_at=at(0), contact=person(email, 1))
    assert state_of(site, email) == ("none", False)
    return email


def test_C1_consent_belongs_to_the_address(site, plugin, known):
    consent_event(plugin, known, "unsubscribed", 100)
    other = site.add_source("shopify")
    consent = bodies.shopify_consent("subscribed", at(50))
    other.apply(bodies.shopify_customer(8, known, updated=200, email_marketing_consent=consent), "customers/create")
    assert state_of(site, known) == ("unsubscribed", False), "another source's record of the same address finds its state"


def test_C1_state_stays_with_the_address_when_the_contact_moves_on(site, plugin, known):
    consent_event(plugin, known, "unsubscribed", 100)
    plugin.event("customer_updated", occurred_at=at(200), contact=person("moved-" + known, 1, updated_at=at(200)))
    site.add_source("shopify").apply(bodies.shopify_customer(8, known, updated=300), "customers/create")
    assert state_of(site, known) == ("unsubscribed", False)
    assert state_of(site, "moved-" + known)[1] is False


def test_C2_late_unsubscribe_with_an_older_time_is_only_noted(site, plugin, known):
    consent_event(plugin, known, "subscribed", 200)
    assert state_of(site, known) == ("subscribed", True)
    consent_event(plugin, known, "unsubscribed", 100, occurred=300)
    assert state_of(site, known) == ("subscribed", True)
    assert "C2" in json.dumps(site.why(known))


def test_C2_unsubscribe_with_a_later_time_applies(site, plugin, known):
    consent_event(plugin, known, "subscribed", 200)
    consent_event(plugin, known, "unsubscribed", 201)
    assert state_of(site, known) == ("unsubscribed", False)


def test_C2_shopify_newest_consent_time_wins(site, shop, email):
    update(shop, email, 10)
    for state, seconds in (("subscribed", 300), ("unsubscribed", 200)):
        shop.apply(bodies.shopify_email_consent(7, email, state, at(seconds)), "customers_email_marketing_consent/update")
    assert state_of(site, email) == ("subscribed", True)


@pytest.mark.parametrize("seconds, expected", [(99, "unsubscribed"), (100, "unsubscribed"), (101, "subscribed")])
def test_C3_relaxing_needs_a_strictly_later_consent_time(site, plugin, known, seconds, expected):
    consent_event(plugin, known, "unsubscribed", 100)
    consent_event(plugin, known, "subscribed", seconds)
    assert state_of(site, known)[0] == expected


def test_C3_form_with_consent_relaxes(site, plugin, known):
    consent_event(plugin, known, "unsubscribed", 100)
    plugin.event("form_signup", occurred_at=at(200), form={"id": "f", "name": "newsletter", "fields": {}},
                 contact=person(known, 1, consent=email_consent("subscribed", 200)))
    assert state_of(site, known) == ("subscribed", True)


def test_C3_every_consent_change_tells_its_time_and_source(site, plugin, known):
    consent_event(plugin, known, "subscribed", 100)
    consent = site.contact(known)["consent"]
    assert bodies.same_time(consent["at"], at(100)) and consent["source"]


RELAXERS = {
    "order": ("order_created", dict(order=bodies.push_order("c4", accepts_marketing=True))),
    "purchase": ("purchase", dict(order=bodies.push_order("c4"))),
    "order update": ("order_updated", dict(order=bodies.push_order("c4", updated=500))),
    "cart": ("cart_updated", dict(cart=bodies.push_cart("c4", updated=500))),
    "cart abandoned": ("cart_abandoned", dict(cart=bodies.push_cart("c4", updated=500, abandoned_at=at(500)))),
    "page visit": ("page_visit", dict(page={"url": "https://s.example.com/"})),
    "product view": ("product_viewed", dict(product={"id": "1", "name": "Lamp"})),
}


@pytest.mark.parametrize("kind", list(RELAXERS))
def test_C4_orders_carts_and_visits_never_relax_whatever_they_say(site, plugin, known, kind):
    consent_event(plugin, known, "unsubscribed", 100)
    event, members = RELAXERS[kind]
    plugin.event(event, occurred_at=at(500), contact=person(known, 1, consent=email_consent("subscribed", 500)), **members)
    assert state_of(site, known) == ("unsubscribed", False)
    assert site.dead(source=plugin) == []


@pytest.mark.parametrize("topic", ["orders/create", "orders/paid", "orders/updated"])
def test_C4_shopify_order_with_ticked_box_never_relaxes(site, shop, email, topic):
    consent = bodies.shopify_consent("unsubscribed", at(100))
    update(shop, email, 10, email_marketing_consent=consent)
    customer = bodies.shopify_customer(7, email, updated=500, email_marketing_consent=bodies.shopify_consent("subscribed", at(500)))
    shop.apply(bodies.shopify_order(70, email, created=500, updated=500, buyer_accepts_marketing=True, customer=customer), topic)
    assert state_of(site, email) == ("unsubscribed", False)


def test_C4_shopify_checkout_never_relaxes(site, shop, email):
    update(shop, email, 10, email_marketing_consent=bodies.shopify_consent("unsubscribed", at(100)))
    shop.apply(bodies.shopify_checkout("tok", email, updated=500, buyer_accepts_marketing=True), "checkouts/update")
    assert state_of(site, email) == ("unsubscribed", False)


def test_C4_refusal_is_in_the_ledger(site, plugin, known):
    consent_event(plugin, known, "unsubscribed", 100)
    plugin.event("order_created", occurred_at=at(500), contact=person(known, 1, consent=email_consent("subscribed", 500)),
                 order=bodies.push_order("c4"))
    assert "C4" in json.dumps(site.why(known))


def test_C7_not_subscribed_is_no_statement(site, shop, email):
    update(shop, email, 10, email_marketing_consent=bodies.shopify_consent("not_subscribed", at(10)))
    assert state_of(site, email) == ("none", False), "a new address"
    for state, mailable in (("subscribed", True), ("unsubscribed", False)):
        seconds = {"subscribed": 100, "unsubscribed": 300}[state]
        update(shop, email, seconds, email_marketing_consent=bodies.shopify_consent(state, at(seconds)))
        update(shop, email, seconds + 100, email_marketing_consent=bodies.shopify_consent("not_subscribed", at(seconds + 100)))
        assert state_of(site, email) == (state, mailable), "an existing state stays"


@pytest.mark.parametrize("state, expected", [("subscribed", "subscribed"), ("pending", "pending"), ("unsubscribed", "unsubscribed"),
                                             ("not_subscribed", "none")])
@pytest.mark.parametrize("topic", ["customers/create", "customers/update", "customers_email_marketing_consent/update"])
def test_C13_shopify_states(site, shop, email, state, expected, topic):
    if topic.startswith("customers/"):
        customer = bodies.shopify_customer(7, email, updated=10, email_marketing_consent=bodies.shopify_consent(state, at(10)))
        shop.apply(customer, topic)
    else:
        update(shop, email, 5)
        shop.apply(bodies.shopify_email_consent(7, email, state, at(10)), topic)
    assert state_of(site, email) == (expected, expected == "subscribed")


def test_C13_invalid_is_a_suppression(site, shop, email):
    update(shop, email, 10, email_marketing_consent=bodies.shopify_consent("subscribed", at(10)))
    shop.apply(bodies.shopify_email_consent(7, email, "invalid", at(20)), "customers_email_marketing_consent/update")
    got = site.contact(email)
    assert "invalid" in json.dumps(got["suppressions"]) and got["mailable"] is False


def test_C13_redacted_erases(site, shop, email):
    update(shop, email, 10, first_name="Erasable", email_marketing_consent=bodies.shopify_consent("subscribed", at(10)))
    shop.apply(bodies.shopify_email_consent(7, email, "redacted", at(20)), "customers_email_marketing_consent/update")
    if site.has_contact(email):
        got = site.contact(email)
        assert got["mailable"] is False and "erased" in json.dumps(got["suppressions"])
        assert "Erasable" not in json.dumps(got)


def test_C13_absent_and_null_consent_are_no_statement(site, shop, email):
    update(shop, email, 10, email_marketing_consent=bodies.shopify_consent("subscribed", at(10)))
    update(shop, email, 20, email_marketing_consent=None)
    without = bodies.shopify_customer(7, email, updated=30)
    del without["email_marketing_consent"]
    shop.apply(without, "customers/update")
    assert state_of(site, email) == ("subscribed", True)


def test_C13_sms_consent_is_not_email_consent(site, shop, email):
    update(shop, email, 10, phone="+4930123456", sms_marketing_consent={"state": "subscribed", "opt_in_level": "single_opt_in",
                                                                         "consent_updated_at": at(10)})
    assert state_of(site, email) == ("none", False)


# -- guests -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", ["shopify", "woocommerce", "storehook"])
def test_G1_guest_order_makes_a_contact_that_is_not_mailable(site, platform):
    source = site.add_source(platform)
    email = f"guest-{source.name}@example.com"
    if platform == "storehook":
        source.event("purchase", occurred_at=at(10), contact={"email": email}, order=bodies.push_order("1"))
    elif platform == "shopify":
        source.apply(bodies.shopify_order(1, email), "orders/create")
    else:
        source.apply(bodies.woo_order(1, email), "order.created")
    got = site.contact(email)
    assert got["consent"]["state"] == "none" and got["mailable"] is False
    assert got["orders"]["count"] == 1 and external_ids(got, source) == []


@pytest.mark.parametrize("platform", ["shopify", "woocommerce"])
def test_G2_later_signup_attaches_the_external_id(site, platform):
    source = site.add_source(platform)
    email = f"g2-{source.name}@example.com"
    if platform == "shopify":
        source.apply(bodies.shopify_order(1, email), "orders/create")
        id_ = site.contact(email)["id"]
        source.apply(bodies.shopify_customer(55, email, updated=100), "customers/create")
    else:
        source.apply(bodies.woo_order(1, email), "order.created")
        id_ = site.contact(email)["id"]
        source.apply(bodies.woo_customer(55, email, modified=100), "customer.created")
    got = site.contact(email)
    assert got["id"] == id_ and external_ids(got, source) == ["55"]
    assert got["orders"]["count"] == 1 and got["first_name"] == "Ada"
    assert len([c for c in site.contacts() if c["email"] == email]) == 1


def test_visits_join_the_contact_when_the_visitor_is_identified(site, plugin):
    email = f"visitor-{plugin.name}@example.com"
    visitor = f"visitor-of-{plugin.name}"
    plugin.event("page_visit", occurred_at=at(1), visitor_id=visitor, page={"url": "https://s.example.com/before"})
    assert not site.has_contact(email)
    plugin.event("identify", occurred_at=at(2), visitor_id=visitor, contact=person(email, 1))
    plugin.event("page_visit", occurred_at=at(3), visitor_id=visitor, page={"url": "https://s.example.com/after"})
    visits = site.contact(email)["visits"]
    assert visits["count"] == 2 and visits["last_url"] == "https://s.example.com/after"
    assert site.dead(source=plugin) == []


@pytest.mark.parametrize("visit_first", [False, True])
def test_M1_visit_that_names_only_the_address_joins_its_contact(site, plugin, visit_first):
    """N5: whichever comes first, the visit or what makes the contact known."""
    email = f"by-address-{plugin.name}@example.com"
    visit = ("page_visit", dict(occurred_at=at(5), contact={"email": email}, page={"url": "https://s.example.com/"}))
    signup = ("signup", dict(occurred_at=at(1), contact=person(email, 1)))
    for kind, members in [visit, signup] if visit_first else [signup, visit]:
        plugin.event(kind, **members)
    assert site.contact(email)["visits"]["count"] == 1


def test_page_visit_never_creates_a_contact(site, plugin):
    email = f"visit-only-{plugin.name}@example.com"
    plugin.event("page_visit", occurred_at=at(1), contact={"email": email}, page={"url": "https://s.example.com/"})
    assert not site.has_contact(email)
