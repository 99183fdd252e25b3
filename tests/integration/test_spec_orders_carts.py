"""SPEC K1-K4, CA1, CA2, CA6, CA7 from end to end: money, orders, carts."""

import pytest

import bodies
from bodies import at


def net(site, email):
    return site.contact(email)["orders"]["net"]


# -- money --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("total, currency, shown", [
    ("10.10", "EUR", "10.10"), ("500", "JPY", "500"), ("1.234", "KWD", "1.234"), ("0.1", "EUR", "0.10"), ("7", "USD", "7.00"),
    ("19.90000", "EUR", "19.90"), ("90071992547409.93", "USD", "90071992547409.93"), ("39800", "JPY", "39800"),
    ("0.29", "USD", "0.29"), ("1.15", "EUR", "1.15"),
])
def test_K1_decimal_text_becomes_minor_units_without_floating_point(site, shop, email, total, currency, shown):
    shop.apply(bodies.shopify_order(1, email, total=total, currency=currency), "orders/create")
    assert net(site, email) == {currency: shown}
    assert site.dead(source=shop) == []


@pytest.mark.parametrize("total", ["1e3", "10,00", "", "abc", "0x10", "1.2.3", "--5", "NaN", "Infinity", "99999999999999999999"])
def test_K1_what_is_no_amount_is_refused(site, shop, email, total):
    shop.apply(bodies.shopify_order(1, email, total=total), "orders/create")
    assert [letter["reason"] for letter in site.dead(source=shop)] == ["mapping"]
    assert not site.has_contact(email) or site.contact(email)["orders"]["count"] == 0


def test_K1_more_digits_than_the_currency_has_are_not_lost_silently(site, shop, email):
    shop.apply(bodies.shopify_order(1, email, total="10.105", currency="EUR"), "orders/create")
    assert site.dead(source=shop) or net(site, email) in ({"EUR": "10.11"}, {"EUR": "10.10"})


def test_K1_ten_dimes_are_one_exactly(site, shop, email):
    for number in range(10):
        shop.apply(bodies.shopify_order(number + 1, email, total="0.10"), "orders/create")
    assert net(site, email) == {"EUR": "1.00"}


def test_K2_totals_use_the_shop_currency(site, shop, email):
    order = bodies.shopify_order(1, email, total="100.00", currency="EUR", presentment_currency="JPY", total_price_set={
        "shop_money": {"amount": "100.00", "currency_code": "EUR"},
        "presentment_money": {"amount": "16000", "currency_code": "JPY"}})
    shop.apply(order, "orders/create")
    assert net(site, email) == {"EUR": "100.00"}


def test_K3_totals_are_a_map_per_currency(site, shop, email):
    for number, (total, currency) in enumerate([("10.00", "EUR"), ("5.50", "EUR"), ("20.00", "USD"), ("300", "JPY")]):
        shop.apply(bodies.shopify_order(number + 1, email, total=total, currency=currency), "orders/create")
    assert net(site, email) == {"EUR": "15.50", "USD": "20.00", "JPY": "300"}
    assert site.contact(email)["orders"]["count"] == 4


def test_K4_order_is_replaced_as_a_whole_by_version(site, woo):
    email = f"k4-{woo.name}@example.com"
    for seconds, total, currency in ((10, "10.00", "EUR"), (30, "30.00", "USD"), (20, "20.00", "EUR")):
        woo.apply(bodies.woo_order(5, email, total=total, currency=currency, modified=seconds), "order.updated")
    assert net(site, email) == {"USD": "30.00"}, "total and currency of the newest version"


def test_K4_replaying_everything_gives_the_same_totals(site, plugin):
    email = f"k4-{plugin.name}@example.com"
    events = [dict(occurred_at=at(i), contact={"email": email},
                   order=bodies.push_order(i % 3, total=f"{i + 1}.00", updated=i)) for i in range(9)]
    for event in events:
        plugin.event("order_updated", **event)
    before = site.contact(email)["orders"]
    assert before["count"] == 3 and before["net"] == {"EUR": "24.00"}
    for event in reversed(events):
        plugin.event("order_updated", **event)
    assert site.contact(email)["orders"] == before


def test_orders_last_at_is_the_newest_order(site, shop, email):
    for number, created in ((1, 100), (2, 300), (3, 200)):
        shop.apply(bodies.shopify_order(number, email, created=created, updated=created), "orders/create")
    assert bodies.same_time(site.contact(email)["orders"]["last_at"], at(300))


# -- carts --------------------------------------------------------------------------------------------------------------------


def carts(site, email):
    return {c["id"]: c for c in site.contact(email)["carts"]}


def is_open(cart):
    return cart["state"] in ("active", "abandoned")


def test_CA1_checkout_token_is_the_carts_identity(site, shop, email):
    shop.apply(bodies.shopify_checkout("tok-1", email, updated=10, cart_token="ct-1"), "checkouts/create")
    shop.apply(bodies.shopify_checkout("tok-1", email, updated=20, cart_token="ct-1", total="30.00"), "checkouts/update")
    shop.apply(bodies.shopify_checkout("tok-2", email, updated=15, cart_token="ct-2"), "checkouts/create")
    found = carts(site, email)
    assert set(found) == {"tok-1", "tok-2"}, "two devices are two carts"
    assert "30.00" in str(found["tok-1"]["value"]) and found["tok-1"]["source"] == shop.name


