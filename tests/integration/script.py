"""Owns the 1,000-event script of the convergence test: 8 sources of 3 platforms, 40 people, every kind of push."""

import json
import random

import bodies
from bodies import at

# Stands in every id and address, so that one script can be sent many times to one system as different people.
TAG_WIDTH = 9
PEOPLE = 40
EVENTS = 1000
PLATFORMS = ["shopify", "shopify", "shopify", "woocommerce", "woocommerce", "storehook", "storehook", "storehook"]
STEP_S = 7


def tag_of(seed):
    return f"94{seed:0{TAG_WIDTH - 2}d}"


class Push:
    """One delivery of the script: which source, topic, body, and what makes it the same delivery when repeated."""

    def __init__(self, source, topic, body, key):
        self.source, self.topic, self.key = source, topic, key
        self.body = json.dumps(body, separators=(",", ":")).encode()

    def with_tag(self, old, new):
        return PushBytes(self.source, self.topic, self.body.replace(old.encode(), new.encode()), self.key.replace(old, new))


class PushBytes(Push):
    def __init__(self, source, topic, body, key):
        self.source, self.topic, self.body, self.key = source, topic, body, key


class Script:
    """Builds the events in the order in which they happen; every provider time is different (O1; O2 is tested apart)."""

    def __init__(self, tag, events=EVENTS, seed=1):
        self.tag, self.rng, self.now, self.pushes = tag, random.Random(seed), 0, []
        self.orders, self.carts, self.known = {}, {}, set()
        while len(self.pushes) < events:
            self.step()

    def step(self):
        self.now += STEP_S
        source, who = self.rng.randrange(len(PLATFORMS)), self.rng.randrange(PEOPLE)
        kinds = {"shopify": SHOPIFY, "woocommerce": WOOCOMMERCE, "storehook": STOREHOOK}[PLATFORMS[source]]
        kind = self.rng.choices([k for k, _ in kinds], [w for _, w in kinds])[0]
        topic, body = kind(self, source, who)
        if topic is not None:
            self.pushes.append(Push(source, topic, body, f"k{self.tag}-{len(self.pushes)}"))

    def email(self, who):
        return f"p{who}.t{self.tag}@example.com"

    def number(self, kind, source, who):
        """An id that is one number of the platform: tag, kind, source, running number."""
        return int(f"{self.tag}{kind}{source}{who:03d}")

    def name(self):
        return self.rng.choice(["Ada", "Grace", "Mary", "Zoë", "Joan", "Emmy"]) + f" {self.now}"

    def first_time(self, source, who):
        """True once for each person of a source: a store creates a customer once."""
        new = (source, who) not in self.known
        self.known.add((source, who))
        return new

    def order_of(self, source, who):
        """A running order of this person in this source, or a new one (sometimes with his cart)."""
        number, state = self.orders.get((source, who), (0, None))
        if state is None or state["done"]:
            state = {"created": self.now, "total": self.rng.randrange(100, 20000), "done": False, "refunds": [],
                     "cart": self.carts.pop((source, who), None)}
            number += 1
            self.orders[source, who] = (number, state)
            return number, state, True
        return number, state, False

    def cart_of(self, source, who):
        if (source, who) not in self.carts:
            self.carts[source, who] = (f"c{self.tag}s{source}w{who}n{self.now}", self.now)
        return self.carts[source, who]


def cents(value):
    return f"{value // 100}.{value % 100:02d}"


def shopify_customer(s, source, who):
    body = bodies.shopify_customer(s.number(1, source, who), s.email(who), updated=s.now, created=0, first_name=s.name(),
                                   last_name=s.name(), tags=s.rng.choice(["", "vip", "vip, b2b"]))
    if s.rng.random() < 0.3:
        del body["first_name"]
    if s.rng.random() < 0.3:
        state = s.rng.choice(["subscribed", "unsubscribed", "not_subscribed", "pending"])
        body["email_marketing_consent"] = bodies.shopify_consent(state, at(s.now))
    return "customers/create" if s.first_time(source, who) else "customers/update", body


def shopify_consent(s, source, who):
    state = s.rng.choice(["subscribed", "unsubscribed"])
    return "customers_email_marketing_consent/update", bodies.shopify_email_consent(s.number(1, source, who), s.email(who), state,
                                                                                    at(s.now))


