"""N5: shuffled, duplicated, dropped-and-repeated delivery of 1,000 events ends in the same contacts as delivery in order.

A few seeds go through HTTPS; the others are put into the streams as `serve` had written them, with the tag of the seed in
place of the first one's. SEEDS, HTTPS_SEEDS and FIRST_SEED choose how many and which.
"""

import json
import os
import re
import time

import pytest

import harness
import script
from conftest import running_roles

SEEDS = int(os.environ.get("SEEDS", "200"))
HTTPS_SEEDS = min(SEEDS, int(os.environ.get("HTTPS_SEEDS", "10")))
FIRST_SEED = int(os.environ.get("FIRST_SEED", "1"))
IN_FLIGHT = 4000
PIPELINE = 100


def seeds():
    return range(FIRST_SEED, FIRST_SEED + SEEDS)


class Shops:
    """The eight sources, the frozen clock, and the deliveries as they stand in the streams."""

    def __init__(self, site, now):
        self.site, self.now = site, now
        self.sources = [site.add_source(platform, wait=False) for platform in script.PLATFORMS]
        self.script = script.Script(script.tag_of(0)).pushes
        self.captured = {}

    def request(self, push):
        source = self.sources[push.source]
        if source.platform == "storehook":
            return source.request(push.body, message_id=f"msg_{push.key}", timestamp=self.now)
        if source.platform == "shopify":
            return source.request(push.body, push.topic, event_id=push.key, webhook_id=push.key)
        return source.request(push.body, push.topic)

    def send(self, pushes):
        """All of them in order, pipelined; every one is answered 200."""
        for i in range(0, len(pushes), PIPELINE):
            batch = pushes[i : i + PIPELINE]
            with self.site.connect() as link:
                link.send(b"".join(self.request(p) for p in batch))
                assert {link.answer().status for _ in batch} == {200}

    def capture(self):
        """Takes the entries of the undisturbed script out of the streams, keyed by the delivery they hold."""
        with self.site.redis() as link:
            for lane in harness.LANES:
                stream = f"storehook:{{0}}:{lane}"
                for id_, fields in link.xrange(stream):
                    self.captured[next(v for v in fields.values() if re.fullmatch(rb"[0-9a-f]{32}", v))] = (stream, id_, fields)
        assert len(self.captured) == len(self.script)
        return [self.captured[key] for key in sorted(self.captured)]

    def inject(self, entries, seed):
        """Puts disturbed entries with the seed's tag into the streams, with fresh delivery ids in order of arrival."""
        old, new = script.tag_of(0).encode(), script.tag_of(seed).encode()
        with self.site.redis() as link:
            pipe = link.pipeline(transaction=False)
            for place, (stream, _, fields) in enumerate(script.disturbed(entries, seed)):
                entry = {k: v.replace(old, new) for k, v in fields.items()}
                for name, value in entry.items():
                    if re.fullmatch(rb"[0-9a-f]{32}", value):
                        entry[name] = value[:12] + f"{seed:012x}{place:08x}".encode()
                pipe.xadd(stream, entry)
            pipe.execute()


def comparable(contact, tag):
    """A contact without its id, the tag replaced so that seeds compare."""
    contact.pop("id")
    return json.loads(json.dumps(contact, ensure_ascii=False).replace(tag, "TAG"))


def contacts_by_tag(site):
    """Every contact by tag and address."""
    found = {}
    for contact in site.export():
        tag = re.search(r"\.t(\d+)@", contact["email"])
        if tag:
            email = contact["email"].replace(tag.group(1), "TAG")
            found.setdefault(tag.group(1), {})[email] = comparable(contact, tag.group(1))
    return found


def contacts_of(site, seed):
    """The contacts of one seed, looked up one by one."""
    tag = script.tag_of(seed)
    emails = [f"p{who}.t{tag}@example.com" for who in range(script.PEOPLE)]
    return {e.replace(tag, "TAG"): comparable(site.contact(e), tag) for e in emails if site.has_contact(e)}