def test_CA1_same_token_in_two_shops_is_two_carts(site, shop, email):
    other = site.add_source("shopify")
    for source in (shop, other):
        source.apply(bodies.shopify_checkout("tok", email, updated=10), "checkouts/create")
    assert sorted(c["source"] for c in site.contact(email)["carts"]) == sorted([shop.name, other.name])


def test_CA2_cart_without_an_address_is_never_due_until_one_comes(site, shop, email):
    shop.apply(bodies.shopify_checkout("tok", None, updated=10), "checkouts/create")
    assert site.dead(source=shop) == [] and not site.has_contact(email)
    shop.apply(bodies.shopify_checkout("tok", email, updated=20), "checkouts/update")
    cart = carts(site, email)["tok"]
    assert bodies.same_time(cart["due_at"], at(20 + 3600)) and is_open(cart)


def test_CA2_cart_without_items_is_not_due(site, shop, email):
    shop.apply(bodies.shopify_checkout("tok", email, updated=10), "checkouts/create")
    shop.apply(bodies.shopify_checkout("tok", email, updated=20, items=[], total="0.00"), "checkouts/update")
    cart = carts(site, email).get("tok")
    assert cart is None or (cart["due_at"] is None and not is_open(cart))


def test_CA2_eligible_cart_is_due_after_the_delay(site, plugin):
    email = f"ca2-{plugin.name}@example.com"
    plugin.event("cart_updated", occurred_at=at(10), contact=bodies.person(email, 1), cart=bodies.push_cart("c", updated=10))
    assert bodies.same_time(carts(site, email)["c"]["due_at"], at(10 + 3600))


def test_CA2_invalid_address_is_not_due(site, plugin):
    before = len(site.contacts())
    plugin.event("cart_updated", occurred_at=at(10), contact={"email": "not an address"}, cart=bodies.push_cart("c", updated=10))
    assert [letter["reason"] for letter in site.dead(source=plugin)] in ([], ["invalid_email"])
    assert len(site.contacts()) == before


def assert_cancelled(site, email, token="tok"):
    cart = carts(site, email)[token]
    assert not is_open(cart) and cart["due_at"] is None, cart


def test_CA6_order_with_the_checkout_token_cancels(site, shop, email):
    shop.apply(bodies.shopify_checkout("tok", email, updated=10), "checkouts/create")
    shop.apply(bodies.shopify_order(1, f"other-{email}", created=5, updated=30, checkout_token="tok"), "orders/create")
    assert_cancelled(site, email)


def test_CA6_order_with_the_cart_token_cancels(site, shop, email):
    shop.apply(bodies.shopify_checkout("tok", email, updated=10, cart_token="ct"), "checkouts/create")
    shop.apply(bodies.shopify_order(1, f"other-{email}", created=5, updated=30, cart_token="ct"), "orders/create")
    assert_cancelled(site, email)


def test_CA6_order_of_the_same_contact_after_the_first_activity_cancels(site, shop, email):
    shop.apply(bodies.shopify_checkout("tok", email, created=10, updated=10), "checkouts/create")
    shop.apply(bodies.shopify_order(1, email, created=10, updated=30), "orders/create")
    assert_cancelled(site, email)


def test_CA6_earlier_order_of_the_same_contact_does_not(site, shop, email):
    shop.apply(bodies.shopify_checkout("tok", email, created=100, updated=100), "checkouts/create")
    shop.apply(bodies.shopify_order(1, email, created=50, updated=60), "orders/create")
    assert is_open(carts(site, email)["tok"])


def test_CA6_in_either_order_of_arrival(site, shop, email):
    shop.apply(bodies.shopify_order(1, email, created=10, updated=30), "orders/create")
    shop.apply(bodies.shopify_checkout("tok", email, created=10, updated=10), "checkouts/create")
    assert_cancelled(site, email)


def test_CA6_order_of_our_own_protocol_cancels_by_cart_id(site, plugin):
    email = f"ca6-{plugin.name}@example.com"
    plugin.event("cart_updated", occurred_at=at(10), contact=bodies.person(email, 1), cart=bodies.push_cart("c-7", updated=10))
    plugin.event("purchase", occurred_at=at(20), contact={"email": f"x-{email}"},
                 order=bodies.push_order("o", created=5, updated=20, cart_id="c-7"))
    assert_cancelled(site, email, "c-7")


def test_CA7_purchase_first_completes_the_token(site, shop, email):
    shop.apply(bodies.shopify_order(1, email, created=100, updated=100, checkout_token="tok"), "orders/create")
    for seconds in (50, 90, 150):
        shop.apply(bodies.shopify_checkout("tok", email, created=10, updated=seconds), "checkouts/update")
    cart = carts(site, email).get("tok")
    assert cart is None or (not is_open(cart) and cart["due_at"] is None)
    assert site.contact(email)["orders"]["count"] == 1


def test_CA7_purchase_first_by_cart_token(site, shop, email):
    shop.apply(bodies.shopify_order(1, email, created=5, updated=100, cart_token="ct"), "orders/create")
    shop.apply(bodies.shopify_checkout("tok", email, created=10, updated=150, cart_token="ct"), "checkouts/update")
    cart = carts(site, email).get("tok")
    assert cart is None or (not is_open(cart) and cart["due_at"] is None)


def test_completed_checkout_is_not_due(site, shop, email):
    shop.apply(bodies.shopify_checkout("tok", email, updated=20, completed_at=at(20)), "checkouts/update")
    cart = carts(site, email).get("tok")
    assert cart is None or (not is_open(cart) and cart["due_at"] is None)
