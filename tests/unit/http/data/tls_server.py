"""An HTTPS server for test_http_curl_tls.c: `tls_server.py CERTIFICATE KEY`. Prints its port.

Every answer is a line "requests CONNECTION'S, resumed 0|1", so that a test sees how it came."""

import http.server
import socket
import ssl
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    requests = 0

    def setup(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = context.wrap_socket(self.request, server_side=True)
        super().setup()

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.requests += 1
        body = f"requests {self.requests}, resumed {int(self.request.session_reused)}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/close":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def finish(self):
        super().finish()
        try:
            self.request.unwrap()  # without a goodbye OpenSSL does not resume the session
        except OSError:
            pass

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that does not trust us hangs up


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