def difference(want, got):
    """The first few members in which two sets of contacts differ."""
    out = [f"only in order: {e}" for e in want.keys() - got.keys()] + [f"only disturbed: {e}" for e in got.keys() - want.keys()]
    for email in sorted(want.keys() & got.keys()):
        for member in want[email]:
            if want[email][member] != got[email].get(member):
                out.append(f"{email} {member}: in order {want[email][member]!r}, disturbed {got[email].get(member)!r}")
    return "\n".join(out[:12])


@pytest.fixture(scope="module")
def shops():
    with harness.Workplace() as place:
        now = int(time.time())
        (place / "clock").write_text(str(now))
        settings = {"storehook": {"clock_file": place / "clock"}, "drain": {"claim_idle": "2s"}, "visits": {"known_days": 36500}}
        with running_roles(settings) as site:
            site.start_redis()
            shops = Shops(site, now)
            site.start_serve()
            shops.sources[-1].await_known()
            yield shops


@pytest.fixture(scope="module")
def in_order(shops):
    """The script delivered in order to a single drainer; then the second drainer starts."""
    shops.send(shops.script)
    shops.entries = shops.capture()
    shops.site.start_role("drain", "drain-1")
    shops.site.settle(120)
    shops.site.start_role("drain", "drain-2")
    assert shops.site.dead() == []
    return contacts_of(shops.site, 0)


def found_by_seed(site, chosen):
    by_tag = contacts_by_tag(site)
    return {seed: by_tag.get(script.tag_of(seed), {}) for seed in chosen}


def check(site, in_order, found):
    """`found` has the contacts of each seed."""
    bad = {seed: difference(in_order, contacts) for seed, contacts in found.items() if contacts != in_order}
    first = next(iter(bad), None)
    assert not bad, f"{len(bad)} of {len(found)} seeds differ ({list(bad)[:10]}); FIRST_SEED={first} SEEDS=1:\n{bad[first]}"
    assert site.dead() == []


def test_the_script_is_what_it_says(shops, in_order):
    assert len(shops.script) == script.EVENTS
    assert len({p.source for p in shops.script}) == 8
    assert len(in_order) == script.PEOPLE
    some = list(in_order.values())
    assert any(c["orders"]["count"] for c in some) and any(c["carts"] for c in some) and any(c["visits"]["count"] for c in some)
    assert {c["consent"]["state"] for c in some} >= {"subscribed", "unsubscribed"}


def test_N5_disturbed_delivery_over_https_converges(shops, in_order):
    chosen = list(seeds())[:HTTPS_SEEDS]
    for seed in chosen:
        pushes = [p.with_tag(script.tag_of(0), script.tag_of(seed)) for p in shops.script]
        shops.send(script.disturbed(pushes, seed))
    shops.site.settle(300)
    check(shops.site, in_order, found_by_seed(shops.site, chosen))


def test_D5_N5_replaying_the_whole_script_changes_nothing(shops, in_order):
    """The same deliveries once more: every one is a duplicate by its key."""
    shops.send(shops.script)
    shops.site.settle(120)
    check(shops.site, in_order, {0: contacts_of(shops.site, 0)})


def test_a_drainer_that_dies_leaves_its_claims_to_the_other(shops, in_order):
    seed = FIRST_SEED + SEEDS
    site = shops.site
    site.start_role("drain", "drain-3")
    pushes = [p.with_tag(script.tag_of(0), script.tag_of(seed)) for p in shops.script]
    shops.send(pushes[:500])
    site.kill_role("drain-3")
    shops.send(pushes[500:])
    site.settle(120)
    check(site, in_order, {seed: contacts_of(site, seed)})


def test_N5_disturbed_delivery_through_the_streams_converges(shops, in_order):
    chosen = list(seeds())[HTTPS_SEEDS:]
    if not chosen:
        pytest.skip("all seeds went through HTTPS")
    for seed in chosen:
        shops.inject(shops.entries, seed)
        harness.wait_until(lambda: shops.site.queued() < IN_FLIGHT, lambda: f"two drainers keep up at seed {seed}", 120)
    shops.site.settle(300)
    check(shops.site, in_order, found_by_seed(shops.site, chosen))