def shopify_order(s, source, who):
    number, state, new = s.order_of(source, who)
    id = s.number(2, source, who) * 100 + number % 100
    status = "pending" if new else s.rng.choice(["pending", "paid", "paid", "refunded"])
    topic = "orders/create" if new else {"pending": "orders/updated", "paid": "orders/paid", "refunded": "orders/updated"}[status]
    body = bodies.shopify_order(id, s.email(who), cents(state["total"]), updated=s.now, created=state["created"], status=status)
    if state["cart"]:
        body["checkout_token"] = state["cart"][0]
    if s.rng.random() < 0.5:
        body["customer"] = {"id": s.number(1, source, who), "email": s.email(who)}
    state["done"] = status == "refunded" or s.rng.random() < 0.3
    if not new and s.rng.random() < 0.1:
        body["cancelled_at"], state["done"] = at(s.now), True
        return "orders/cancelled", body
    return topic, body


def shopify_checkout(s, source, who):
    token, created = s.cart_of(source, who)
    body = bodies.shopify_checkout(token, s.email(who), updated=s.now, created=created, total=cents(s.rng.randrange(100, 9000)))
    return "checkouts/create" if created == s.now else "checkouts/update", body


def woo_customer(s, source, who):
    return "customer.created" if s.first_time(source, who) else "customer.updated", bodies.woo_customer(
        s.number(1, source, who), s.email(who), modified=s.now, first_name=s.name(), last_name=s.name())


def woo_order(s, source, who):
    number, state, new = s.order_of(source, who)
    status = "pending" if new else s.rng.choice(["processing", "completed", "cancelled", "failed", "on-hold"])
    state["done"] = status in ("completed", "cancelled")
    return "order.created" if new else "order.updated", bodies.woo_order(
        s.number(2, source, who) * 100 + number % 100, s.email(who), cents(state["total"]), modified=s.now,
        created=state["created"], status=status, customer_id=s.rng.choice([0, s.number(1, source, who)]))


def own(s, kind, **members):
    """An event of our own protocol; its id is the delivery's place in the script."""
    return kind, {"id": f"e{s.tag}-{len(s.pushes)}", "type": kind, "occurred_at": at(s.now), **members}


def own_person(s, source, who, **members):
    return bodies.person(s.email(who), s.number(1, source, who), updated_at=at(s.now), **members)


def own_signup(s, source, who):
    members = {"first_name": s.name()}
    if s.rng.random() < 0.3:
        members["fields"] = {"size": s.rng.choice(["S", "M", None])}
    if s.rng.random() < 0.4:
        members["consent"] = bodies.email_consent(s.rng.choice(["subscribed", "unsubscribed"]), s.now)
    kind = "signup" if s.first_time(source, who) else "customer_updated"
    return own(s, kind, contact=own_person(s, source, who, **members), visitor_id=f"visitor-{s.tag}-{who}")


def own_consent(s, source, who):
    return own(s, s.rng.choice(["subscribe", "unsubscribe"]), contact=bodies.person(s.email(who)), channel="email",
               at=at(s.now), source="page")


def own_order(s, source, who):
    number, state, new = s.order_of(source, who)
    status = s.rng.choice(["pending", "paid", "completed", "cancelled"])
    state["done"] = status in ("completed", "cancelled")
    order = bodies.push_order(s.number(2, source, who) * 100 + number % 100, cents(state["total"]), updated=s.now,
                              created=state["created"], status=status)
    if state["cart"]:
        order["cart_id"] = state["cart"][0]
    return own(s, "order_created" if new else "order_updated", contact=bodies.person(s.email(who)), order=order)


def own_cart(s, source, who):
    token, _ = s.cart_of(source, who)
    return own(s, "cart_updated", contact=own_person(s, source, who),
               cart=bodies.push_cart(token, cents(s.rng.randrange(100, 9000)), updated=s.now))


def own_visit(s, source, who):
    return own(s, "page_visit", contact=bodies.person(s.email(who)), visitor_id=f"visitor-{s.tag}-{who}",
               page={"url": f"https://shop{source}.example.com/{s.now}"})


SHOPIFY = [(shopify_customer, 4), (shopify_consent, 2), (shopify_order, 5), (shopify_checkout, 3)]
WOOCOMMERCE = [(woo_customer, 3), (woo_order, 5)]
STOREHOOK = [(own_signup, 4), (own_consent, 2), (own_order, 4), (own_cart, 2), (own_visit, 4)]


def disturbed(pushes, seed):
    """The same deliveries shuffled, a tenth of them twice, a tenth dropped and repeated at the end."""
    rng = random.Random(seed)
    order = list(range(len(pushes)))
    rng.shuffle(order)
    late = [i for i in order if rng.random() < 0.1]
    dropped = set(late)
    in_time = [i for i in order if i not in dropped]
    for again in rng.sample(order, len(order) // 10):
        in_time.insert(rng.randrange(len(in_time) + 1), again)
    return [pushes[i] for i in in_time + late]
