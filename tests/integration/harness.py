"""Owns the program under test: starts and stops its roles, and runs its commands."""

import base64
import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

import redis

import database
import signing
import wire
from processes import Process, alive, children_of, reap, scaled, wait_gone, wait_until  # noqa: F401 (for the tests)

ROOT = Path(__file__).resolve().parents[2]
# Taken out of the environment: the program takes every STOREHOOK_ variable for a setting.
BINARY = Path(os.environ.pop("STOREHOOK_BIN", ROOT / "build" / "storehook")).resolve()
SHARED = Path(os.environ.get("SHARED", ROOT / ".." / "shared")).resolve()
LANES = ("urgent", "live", "bulk")
START_DEADLINE_S = 60.0


def whsec():
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def new_secret(platform):
    return whsec() if platform == "storehook" else secrets.token_hex(24)


class Result:
    """What a command left behind."""

    def __init__(self, args, exit_code, out, err):
        self.args, self.exit, self.out, self.err = args, exit_code, out, err

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"storehook {' '.join(map(str, self.args))} -> {self.exit}\nstdout: {self.out}\nstderr: {self.err}"


def run(*args, timeout=30.0, env=None, stdin=None):
    """Runs one command of the program to its end."""
    done = subprocess.run(
        [str(BINARY), *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL if stdin is None else None,
        input=stdin,
        timeout=scaled(timeout),
        env={**os.environ, **(env or {})},
    )
    return Result(args, done.returncode, done.stdout.decode(), done.stderr.decode("utf-8", "replace"))


def run_sql(database, sql):
    """As an operator does with the command sqlite3, while nothing runs."""
    with contextlib.closing(sqlite3.connect(database)) as link:
        link.executescript(sql)


def rows(value, name):
    """A listing's rows, whether it is an array or an object with one member of that name."""
    return value if isinstance(value, list) else value[name]


class Site:
    """A directory of state with its settings, and the commands on it. Subclasses run the roles."""

    def __init__(self, base, settings=None):
        self.base = Path(base)
        self.dir = self.base / "var"
        self.dir.mkdir(mode=0o700, exist_ok=True)
        self.config = self.base / "storehook.ini"
        # Bodies are of one morning in 2024: what is told there must not be old enough to be forgotten.
        self.settings = {"storehook": {"dir": self.dir}, "visits": {"known_days": "36500"}, **database.settings()}
        for name, values in (settings or {}).items():
            self.settings.setdefault(name, {}).update(values)
        self.write_config()
        self.port = None
        self._tls = None
        self._sources = 0

    def write_config(self):
        text = ""
        for section, values in self.settings.items():
            text += f"[{section}]\n" + "".join(f"{k} = {v}\n" for k, v in values.items())
        self.config.write_text(text)

    # -- commands -----------------------------------------------------------------------------------------------------

    def cli(self, *args, exit_code=0, env=None, stdin=None, timeout=30.0):
        result = run(*args, "--config", self.config, env=env, stdin=stdin, timeout=timeout)
        if exit_code is not None:
            assert result.exit == exit_code, f"expected exit {exit_code}: {result}"
        return result

    def json(self, *args, exit_code=0):
        result = self.cli(*args, "--json", exit_code=exit_code)
        try:
            return result.json
        except ValueError as error:
            raise AssertionError(f"not JSON ({error}): {result}") from error

    def secret_file(self, secret):
        path = self.base / f"secret-{secrets.token_hex(6)}"
        path.touch(mode=0o600)
        path.write_bytes(secret if isinstance(secret, bytes) else secret.encode())
        return path

    def add_source(self, platform, name=None, secret=None, wait=True, extra=(), secret_name="secret"):
        """Makes a source and waits until the receiver knows it. Without `secret_name` it gets no secret."""
        self._sources += 1
        name = name or f"{platform}-{self._sources}"
        secret = secret or new_secret(platform)
        given = ("--secret-file", f"{secret_name}={self.secret_file(secret)}") if secret_name else ()
        result = self.cli("source", "add", platform, "--name", name, *given, *extra)
        found = re.search(r"/in/([A-Za-z0-9_-]{16,})", result.out)
        assert found, f"source add prints the endpoint URL: {result}"
        source = Source(self, platform, name, secret, found.group(0))
        if wait:
            source.await_known()
        return source

    def contact(self, email):
        return self.json("contacts", "show", email)

    def has_contact(self, email):
        result = self.cli("contacts", "show", email, "--json", exit_code=None)
        assert result.exit in (0, 1), result
        return result.exit == 0

    def contacts(self):
        return rows(self.json("contacts", "list"), "contacts")

    def export(self):
        """Every contact as its complete object."""
        out = self.cli("contacts", "export", "--format", "jsonl", timeout=300).out
        return [json.loads(line) for line in out.splitlines()]

    def dead(self, source=None, reason=None):
        args = ["dead", "list"]
        if source is not None:
            args += ["--source", getattr(source, "name", source)]
        if reason is not None:
            args += ["--reason", reason]
        return rows(self.json(*args), "dead")

    def why(self, email):
        return rows(self.json("why", email), "ledger")

    # -- the queue ----------------------------------------------------------------------------------------------------

    @property
    def redis_socket(self):
        return self.dir / "redis.sock"

    def redis(self):
        return redis.Redis(unix_socket_path=str(self.redis_socket), socket_timeout=10, single_connection_client=True)

    def queued(self):
        """Entries in all lanes: waiting or claimed, not yet committed. None while Redis does not answer."""
        try:
            with self.redis() as link:
                return sum(link.xlen(f"storehook:{{0}}:{lane}") for lane in LANES)
        except redis.RedisError:
            return None

    def dead_count(self):
        with self.redis() as link:
            return link.xlen("storehook:{0}:dead")

    def settle(self, seconds=30.0):
        """Waits until every queued entry is applied or a dead letter (N3, N8: entries leave a lane after the commit)."""
        wait_until(lambda: self.queued() == 0, lambda: f"queue empty, {self.queued()} left; log:\n{self.log()[-3000:]}", seconds)

    def counts(self):
        """What a refused request must not change."""
        return {"contacts": len(self.contacts()), "dead": self.dead_count(), "queued": self.queued()}

    def settled_counts(self):
        """The same with nothing of earlier tests under way."""
        self.settle()
        return self.counts()

    def log(self):
        return ""

    # -- connections --------------------------------------------------------------------------------------------------

    @property
    def tls(self):
        if self._tls is None:
            self._tls = wire.tls_context(self.dir / "certs" / "ca.pem")
        return self._tls

    def connect(self):
        return wire.tls(self.port, self.tls)

    def ask(self, data):
        with self.connect() as link:
            return link.ask(data)

    def post(self, path, body, fields=()):
        return self.ask(wire.request("POST", path, fields, body))

    def get(self, path, method="GET"):
        with self.connect() as link:
            return link.ask(wire.request(method, path), head_only=method == "HEAD")

    def is_ready(self):
        try:
            return self.get("/readyz").status == 200
        except (OSError, wire.Closed):
            return False


class Source:
    """One source of a site, with the secret its platform signs with."""

    def __init__(self, site, platform, name, secret, path):
        self.site, self.platform, self.name, self.secret, self.path = site, platform, name, secret, path

    def await_known(self):
        """The receiver takes the new snapshot: a request without signature is then refused, not unknown."""
        wait_until(lambda: self.site.post(self.path, b"{}").status != 404, f"serve knows {self.name}")

    def sign(self, body, topic=None, **how):
        if self.platform == "shopify":
            return signing.shopify(self.secret, body, topic, **how)
        if self.platform == "woocommerce":
            return signing.woocommerce(self.secret, body, topic, **how)
        return signing.standard(self.secret, body, **how)

    def request(self, body, topic=None, **how):
        body = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return wire.request("POST", self.path, self.sign(body, topic, **how), body)

    def push(self, body, topic=None, **how):
        """Sends one signed delivery, expects the 200 with its id, and returns the id."""
        answer = self.site.ask(self.request(body, topic, **how))
        assert answer.status == 200, answer
        return json.loads(answer.body)["delivery"]

    def apply(self, body, topic=None, **how):
        """push, then waits until it has been applied or is a dead letter."""
        delivery = self.push(body, topic, **how)
        self.site.settle()
        return delivery

    def event(self, kind, **members):
        """Pushes one event of our own protocol and waits until it is applied."""
        timestamp = members.pop("timestamp", None)
        body = {"id": secrets.token_hex(8), "type": kind, **members}
        return self.apply(body, **({} if timestamp is None else {"timestamp": timestamp}))


class Up(Site):
    """`storehook up`: every role, supervised."""

    READY = re.compile(r"^ready https=https://[^\s:/]+:(\d+)\S* admin=(\S+)$", re.M)

    def __init__(self, base, settings=None, extra=(), env=None):
        super().__init__(base, settings)
        self.extra, self.env = extra, env
        self.process = None

    def start(self, wait=True):
        out = self.base / f"up-{secrets.token_hex(3)}.out"
        args = [BINARY, "up", "--port", "0", "--config", self.config, *self.extra]
        self.process = Process(args, out, self.base / "up.log", self.env)
        if wait:
            self.await_ready()
        return self

    def await_ready(self):
        def ready():
            assert self.process.running, f"up ended with {self.process.popen.returncode}:\n{self.log()[-4000:]}"
            return self.READY.search(self.process.out())

        found = wait_until(ready, lambda: f"ready line; out: {self.process.out()}\nlog:\n{self.log()[-4000:]}", START_DEADLINE_S)
        self.port, self.admin = int(found.group(1)), found.group(2)

    def stop(self):
        children = children_of(self.process.pid)
        code = self.process.stop()
        assert code == 0, f"up exits 0 on SIGTERM, got {code}:\n{self.log()[-4000:]}"
        left = [line for pid, line in children.items() if alive(pid)]
        assert not left, f"up leaves no child behind: {left}"

    def restart(self):
        self.stop()
        self.start()

    def log(self):
        path = self.base / "up.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def child(self, role):
        """Pids of the children that run a role; the queue is `redis-server`."""
        word = re.compile(rf"(^|[\s/]){re.escape(role)}\b")
        return [pid for pid, line in children_of(self.process.pid).items() if word.search(line)]

    def kill_child(self, role):
        """kill -9 of one child of that role, once it is there; returns its pid."""
        pid = wait_until(lambda: self.child(role), f"a {role} child")[0]
        os.kill(pid, signal.SIGKILL)
        return pid


class Roles(Site):
    """Redis, serve and drain as processes of the test, each started and stopped on its own."""

    def __init__(self, base, settings=None):
        super().__init__(base, settings)
        self.settings.setdefault("serve", {}).setdefault("listen", "127.0.0.1:0")
        self.settings["storehook"].setdefault("master_key", secrets.token_hex(32))
        self.write_config()
        self.processes = {}
        make_certificate(self.dir / "certs")

    def start_redis(self, *options):
        data = self.base / "redis"
        data.mkdir(exist_ok=True)
        args = ["redis-server", "--port", "0", "--unixsocket", self.redis_socket, "--dir", data, "--save", ""]
        args += ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction", *options]
        self.spawn("redis", args)
        wait_until(lambda: self.queued() is not None, "redis answers")

    def spawn(self, name, args):
        assert name not in self.processes or not self.processes[name].running
        self.processes[name] = Process(args, self.base / f"{name}.out", self.base / f"{name}.log")
        return self.processes[name]

    def start_role(self, role, name=None):
        return self.spawn(name or role, [BINARY, role, "--config", self.config])

    def start_serve(self, ready=True):
        process = self.start_role("serve")
        self.port = wait_until(lambda: self._served_port(process), lambda: f"serve says where it listens:\n{process.log()}")
        if ready:
            wait_until(self.is_ready, lambda: f"/readyz is 200:\n{process.log()[-3000:]}")
        return process

    @staticmethod
    def _served_port(process):
        assert process.running, f"serve ended with {process.popen.returncode}:\n{process.log()[-3000:]}"
        found = re.search(r"https=\S*127\.0\.0\.1:(\d+)", process.out() + process.log())
        return int(found.group(1)) if found else None

    def stop_role(self, name):
        process = self.processes.pop(name)
        code = process.stop()
        assert code == 0, f"{name} exits 0 on SIGTERM, got {code}:\n{process.log()[-3000:]}"

    def kill_role(self, name):
        self.processes.pop(name).kill()

    def log(self):
        return "".join(f"--- {name}\n{p.log()[-2000:]}" for name, p in self.processes.items())

    def stop(self):
        order = sorted(self.processes, key=lambda n: n == "redis")
        codes = {name: self.processes[name].stop() for name in order}
        assert set(codes.values()) <= {0}, f"every role exits 0 on SIGTERM: {codes}"


def make_certificate(directory):
    """A CA and a server certificate for roles that run without `up`."""
    directory.mkdir(exist_ok=True)

    def openssl(*args):
        subprocess.run(["openssl", *map(str, args)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    ca, ca_key = directory / "ca.pem", directory / "ca.key"
    openssl("req", "-x509", *key, "-keyout", ca_key, "-out", ca, "-subj", "/CN=test CA")
    leaf, leaf_key = directory / "server.pem", directory / "server.key"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    openssl("req", "-x509", *key, "-CA", ca, "-CAkey", ca_key, "-keyout", leaf_key, "-out", leaf, "-subj", "/CN=localhost",
            "-addext", names, "-addext", "basicConstraints=critical,CA:FALSE")
    leaf_key.chmod(0o600)


class Workplace:
    """A short directory below /tmp (unix socket paths are short), removed at the end."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix="sh-", dir="/tmp"))

    def __enter__(self):
        return self.path

    def __exit__(self, *exc):
        shutil.rmtree(self.path, ignore_errors=True)
