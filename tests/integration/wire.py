"""Owns the bytes on the wire: raw HTTP requests, strict reading of answers, TLS and unix-socket connections."""

import socket
import ssl
import time

ANSWER_DEADLINE_S = 10.0


class Closed(Exception):
    """The peer ended the connection before a complete answer."""


class Answer:
    """One HTTP answer: status, header fields in order, body."""

    def __init__(self, version, status, fields, body):
        self.version, self.status, self.fields, self.body = version, status, fields, body

    def get(self, name):
        """The value of a header field that stands at most once; None when it is absent."""
        found = [v for n, v in self.fields if n.lower() == name.lower()]
        assert len(found) <= 1, f"{name} stands {len(found)} times in an answer"
        return found[0] if found else None

    def __repr__(self):
        return f"Answer({self.status}, {self.fields}, {self.body[:200]!r})"


def request(method, target, fields=(), body=None, version="HTTP/1.1", host="localhost"):
    """One request as bytes. A body brings its Content-Length unless `fields` frame it themselves."""
    lines = [f"{method} {target} {version}"]
    names = {name.lower() for name, _ in fields}
    if host is not None and "host" not in names:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in fields]
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines) + "\r\n\r\n"
    return head.encode("utf-8", "surrogateescape") + (body or b"")


def chunked(body, sizes, extension="", trailer=b""):
    """The body in chunks of the given sizes (the last size repeats)."""
    out, at, i = b"", 0, 0
    while at < len(body):
        size = sizes[min(i, len(sizes) - 1)]
        piece = body[at : at + size]
        out += f"{len(piece):x}{extension}\r\n".encode() + piece + b"\r\n"
        at, i = at + size, i + 1
    return out + b"0\r\n" + trailer + b"\r\n"


class Connection:
    """A stream to the server with buffered, strict reading of answers."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(ANSWER_DEADLINE_S)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        try:
            self.sock.close()
        except OSError:
            pass

    def send(self, data):
        self.sock.sendall(data)

    def _more(self):
        try:
            data = self.sock.recv(65536)
        except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            raise Closed(str(error)) from error
        if not data:
            raise Closed(f"closed after {self.buffer[:200]!r}")
        self.buffer += data

    def _until(self, mark):
        while mark not in self.buffer:
            self._more()
        head, self.buffer = self.buffer.split(mark, 1)
        return head

    def _take(self, size):
        while len(self.buffer) < size:
            self._more()
        out, self.buffer = self.buffer[:size], self.buffer[size:]
        return out

    def answer(self, head_only=False):
        """Reads one answer. Our answers are framed by Content-Length, or have no body."""
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, _ = (lines[0] + " ").split(" ", 2)
        fields = [tuple(line.split(": ", 1)) for line in lines[1:]]
        length = [int(v) for n, v in fields if n.lower() == "content-length"]
        assert "transfer-encoding" not in {n.lower() for n, _ in fields}, "an answer must not be chunked"
        status = int(status)
        if head_only or status < 200 or status in (204, 304):
            return Answer(version, status, fields, b"")
        assert len(length) == 1, f"answer without one Content-Length: {lines}"
        return Answer(version, status, fields, self._take(length[0]))

    def ask(self, data, head_only=False):
        self.send(data)
        return self.answer(head_only)

    def is_closed(self, within_s=ANSWER_DEADLINE_S):
        """Waits for the peer to close; True when it did without sending anything more."""
        self.sock.settimeout(within_s)
        try:
            data = self.sock.recv(1)
        except (socket.timeout, TimeoutError):
            return False
        except OSError:
            return True
        finally:
            self.sock.settimeout(ANSWER_DEADLINE_S)
        if data:
            self.buffer += data
        return not data


def tcp(port, timeout_s=ANSWER_DEADLINE_S):
    sock = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def tls_context(ca, least=None, most=None, alpn=None):
    """A client context that trusts only `ca`. TLS 1.0 and 1.1 can be asked for, to see them refused."""
    context = ssl.create_default_context(cafile=str(ca))
    if most is not None and most < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")
    if least is not None:
        context.minimum_version = least
    if most is not None:
        context.maximum_version = most
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def tls(port, context, name="localhost", timeout_s=ANSWER_DEADLINE_S):
    return Connection(context.wrap_socket(tcp(port, timeout_s), server_hostname=name))


def unix(path, context=None):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(ANSWER_DEADLINE_S)
    sock.connect(str(path))
    return Connection(context.wrap_socket(sock, server_hostname="localhost") if context else sock)


class RecordConnection(Connection):
    """TLS where the test decides which bytes share a record, and which records share a TCP segment."""

    def __init__(self, port, context):
        super().__init__(tcp(port))
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._exchange()
        self._flush()

    def _flush(self):
        if self.outgoing.pending:
            self.sock.sendall(self.outgoing.read())

    def _exchange(self):
        self._flush()
        data = self.sock.recv(65536)
        if not data:
            raise Closed("during TLS")
        self.incoming.write(data)

    def send_records(self, *records):
        """Each argument becomes a TLS record of its own; all leave in one write."""
        for record in records:
            self.tls.write(record)
        self._flush()

    def _more(self):
        while True:
            try:
                data = self.tls.read(65536)
                break
            except ssl.SSLWantReadError:
                self._exchange()
        if not data:
            raise Closed("TLS ended")
        self.buffer += data


def trickle(connection, data, gap_s=0.05, give_up_s=15.0):
    """Sends one byte at a time until the peer gives up; returns (seconds it took, answer or None)."""
    start = time.monotonic()
    for i in range(len(data)):
        if time.monotonic() - start > give_up_s:
            break
        try:
            connection.send(data[i : i + 1])
        except OSError:
            break
        connection.sock.settimeout(gap_s)
        try:
            got = connection.sock.recv(65536)
            connection.buffer += got
            break
        except (socket.timeout, TimeoutError):
            continue
        except OSError:
            break
    took = time.monotonic() - start
    connection.sock.settimeout(ANSWER_DEADLINE_S)
    if not connection.buffer:
        return took, None
    return took, connection.answer()
