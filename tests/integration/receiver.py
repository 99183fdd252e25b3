"""Owns an HTTPS receiver of notices as an operator would run it: it verifies each signature and remembers what it took."""

import base64
import hashlib
import hmac
import http.server
import json
import ssl
import threading
import time


def verify(secret, headers, body, now=None, tolerance_s=300):
    """True when one of the signatures is that of the secret (Standard Webhooks)."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    at = headers["webhook-timestamp"]
    if abs((time.time() if now is None else now) - int(at)) > tolerance_s:
        return False
    signed = headers["webhook-id"].encode() + b"." + at.encode() + b"." + body
    want = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(part, "v1," + want) for part in headers["webhook-signature"].split(" "))


class Receiver:
    """Listens on a free port of 127.0.0.1, with the certificate of a directory, or in the clear without one. `answer(request)` gives
    the status, or status and header fields; by default 204. Paths tell targets apart."""

    def __init__(self, certificates=None):
        self.secrets = {}  # path -> secret
        self.answers = {}  # path -> what it answers: a status, or a callable
        self.got = []  # (path, id, timestamp, good, status)
        self.lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                receiver.handle(self)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                """A sender that was killed is no matter of the receiver."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.scheme = "https" if certificates else "http"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def url(self, path):
        return f"{self.scheme}://localhost:{self.server.server_address[1]}{path}"

    def handle(self, request):
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
        path, secret = request.path, self.secrets.get(request.path)
        good = secret is not None and verify(secret, request.headers, body)
        answer = self.answers.get(path, 204)
        answer = answer(request) if callable(answer) else answer
        status, fields, text = (*answer, b"")[:3] if isinstance(answer, tuple) else (answer, {}, b"")
        with self.lock:
            self.got.append(
                {"path": path, "id": request.headers["webhook-id"], "at": request.headers["webhook-timestamp"], "good": good,
                 "status": status, "body": body, "type": request.headers["content-type"], "when": time.monotonic(),
                 "signatures": request.headers["webhook-signature"].split(" ")})
        request.send_response(status)
        for name, value in fields.items():
            request.send_header(name, value)
        request.send_header("content-length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    def of(self, path):
        with self.lock:
            return [one for one in self.got if one["path"] == path]

    def ids(self, path):
        return {one["id"] for one in self.of(path)}

    def data(self, path):
        return [json.loads(one["body"])["data"] for one in self.of(path)]
