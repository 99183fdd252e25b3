"""Owns the fixtures: a running `up`, single roles, and what is reported when a test fails."""

import contextlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import harness  # noqa: E402


def pytest_report_header():
    return [f"storehook: {harness.BINARY}", f"shared facts: {harness.SHARED}"]


def pytest_collection_modifyitems():
    if not harness.BINARY.exists():
        pytest.exit(f"{harness.BINARY} is missing: build it first (make), or set STOREHOOK_BIN", returncode=2)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure brings the end of the program's log with it."""
    report = (yield).get_result()
    if report.failed:
        for site in {v for v in getattr(item, "funcargs", {}).values() if isinstance(v, harness.Site)}:
            report.sections.append((f"log of {site.base}", site.log()[-6000:]))


@contextlib.contextmanager
def running(site):
    """Starts nothing by itself; whatever happens, no process outlives the test."""
    try:
        yield site
        site.stop()
    finally:
        for process in getattr(site, "processes", {}).values():
            process.kill()
        if getattr(site, "process", None) is not None:
            harness.reap(site.process)


@contextlib.contextmanager
def running_up(settings=None, extra=(), env=None):
    with harness.Workplace() as base, running(harness.Up(base, settings, extra, env)) as site:
        site.start()
        yield site


@contextlib.contextmanager
def running_roles(settings=None):
    with harness.Workplace() as base, running(harness.Roles(base, settings)) as site:
        yield site


@pytest.fixture
def up():
    """A fresh `storehook up` of the test's own."""
    with running_up() as site:
        yield site


@pytest.fixture(scope="module")
def shared_up():
    """One `storehook up` for the tests of a file; they keep apart by sources and addresses of their own."""
    with running_up() as site:
        yield site


@pytest.fixture(scope="module")
def site(shared_up):
    return shared_up


@pytest.fixture
def shop(site):
    return site.add_source("shopify")


@pytest.fixture
def woo(site):
    return site.add_source("woocommerce")


@pytest.fixture
def plugin(site):
    return site.add_source("storehook")


@pytest.fixture
def email(shop):
    """An address that no other test uses."""
    return f"{shop.name}@example.com"


@pytest.fixture
def make_up():
    """Starts `up` with settings: make_up({"serve": {"head_timeout": "1s"}})."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, **kwargs: stack.enter_context(running_up(*args, **kwargs))


@pytest.fixture
def roles():
    with running_roles() as site:
        yield site


@pytest.fixture
def make_roles():
    with contextlib.ExitStack() as stack:
        yield lambda *args, **kwargs: stack.enter_context(running_roles(*args, **kwargs))


@pytest.fixture
def workplace():
    with harness.Workplace() as base:
        yield base
