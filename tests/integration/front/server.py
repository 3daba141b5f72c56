"""A small HTTP/1.1 server: keep-alive, TLS, broken connections on purpose, and counts of all of it.

werkzeug's development server closes every connection after one answer, which no test of keep-alive can use.
"""

from __future__ import annotations

import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn

from .wire import Request, Response, request_id

# 8 MB: larger than anything that slipway may send to AWS.
MAX_REQUEST_BYTES = 8 * 1024 * 1024
IDLE_SECONDS = 300.0


@dataclass
class Counters:
    connections: int = 0
    handshakes: int = 0  # TLS handshakes that came to an end
    requests: int = 0


class Server(ThreadingMixIn, TCPServer):
    """Answers every request with what `answer` returns; `delivered` is told when the last byte has been sent."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, answer: Callable[[Request], tuple[Response, Callable[[], None]]], clock: Callable[[], float],
                 tls: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.clock = clock
        self.tls = tls
        self.counters = Counters()
        self.failures: list[BaseException] = []  # the front's own; there must be none when a test ends
        self.lock = threading.Lock()
        self.open_sockets: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self.drop_connections()

    def drop_connections(self) -> None:
        """Closes every connection, as a load balancer does when it is replaced."""
        with self.lock:
            sockets = list(self.open_sockets)
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        with self.lock:
            self.open_sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        # A client that went away, or that does not like our certificate, is its own business.
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):
            self.failures.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    server: Server

    def setup(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.server.lock:
            self.server.counters.connections += 1
            self.connection_id = self.server.counters.connections
            self.server.open_sockets.add(self.request)
        if self.server.tls is not None:
            self._shake_hands(self.server.tls)
        super().setup()

    def _shake_hands(self, context: ssl.SSLContext) -> None:
        # In this thread, not in the accepting one: a slow handshake must not hold up another connection.
        plain = self.request
        self.request = context.wrap_socket(plain, server_side=True)
        with self.server.lock:
            self.server.open_sockets.discard(plain)
            self.server.open_sockets.add(self.request)
            self.server.counters.handshakes += 1

    def finish(self) -> None:
        super().finish()
        with self.server.lock:
            self.server.open_sockets.discard(self.request)
        if self.server.tls is not None:
            self.request.close()  # the server's own shutdown_request() only knows the socket below the TLS one

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_REQUEST_BYTES or "chunked" in (self.headers.get("Transfer-Encoding") or ""):
            self.close_connection = True
            self._send(Response(413, b"", "text/plain"))
            return
        if (self.headers.get("Expect") or "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        with self.server.lock:
            self.server.counters.requests += 1
        request = Request(self.command, self.path, [(name, value.strip()) for name, value in self.headers.items()], body, self.connection_id)
        response, delivered = self.server.answer(request)
        if response.ending == "reset":
            self._reset()
        else:
            self._send(response)
            delivered()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _answer

    def handle_expect_100(self) -> bool:
        return True  # answered in _answer, once

    def _send(self, response: Response) -> None:
        headers = [
            ("x-amzn-RequestId", request_id()),
            ("Content-Type", response.content_type),
            ("Content-Length", str(len(response.body))),
            ("Date", formatdate(self.server.clock(), usegmt=True)),
        ]
        given = {name.lower() for name, _ in response.headers}
        headers = [pair for pair in headers if pair[0].lower() not in given] + response.headers
        reason = self.responses.get(response.status, ("",))[0]
        lines = [f"HTTP/1.1 {response.status} {reason}"] + [f"{name}: {value}" for name, value in headers]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        body = response.body
        if response.ending == "truncate":
            body = body[: len(body) // 2]
            self.close_connection = True
        self.wfile.write(head + body)

    def _reset(self) -> None:
        # An RST instead of a FIN: no lingering, nothing sent that is still queued.
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        with self.server.lock:
            self.server.open_sockets.discard(self.request)
        self.request.close()

    def log_message(self, format: str, *args: object) -> None:
        pass


def self_signed(folder: str) -> tuple[ssl.SSLContext, str]:
    """A server context for 127.0.0.1 and localhost, and the path of the certificate that clients must trust."""
    import datetime
    import ipaddress
    from pathlib import Path

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "front for tests")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_path = Path(folder, "front-ca.pem")
    key_path = Path(folder, "front-key.pem")
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()))
    key_path.chmod(0o600)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_path, key_path)
    return context, str(certificate_path)
