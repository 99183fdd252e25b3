"""Proves the samples that ship beside the program: nginx files, the certificate maker, unit files, the sample of settings."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

import harness

ROOT = harness.ROOT
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
NGINX = shutil.which("nginx", path=PATH)
STREAM_MODULE = Path("/usr/lib/nginx/modules/ngx_stream_module.so")


def call(*args, **more):
    return subprocess.run([str(a) for a in args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, **more)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    made = tmp_path_factory.mktemp("certs") / "made"
    done = call(ROOT / "certs/make-dev-ca.sh", made, "hooks.example.com", "203.0.113.7")
    assert done.returncode == 0, done.stderr
    return made


def names_in(certificate):
    text = call("openssl", "x509", "-in", certificate, "-noout", "-ext", "subjectAltName").stdout
    return set(re.findall(r"(?:DNS|IP Address):([^,\s]+)", text))


def test_make_dev_ca_makes_a_chain_that_verifies(certificates):
    done = call("openssl", "verify", "-purpose", "sslserver", "-CAfile", certificates / "ca.pem", certificates / "server.pem")
    assert done.returncode == 0, done.stderr
    assert {"localhost", "127.0.0.1", "hooks.example.com", "203.0.113.7"} <= names_in(certificates / "server.pem")
    key = call("openssl", "pkey", "-in", certificates / "server.key", "-pubout").stdout
    assert key and key == call("openssl", "x509", "-in", certificates / "server.pem", "-noout", "-pubkey").stdout


def test_make_dev_ca_keeps_keys_to_their_owner_and_overwrites_nothing(certificates):
    for name in ("ca.key", "server.key"):
        assert stat.S_IMODE((certificates / name).stat().st_mode) == 0o600
    before = (certificates / "server.pem").read_bytes()
    again = call(ROOT / "certs/make-dev-ca.sh", certificates)
    assert again.returncode == 1 and "already" in again.stderr
    assert (certificates / "server.pem").read_bytes() == before


def test_make_dev_ca_refuses_what_is_no_host(tmp_path):
    for host in ("a,DNS:b", "a b", ""):
        done = call(ROOT / "certs/make-dev-ca.sh", tmp_path / "c", host)
        assert done.returncode == 2 and not (tmp_path / "c" / "server.pem").exists()


def check_nginx(base, http, main, certificates):
    """Runs nginx -t on a whole configuration around a sample; ports and paths are the test's own."""
    def local(text):
        text = text.replace("/etc/storehook/certs", str(certificates)).replace("/run/storehook", str(base))
        return re.sub(r"listen (\[::\]:)?443", lambda m: f"listen unix:{base}/{'six' if m.group(1) else 'four'}.sock", text)

    temporary = "".join(f"{kind}_temp_path {base}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    load = f"load_module {STREAM_MODULE};\n" if STREAM_MODULE.exists() and "stream {" in main else ""
    config = base / "nginx.conf"
    config.write_text(f"{load}pid {base}/pid;\nerror_log {base}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}"
                      f"{local(http)}\n}}\n{local(main)}\n")
    return call(NGINX, "-t", "-c", config, "-p", base)


@pytest.mark.skipif(not NGINX, reason="nginx is not installed")
def test_nginx_edge_sample_is_accepted(workplace, certificates):
    done = check_nginx(workplace, (ROOT / "nginx/storehook-edge.conf").read_text(), "", certificates)
    assert done.returncode == 0, done.stderr
    assert "syntax is ok" in done.stderr and "[emerg]" not in done.stderr


@pytest.mark.skipif(not NGINX, reason="nginx is not installed")
def test_nginx_passthrough_sample_is_accepted(workplace, certificates):
    if not STREAM_MODULE.exists() and "--with-stream " not in call(NGINX, "-V").stderr:
        pytest.skip("nginx has no stream module (libnginx-mod-stream)")
    done = check_nginx(workplace, "", (ROOT / "nginx/storehook-passthrough.conf").read_text(), certificates)
    assert done.returncode == 0, done.stderr


def test_nginx_samples_agree_with_the_settings():
    """The waits and sizes that the samples name stand in the right order to storehook's defaults."""
    shown = harness.run("config", "show", "--json").json
    edge = (ROOT / "nginx/storehook-edge.conf").read_text()
    assert shown["serve.idle_timeout"]["default"] == "60s" and "keepalive_timeout 30s" in edge
    assert shown["serve.body_max"]["default"] == "2m" and "client_max_body_size 3m" in edge
    assert shown["serve.idle_timeout"]["default"] == "60s" and "proxy_timeout 75s" in (
        ROOT / "nginx/storehook-passthrough.conf").read_text()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
@pytest.mark.parametrize("unit", ["storehook.service", "storehook-role@.service"])
def test_unit_files_are_accepted(unit, tmp_path):
    name = unit.replace("@.", "@serve.")
    text = (ROOT / "tools/systemd" / unit).read_text().replace("/usr/local/bin/storehook", str(harness.BINARY))
    (tmp_path / name).write_text(text)
    done = call("systemd-analyze", "verify", "--man=no", tmp_path / name)
    complaints = [line for line in done.stderr.splitlines() if name in line]
    assert not complaints


def test_sample_of_settings_is_what_the_program_prints():
    assert (ROOT / "docs/storehook.ini").read_text() == harness.run("config", "sample").out


def test_generated_pages_are_up_to_date():
    done = call(ROOT / "tools/docs", "--check", cwd=ROOT, env={**os.environ, "STOREHOOK_BIN": str(harness.BINARY)})
    assert done.returncode == 0, done.stdout + done.stderr
