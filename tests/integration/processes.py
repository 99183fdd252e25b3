"""Owns the processes of a test: children that leave nothing behind, and waits for conditions instead of times."""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

# Taken out of the environment: the program takes every STOREHOOK_ variable for a setting.
SLOWNESS = float(os.environ.pop("STOREHOOK_TEST_SLOW", "1"))
STOP_DEADLINE_S = 40.0


def scaled(seconds):
    """Deadlines grow with STOREHOOK_TEST_SLOW (valgrind, sanitizers, a busy machine)."""
    return seconds * SLOWNESS


def wait_until(predicate, what, seconds=20.0):
    """Polls `predicate` until it gives something true and returns it; fails with `what` at the deadline."""
    deadline = time.monotonic() + scaled(seconds)
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {scaled(seconds):.0f} s: {what() if callable(what) else what}")
        time.sleep(0.01)


def children_of(pid):
    """Pids of the living children of a process, with their command lines."""
    out = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            after_name = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if int(after_name[1]) == pid and after_name[0] != "Z":
            out[int(entry.name)] = line
    return out


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


def die_with_the_test():
    """In the child: a test run that is killed leaves nothing behind (Linux)."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Process:
    """A child of the test: its output goes to files, it is stopped by its pid."""

    def __init__(self, args, out, err, env=None):
        self.err_path = Path(err)
        self.out_path = Path(out)
        with open(out, "ab") as out_file, open(err, "ab") as err_file:
            self.popen = subprocess.Popen(
                [str(a) for a in args],
                stdout=out_file,
                stderr=err_file,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **(env or {})},
                preexec_fn=die_with_the_test,
            )
        self.pid = self.popen.pid

    @property
    def running(self):
        return self.popen.poll() is None

    def out(self):
        return self.out_path.read_text("utf-8", "replace")

    def log(self):
        return self.err_path.read_text("utf-8", "replace")

    def kill(self):
        if self.running:
            self.popen.kill()
        self.popen.wait()

    def stop(self, deadline_s=STOP_DEADLINE_S):
        """Asks for an ordered stop and returns the exit code."""
        if self.running:
            self.popen.send_signal(signal.SIGTERM)
        try:
            return self.popen.wait(scaled(deadline_s))
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"no end {scaled(deadline_s):.0f} s after SIGTERM:\n{self.log()[-4000:]}") from None


def reap(process):
    """Ends a supervisor that did not stop in order, and then the children it left."""
    children = children_of(process.pid) if process.running else {}
    process.kill()
    for pid in children:
        wait_gone(pid)


def wait_gone(pid, patience_s=5.0):
    """Gives an orphan time to notice, then kills it."""
    deadline = time.monotonic() + patience_s
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    if alive(pid):
        os.kill(pid, signal.SIGKILL)
