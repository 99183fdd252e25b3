"""Owns the site whose notices go to a receiver of the test."""

import json
import secrets

import pytest

from harness import make_certificate, wait_until, whsec
from receiver import Receiver

RETRIES = "50ms 50ms 50ms 50ms"


def settings(base, **more):
    return {"notify": {"allow_private": "127.0.0.0/8 ::1", "ca_file": base / "certs" / "ca.pem", "retries": RETRIES, "pause": "0s",
                       "timeout": "5s", **more}}


class Desk:
    """A site with the role notify alone, and a receiver for its targets."""

    def __init__(self, site, receiver):
        self.site, self.receiver = site, receiver

    def target(self, name, path=None, url=None, extra=()):
        path = path or f"/{name}"
        secret = whsec()
        self.receiver.secrets[path] = secret
        self.site.cli("notice", "target", "add", name, url or self.receiver.url(path), "--secret-file", self.site.secret_file(secret),
                      *extra)
        return path

    def send(self, kind="test.made", data=({"n": 1},), extra=(), **how):
        lines = "".join(json.dumps(one) + "\n" for one in data)
        return self.site.cli("notice", "send", kind, "-", *extra, stdin=lines.encode(), **how)

    def notices(self, *args):
        return self.site.json("notice", "list", "--max", "100000", *args)

    def states(self, *args):
        return [one["state"] for one in self.notices(*args)]

    def show(self, name):
        return self.site.json("notice", "target", "show", name)

    def start(self, name="notify"):
        process = self.site.start_role("notify", name)
        wait_until(lambda: "ready" in process.out(), lambda: f"notify is ready:\n{process.log()}")
        return process

    def log(self):
        return self.site.log()


@pytest.fixture
def make_desk(make_roles, workplace):
    make_certificate(workplace / "certs")
    receivers = []

    def make(start=True, tls=True, **more):
        site = make_roles(settings(workplace, **more))
        receiver = Receiver(workplace / "certs" if tls else None)
        receivers.append(receiver)
        desk = Desk(site, receiver)
        if start:
            desk.start()
        return desk

    yield make
    for receiver in receivers:
        receiver.__exit__()


@pytest.fixture
def desk(make_desk):
    return make_desk()
