"""`storehook db partition`: the tables in parts by account hold the same, and their indexes are used."""

import pytest

import database
from conftest import running_roles
from database import Postgres
from test_db_check import lively



@pytest.fixture(scope="module")
def server():
    one = Postgres()
    one.start()
    return one


def test_what_was_there_and_what_comes_is_as_in_whole_tables(server):
    url = server.new_url()
    with running_roles({"db": {"url": url}}) as site:
        site.start_redis()
        site.start_serve(ready=False)
        site.start_role("drain")
        site.add_source("storehook").event("signup", contact={"external_id": "7", "email": "before@example.com"})
        site.stop_role("drain")
        before = site.contact("before@example.com")
        assert site.json("db", "partition")["tables"] > 15
        assert site.json("db", "partition")["tables"] == 0, "they are in parts already"
        assert site.contact("before@example.com") == before
        site.start_role("drain", "drain-of-parts")
        lively(site)
        site.stop_role("drain-of-parts")
        assert site.json("db", "check")["findings"] == []
        assert len(site.contacts()) > 40
        whole = server.new_url()
        site.cli("db", "copy", "--from", url, "--to", whole)
        export = site.cli("contacts", "export", "--format", "jsonl").out
        assert export == site.cli("contacts", "export", "--format", "jsonl", env={"STOREHOOK_DB_URL": whole}).out
    named = "SELECT count(*) FROM pg_class WHERE relname IN ('claim_customer', 'cart_look', 'ledger_contact', 'seen_age') AND relkind = 'I'"
    assert server.run_sql(url, named) == [["4"]], "indexes have their names"
    for sql in ("SELECT 1 FROM claim WHERE account_id = 1 AND source_id = 1 AND subject = 'c:1'",
                "SELECT 1 FROM seen WHERE account_id = 1 AND source_id = 1 AND key = 'k'",
                "SELECT 1 FROM cart WHERE account_id = 1 AND look_us > 0 AND look_us <= 5"):
        plan = "\n".join(row[0] for row in server.run_sql(url, f"SET enable_seqscan = off; EXPLAIN {sql}"))
        assert "Index" in plan and plan.count("_part_") <= 3, f"one part, by index:\n{plan}"


def test_a_database_without_parts_says_so(roles):
    if database.on_postgres:
        pytest.skip("about SQLite")
    assert "SQLite has no partitions" in roles.cli("db", "partition", exit_code=1).err
