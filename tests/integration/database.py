"""Owns the contact database of a test where it is not the file in the site's directory: a private PostgreSQL server.

STOREHOOK_TEST_DATABASE=postgres makes every site use a fresh database there; the default is SQLite.
"""

import atexit
import contextlib
import os
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import pytest

COMMAND = Path(__file__).resolve().parents[1] / "private-postgres"
# Taken out of the environment: the program takes every STOREHOOK_ variable for a setting.
WANTED = os.environ.pop("STOREHOOK_TEST_DATABASE", "sqlite")
SKIPPED = 77


class Postgres:
    """One server for the whole run, started when the first test asks."""

    def __init__(self):
        self.dir, self.made = None, 0

    def command(self, what, *more):
        done = subprocess.run([COMMAND, what, self.dir, *more], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, timeout=120)
        if done.returncode == SKIPPED:
            pytest.skip(done.stderr.decode().strip())
        assert done.returncode == 0, f"{COMMAND.name} {what}: {done.stderr.decode()}"

    def start(self):
        if self.dir is None:
            self.dir = tempfile.mkdtemp(prefix="sh-pg-", dir="/tmp")
            atexit.register(self.command, "stop")
        self.command("start")

    def kill(self):
        """kill -9 of the server and all its children."""
        self.command("kill")

    def halt(self):
        """Stops it in order; start makes it go on."""
        self.command("halt")

    def stand_by(self):
        """A streaming stand-by of this server, which has what is committed here."""
        other = Postgres()
        other.dir = tempfile.mkdtemp(prefix="sh-pg-", dir="/tmp")
        atexit.register(other.command, "stop")
        other.command("stand-by", self.dir)
        return other

    def promote(self):
        self.command("promote")

    def run_sql(self, url, sql):
        """As an operator does with the command psql; returns the rows as lists of texts."""
        name = url.rsplit("dbname=", 1)[1]
        args = ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", self.dir, "-U", "storehook", "-d", name, "-c", sql]
        done = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        assert done.returncode == 0, done.stderr.decode()
        return [line.split("\t") for line in done.stdout.decode().splitlines()]

    def new_url(self):
        if self.dir is None:
            self.start()
        self.made += 1
        self.command("make", f"t{self.made}")
        return f"postgres:host={self.dir} user=storehook dbname=t{self.made}"


postgres = Postgres()
on_postgres = WANTED == "postgres"
needs_sqlite = pytest.mark.skipif(on_postgres, reason="works on the file of SQLite")


def run_sql(site, sql):
    """SQL on a site's own database, on either back end; returns the rows as lists of texts."""
    if on_postgres:
        return postgres.run_sql(site.settings["db"]["url"], sql)
    with contextlib.closing(sqlite3.connect(site.dir / "storehook.db", timeout=30)) as link, link:
        return [[str(value) for value in row] for row in link.execute(sql)]


def settings():
    """What a site's settings say of its database."""
    return {"db": {"url": postgres.new_url()}} if on_postgres else {}
