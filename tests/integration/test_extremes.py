"""Bodies and piles that are legal but extreme: applied or a visible dead letter at once, never tried in vain (N8, N9)."""

import bodies

LETTERS = 400
LARGE = 1_500_000


def test_tags_that_do_not_fit_are_left_out_whole(shared_up):
    source = shared_up.add_source("storehook")
    sent = [f"tag{i}" for i in range(50_000)]
    source.event("signup", occurred_at=bodies.at(0), contact={"email": "tags@example.com", "tags": sent})
    assert shared_up.dead() == []
    kept = shared_up.contact("tags@example.com")["tags"]
    assert len(kept) > 100
    assert set(kept) <= set(sent), "the half of a tag is no tag"


def test_N8_dead_replay_does_its_work_while_a_drainer_buries(shared_up):
    """What is replayed here dies again at once, so the dead letters change all the time."""
    source = shared_up.add_source("storehook")
    with shared_up.connect() as link:
        for i in range(LETTERS):
            body = b"x" * LARGE if i % 10 == 0 else b"no json"
            assert link.ask(source.request(body, message_id=f"m{i}")).status == 200
    shared_up.settle()
    assert len(shared_up.json("dead", "list", "--source", source.name, "--max", "1000")) == LETTERS
    replayed = shared_up.json("dead", "replay", "--source", source.name)["replayed"]
    assert replayed >= LETTERS, "each letter, and perhaps some that died again meanwhile"
    shared_up.settle()
    left = shared_up.json("dead", "list", "--source", source.name, "--max", "1000")
    assert {letter["reason"] for letter in left} == {"not_json"}
    assert len({letter["delivery"] for letter in left}) == len(left) == LETTERS, "none lost, none twice"
