"""`storehook db copy`: the whole contact database into another back end and back; all or nothing."""

import subprocess

import pytest

import bodies
import database
from conftest import running_roles
from test_db_check import lively


@pytest.fixture(scope="module")
def site():
    with running_roles() as roles:
        roles.start_redis()
        roles.start_serve(ready=False)
        roles.start_role("drain")
        lively(roles)
        roles.stop_role("drain")
        yield roles


@pytest.fixture(scope="module")
def source_url(site):
    return site.settings.get("db", {}).get("url", "sqlite:storehook.db")


def new_url(site, back_end, name):
    return database.postgres.new_url() if back_end == "postgres" else f"sqlite:{site.dir}/{name}.db"


def on(site, url):
    """Commands on another database with the same master key."""
    return {"STOREHOOK_DB_URL": url}


def export(site, url):
    return site.cli("contacts", "export", "--format", "jsonl", env=on(site, url)).out


@pytest.mark.parametrize("first, second", [("postgres", "sqlite"), ("sqlite", "postgres")])
def test_a_copy_there_and_back_is_the_same(site, source_url, first, second):
    url = source_url
    for back_end in (first, second):
        target = new_url(site, back_end, f"{first}-{second}-{back_end}")
        result = site.cli("db", "copy", "--from", url, "--to", target, "--json")
        assert {t["table"] for t in result.json["tables"]} >= {"contact", "customer", "ledger", "shop_order", "seen", "source_secret"}
        assert export(site, target) == export(site, source_url) != ""
        assert site.cli("db", "check", "--json", env=on(site, target)).json["findings"] == []
        url = target


def test_a_target_that_is_not_empty_is_refused(site, source_url):
    target = new_url(site, "sqlite", "full")
    site.cli("db", "copy", "--from", source_url, "--to", target)
    result = site.cli("db", "copy", "--from", source_url, "--to", target, exit_code=1)
    assert "is not empty" in result.err


def test_a_target_of_a_newer_program_is_refused(site, source_url):
    target = new_url(site, "sqlite", "newer")
    site.cli("db", "migrate", env=on(site, target))
    subprocess.run(["sqlite3", target.removeprefix("sqlite:"), "INSERT INTO schema_migration VALUES (9999, 'later')"], check=True)
    assert "newer than this program" in site.cli("db", "copy", "--from", source_url, "--to", target, exit_code=1).err


def test_a_source_that_is_not_at_these_tables_is_refused(site):
    """Nothing of the source is changed, so it is not migrated either."""
    empty = new_url(site, "sqlite", "no-tables")
    result = site.cli("db", "copy", "--from", empty, "--to", new_url(site, "sqlite", "nowhere"), exit_code=1)
    assert "storehook db migrate" in result.err


def test_a_row_that_fails_leaves_the_target_empty(site, source_url):
    """All or nothing: the last tables are not copied, so the first ones are not kept."""
    target = new_url(site, "sqlite", "failing")
    site.cli("db", "migrate", env=on(site, target))
    path = target.removeprefix("sqlite:")
    subprocess.run(["sqlite3", path, "CREATE TRIGGER no BEFORE INSERT ON visit BEGIN SELECT RAISE(ABORT, 'no room'); END"], check=True)
    result = site.cli("db", "copy", "--from", source_url, "--to", target, exit_code=1)
    assert "table visit: the target: no room" in result.err
    assert subprocess.run(["sqlite3", path, "SELECT count(*) FROM contact"], check=True, capture_output=True).stdout == b"0\n"


def test_N10_secrets_stay_valid_in_the_copy(site, source_url):
    target = new_url(site, "sqlite" if database.on_postgres else "postgres", "secrets")
    source = site.add_source("storehook", name="sealed", wait=False)
    site.cli("db", "copy", "--from", source_url, "--to", target)
    site.settings.setdefault("db", {})["url"] = target
    site.write_config()
    try:
        site.start_role("drain", "drain-of-copy")
        source.await_known()
        source.event("signup", occurred_at=bodies.at(0), contact=bodies.person("after-copy@example.com", 1))
        assert site.has_contact("after-copy@example.com")
    finally:
        site.stop_role("drain-of-copy")
        site.settings["db"]["url"] = source_url
        site.write_config()
    assert not site.has_contact("after-copy@example.com")


def test_while_a_drainer_runs_nothing_is_copied(site, source_url):
    site.start_role("drain", "drain-at-work")
    try:
        result = site.cli("db", "copy", "--from", source_url, "--to", new_url(site, "sqlite", "busy"), exit_code=1)
        assert "a drainer runs" in result.err
    finally:
        site.stop_role("drain-at-work")
