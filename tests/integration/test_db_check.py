"""`storehook db check`: a database of a lively load is clean, and each kind of damage is found."""

import pytest

import bodies
import database
import script
from conftest import running_roles

ERASED = "erased@example.com"
FAR_US = 1 << 60


PIPELINE = 100


def sent(source, push):
    if source.platform == "storehook":
        return source.request(push.body, message_id=f"msg_{push.key}")
    if source.platform == "shopify":
        return source.request(push.body, push.topic, event_id=push.key, webhook_id=push.key)
    return source.request(push.body, push.topic)


def lively(site):
    """The 1,000 events of the convergence test: eight sources, all kinds, shuffled; and an erasure."""
    sources = [site.add_source(platform) for platform in script.PLATFORMS]
    requests = [sent(sources[p.source], p) for p in script.disturbed(script.Script(script.tag_of(7)).pushes, 7)]
    for i in range(0, len(requests), PIPELINE):
        with site.connect() as link:
            link.send(b"".join(requests[i : i + PIPELINE]))
            assert {link.answer().status for _ in requests[i : i + PIPELINE]} == {200}
    site.settle(300)
    shop = sources[-1]
    shop.event("signup", occurred_at=bodies.at(1), contact=bodies.person(ERASED, 77))
    shop.event("erase", occurred_at=bodies.at(2), contact=bodies.person(ERASED, 77))
    shop.event("signup", occurred_at=bodies.at(1), contact=bodies.person("old@example.com", 79))
    shop.event("contact_updated", occurred_at=bodies.at(2), contact=bodies.person("new@example.com", 79))
    order = bodies.shopify_order(991, "cart@example.com", total="20.00")
    sources[0].apply(order, "orders/create")
    refund = {"id": 992, "order_id": 991, "processed_at": bodies.at(9), "transactions": [{"kind": "refund", "status": "success", "amount": "5.00"}]}
    sources[0].apply(refund, "refunds/create")
    shop.event("cart_updated", occurred_at=bodies.at(3), contact=bodies.person("cart@example.com", 78),
               cart={"id": "awake", "currency": "EUR", "total": "5.00", "url": "https://s.example.com/c",
                     "items": [{"id": "1", "name": "Cup", "quantity": 1, "price": "5.00"}]})
    site.settle()
    operate(site, shop)


def operate(site, shop):
    """What the operator does, and addresses that two customers name."""
    for number, name in enumerate(("m1", "m2", "m3", "m4", "taken")):
        shop.event("signup", occurred_at=bodies.at(1), contact=bodies.person(f"{name}@example.com", 80 + number))
    shop.event("contact_updated", occurred_at=bodies.at(9), contact=bodies.person("taken@example.com", 83))
    for one, other in (("m1", "m2"), ("m3", "cart")):
        site.cli("merge", f"{one}@example.com", f"{other}@example.com")
    site.cli("unmerge", "m1@example.com")
    site.cli("tag", "add", "vip", "m2@example.com", "m3@example.com")
    site.cli("list", "add", "news")
    site.cli("list", "subscribe", "m4@example.com", "news")
    site.cli("contacts", "suppress", "m2@example.com", "--reason", "asked on the phone")


def check(site):
    result = site.cli("db", "check", "--json", exit_code=None)
    assert result.exit in (0, 1), result
    found = result.json
    assert (result.exit == 1) == bool(found["findings"]), result
    return found


def findings(site):
    return [(f["check"], f["what"]) for f in check(site)["findings"]]


@pytest.fixture(scope="module")
def site():
    """No drainer runs any more, so nothing mends or sweeps what a test has damaged."""
    with running_roles() as roles:
        roles.start_redis()
        roles.start_serve(ready=False)
        roles.start_role("drain")
        lively(roles)
        roles.stop_role("drain")
        yield roles


def test_a_lively_database_is_clean(site):
    found = check(site)
    assert found["findings"] == []
    assert found["contacts"] >= script.PEOPLE and found["orders"] > 100 and found["groups"] > 0
    assert found["addresses"] > 100, "addresses are held against tombstones, as one was erased"


def test_it_says_what_it_checks_and_that_it_found_nothing(site):
    out = site.cli("db", "check").out
    for step in check(site)["checked"]:
        assert f"\n{step} " in "\n" + out
    assert out.endswith("0 findings\n")


STRANGER = "nothing connects it with the others of its contact"
MOVED = "is of another contact than its claims say"
DAMAGE = {
    "an id leads nowhere": (
        "INSERT INTO contact (account_id, id, alias_of, made_at_us) VALUES (1, 'lost', 'nowhere', 1)",
        "DELETE FROM contact WHERE id = 'lost'", {("contacts", "the id was merged away and leads to no living contact")}),
    "aliases in a chain": (
        "INSERT INTO contact (account_id, id, alias_of, made_at_us) SELECT 1, 'a-1', min(id), 1 FROM contact WHERE alias_of IS NULL;"
        "INSERT INTO contact (account_id, id, alias_of, made_at_us) VALUES (1, 'a-2', 'a-1', 1)",
        "DELETE FROM contact WHERE id IN ('a-1', 'a-2')", {("contacts", "the id was merged away and leads to no living contact")}),
    "a contact of nobody": (
        "INSERT INTO contact (account_id, id, made_at_us) VALUES (1, 'nobody', 1)", "DELETE FROM contact WHERE id = 'nobody'",
        {("contacts", "nobody is this contact: it has neither an address nor a customer")}),
    "a customer of another's contact": (
        "CREATE TABLE kept AS SELECT * FROM customer WHERE subject = (SELECT min(subject) FROM customer WHERE external_id <> '');"
        "UPDATE customer SET contact_id = (SELECT min(contact_id) FROM address WHERE address LIKE 'p1.%') WHERE subject IN (SELECT subject FROM kept)",
        "UPDATE customer SET contact_id = (SELECT contact_id FROM kept k WHERE k.source_id = customer.source_id AND k.subject = customer.subject)"
        " WHERE subject IN (SELECT subject FROM kept); DROP TABLE kept",
        {("groups", STRANGER)}),
    "two people in one contact": (
        "CREATE TABLE kept AS SELECT * FROM address WHERE address = (SELECT min(address) FROM address);"
        "UPDATE address SET contact_id = (SELECT min(contact_id) FROM address WHERE address LIKE 'p1.%') WHERE address IN (SELECT address FROM kept)",
        "UPDATE address SET contact_id = (SELECT contact_id FROM kept) WHERE address IN (SELECT address FROM kept); DROP TABLE kept",
        {("groups", STRANGER)}),
    "a person parted from his address": (
        "INSERT INTO contact (account_id, id, made_at_us) VALUES (1, 'other', 1);"
        "CREATE TABLE kept AS SELECT * FROM address WHERE address = (SELECT min(address) FROM address);"
        "UPDATE address SET contact_id = 'other' WHERE address IN (SELECT address FROM kept)",
        "UPDATE address SET contact_id = (SELECT contact_id FROM kept) WHERE address IN (SELECT address FROM kept); DROP TABLE kept;"
        "DELETE FROM contact WHERE id = 'other'", {("groups", "the address " + MOVED)}),
    "a conflict that is not noted": (
        "CREATE TABLE kept AS SELECT * FROM claim WHERE apart > 0; UPDATE claim SET apart = 0",
        "DELETE FROM claim WHERE (SELECT count(*) FROM kept k WHERE k.address = claim.address AND k.source_id = claim.source_id"
        " AND k.subject = claim.subject) > 0; INSERT INTO claim SELECT * FROM kept; DROP TABLE kept",
        {("groups", "a claim of it is noted as kept apart and is not, or the other way round")}),
    "a conflict that is none": (
        "UPDATE claim SET apart = 1 WHERE address = 'new@example.com'", "UPDATE claim SET apart = 0 WHERE address = 'new@example.com'",
        {("groups", "a claim of it is noted as kept apart and is not, or the other way round")}),
    "an address that was merged away": (
        "INSERT INTO address (account_id, address, contact_id) VALUES (1, 'x@example.com', 'gone')",
        "DELETE FROM address WHERE address = 'x@example.com'",
        {("people", "the address's contact is none, or was merged away"), ("people", "nobody ever had the address")}),
    "a claim of nobody": (
        "INSERT INTO claim (account_id, address, source_id, subject, class, first_us) VALUES (1, 'x@example.com', 1, 'c:none', 1, 1)",
        "DELETE FROM claim WHERE subject = 'c:none'",
        {("people", "the claim is of a customer that is not there"), ("people", "the claim is to an address that is not there")}),
    "a claim that is missing": (
        "CREATE TABLE kept AS SELECT * FROM claim WHERE address = (SELECT min(address) FROM claim WHERE subject LIKE 'c:%');"
        "DELETE FROM claim WHERE address IN (SELECT address FROM kept)", "INSERT INTO claim SELECT * FROM kept; DROP TABLE kept",
        {("people", "the customer's address is not among its claims"), ("people", "nobody ever had the address")}),
    "fields, orders, carts and visitors of nobody": (
        "INSERT INTO customer_field VALUES (1, 1, 'c:none', 'x', 1, 'y', 1, 1, 'r');"
        "INSERT INTO visitor VALUES (1, 1, 'v', 'c:none', 1, 1, 'r');"
        "UPDATE shop_order SET subject = 'c:none-' || subject; UPDATE cart SET subject = 'c:none-' || subject WHERE subject <> ''",
        "DELETE FROM customer_field WHERE subject = 'c:none'; DELETE FROM visitor WHERE subject = 'c:none';"
        "UPDATE shop_order SET subject = substr(subject, 8) WHERE subject LIKE 'c:none-%';"
        "UPDATE cart SET subject = substr(subject, 8) WHERE subject LIKE 'c:none-%'",
        {("references", f"the {what} is of a customer that is not there") for what in ("field", "order", "cart")}
        | {("references", "the visitor is a customer that is not there")}),
    "a limit that miscounts": (
        "UPDATE account SET contact_limit = 100000, contacts = 1 WHERE account_id = 1",
        "UPDATE account SET contact_limit = 0, contacts = 0 WHERE account_id = 1",
        {("accounts", "the number of contacts beside the account's limit is not how many there are")}),
    "a source that is gone": (
        "CREATE TABLE kept AS SELECT * FROM source WHERE id = 1;"
        "DELETE FROM source_secret WHERE source_id = 1; DELETE FROM source WHERE id = 1", "INSERT INTO source SELECT * FROM kept; DROP TABLE kept",
        {("references", f"the {what} is of a source that is not there") for what in ("customer", "order")}),
    "a recovery without an abandonment": (
        "INSERT INTO cart_firing (account_id, source_id, cart_id, kind, episode_us, id, subject, contact_id, due_us, fired_us, quiet,"
        " mailable, order_id) VALUES (1, 1, 'c', 1, 5, 'f', '', 'gone', 1, 1, 0, 0, '')", "DELETE FROM cart_firing WHERE id = 'f'",
        {("references", "the cart was recorded as recovered, and never as abandoned"),
         ("references", "a cart was recorded for a contact that is not there")}),
    "a trigger that fired for nobody": (
        "INSERT INTO trigger_firing VALUES (1, 1, 'order:1:1:counted', 'gone', 1, 1, 1, '');"
        "INSERT INTO cycle_start VALUES (1, 's', 'gone', 'x@example.com', 'welcome', 0, 'import', 1, 1)",
        "DELETE FROM trigger_firing WHERE contact_id = 'gone'; DELETE FROM cycle_start WHERE id = 's'",
        {("references", "a trigger fired for a contact that is not there"),
         ("references", "a cycle was started for a contact that is not there")}),
    "a delivery of no notice, a merge of no contact": (
        "INSERT INTO notice_delivery VALUES (1, 'none', 1, 0, 0, 1, '', 0, '', 1, 0);"
        "INSERT INTO contact_merge VALUES (1, 0, 'x', 1, 'o', 'gone', 'gone', '{}', '{}', '[]')",
        "DELETE FROM notice_delivery WHERE notice_id = 'none'; DELETE FROM contact_merge WHERE subject = 'x'",
        {("references", "a notice is to be delivered that is not there"),
         ("references", "a merge that can be undone kept a contact that is not there")}),
    "consent that nothing can have said": (
        "UPDATE consent SET restrict_state = 2 WHERE restrict_set = 1", "UPDATE consent SET restrict_state = 3 WHERE restrict_set = 1",
        {("consent", "a register of consent says what no statement can say")}),
    "a suppression for no reason": (
        "INSERT INTO suppression VALUES (1, 'x@example.com', 'email', '', 1, 1)", "DELETE FROM suppression WHERE reason = ''",
        {("consent", "a suppression of no address, for no reason, or for a channel that there is not")}),
    "a refund that is no number": (
        "CREATE TABLE kept AS SELECT * FROM refund; UPDATE refund SET amount = 'much'", "DELETE FROM refund; INSERT INTO refund SELECT * FROM kept; DROP TABLE kept",
        {("orders", "an order's currency or a refund's amount cannot be read")}),
    "a cart that sleeps": (
        "DELETE FROM cart_firing WHERE cart_id = 'awake'; UPDATE cart SET look_us = 0 WHERE id = 'awake'",
        "UPDATE cart SET look_us = 1 WHERE id = 'awake'",
        {("carts", "the cart sleeps through the moment when it is abandoned or recovered")}),
    "a cart that is looked at too late": (
        "DELETE FROM cart_firing WHERE cart_id = 'awake';" f"UPDATE cart SET look_us = {FAR_US} WHERE id = 'awake'", "UPDATE cart SET look_us = 1 WHERE id = 'awake'",
        {("carts", "the cart sleeps through the moment when it is abandoned or recovered")}),
    "a line about nobody": (
        "INSERT INTO ledger SELECT account_id, 'l-1', 'gone', source_id, delivery_id, type, rule, what, name, old_value, new_value,"
        " event_at_us, received_at_us, applied_at_us FROM ledger LIMIT 1", "DELETE FROM ledger WHERE id = 'l-1'",
        {("ledger", "the line is about a contact that is not there")}),
    "an erased person's address": (
        f"INSERT INTO seen VALUES (1, 1, 'k-1', 'd', 1, 'mapping', 'cannot read {ERASED}, again')", "DELETE FROM seen WHERE key = 'k-1'",
        {("erased", "the address of an erased person is here in clear")}),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_found(site, kind):
    plant, mend, wanted = DAMAGE[kind]
    for statement in plant.split(";"):
        database.run_sql(site, statement)
    got = set(findings(site))
    for statement in mend.split(";"):
        database.run_sql(site, statement)
    assert wanted <= got, f"{kind}: {got}"
    assert findings(site) == [], "and mended it is clean again"
