"""A Runtime API that is stricter than Lambda's: it plays a script of events, checks each request
against the documented protocol, and keeps what it was sent.

AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes"."""

import dataclasses
import json
import re
import socket
import threading
import urllib.parse

ROOT = "/2018-06-01/runtime"
ERROR_TYPE = re.compile(r"(Runtime|Function)\.[A-Z][a-zA-Z]+")
TOO_LARGE = (b'{"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).",'
             b'"errorType":"RequestEntityTooLarge"}')


@dataclasses.dataclass
class Request:
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return values[0] if values else None


@dataclasses.dataclass
class Event:
    """One event and how it goes: what /next says, and what becomes of the answer."""
    body: bytes = b"{}"
    id: str | None = None  # default: a new one
    headers: list[str] | None = None  # whole lines; default: id, deadline, ARN, content type
    extra: list[str] = dataclasses.field(default_factory=list)  # lines besides these
    chunks: int = 0  # bytes of a chunk; 0: sent with Content-Length
    delay: float = 0  # before it is sent
    next_status: int = 200  # another one: /next fails, and the event never comes
    drop_next: bool = False  # the connection is closed instead of an answer to /next
    answer_status: int = 202
    answer_body: bytes = b'{"status":"OK"}\n'
    drop_answers: int = 0  # so many answers are taken, and the connection closed without a reply
    close_after: bool = False  # the connection is closed after the reply
    # what happened
    answers: list[Request] = dataclasses.field(default_factory=list)

    @property
    def answer(self) -> Request:
        return self.answers[-1]

    @property
    def kind(self) -> str:
        return self.answer.path.rsplit("/", 1)[1]


class RuntimeApi:
    """Serves the events, then holds /next open. `idle` is set once all have been answered."""

    def __init__(self, events: list[Event], init_error_status: int = 202):
        self.events = events
        self.init_error_status = init_error_status
        self.init_errors: list[Request] = []
        self.violations: list[str] = []
        self.connections = 0
        self.idle = threading.Event()
        self.busy = threading.Event()  # an event has been sent
        self._next = 0
        self._current: Event | None = None
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        # shutdown() wakes the thread that is in accept(); close() alone would not.
        for each in [self._listener, *self._sockets]:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def __enter__(self) -> "RuntimeApi":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _violation(self, text: str) -> None:
        self.violations.append(text)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            try:
                while (request := self._read(stream)) and self._handle(connection, request):
                    pass
            except OSError:
                pass  # the program has gone, or close() was called
            except Exception as error:  # what could not be parsed is a violation too
                self._violation(f"a request that cannot be read: {error!r}")

    def _read(self, stream) -> Request | None:
        line = stream.readline()
        if not line:
            return None
        method, path, version = line.decode("ascii").rstrip("\r\n").split(" ")
        headers = []
        while (line := stream.readline()) not in (b"\r\n", b""):
            # Header values are printable ASCII here: anything else is an injection or a slip.
            if not re.fullmatch(rb"[!-~]+: ?[ -~]*\r\n", line):
                self._violation(f"malformed header {line!r}")
            name, value = line.decode("latin-1").rstrip("\r\n").split(":", 1)
            headers.append((name, value.strip()))
        request = Request(method, path, headers, b"")
        request.body = stream.read(int(request.header("Content-Length") or 0))
        self._check(request, version)
        return request

    def _check(self, request: Request, version: str) -> None:
        names = [name.lower() for name, _ in request.headers]
        if version != "HTTP/1.1":
            self._violation(f"spoke {version}")
        if request.header("Host") != self.address:
            self._violation(f"Host is {request.header('Host')}")
        if not request.header("User-Agent"):
            self._violation("no User-Agent")
        for name in ("expect", "transfer-encoding", "proxy-connection", "authorization"):
            if name in names:
                self._violation(f"sent {name}")
        if len(names) != len(set(names)):
            self._violation(f"a header twice: {names}")
        if request.method == "POST":
            self._check_post(request)
        elif request.body or "content-type" in names:
            self._violation("a GET with a body")

    def _check_post(self, request: Request) -> None:
        if request.header("Content-Length") is None:
            self._violation("a POST without Content-Length")
        if request.header("Content-Type") != "application/json":
            self._violation(f"Content-Type is {request.header('Content-Type')}")
        if request.path.endswith("/error"):
            self._check_error(request)

    def _check_error(self, request: Request) -> None:
        error = json.loads(request.body)
        if set(error) != {"errorMessage", "errorType", "stackTrace"}:
            self._violation(f"error body {error}")
        if not ERROR_TYPE.fullmatch(error["errorType"]) or error["stackTrace"] != []:
            self._violation(f"error body {error}")
        if request.header("Lambda-Runtime-Function-Error-Type") != error["errorType"]:
            self._violation("body and header name different error types")
        cause = request.header("Lambda-Runtime-Function-XRay-Error-Cause") or ""
        parsed = json.loads(cause)
        if len(cause) >= 64 * 1024 or set(parsed) != {"working_directory", "exceptions", "paths"}:
            self._violation(f"X-Ray cause {cause}")
        if parsed["exceptions"] != [{"message": error["errorMessage"], "stack": [],
                                     "type": error["errorType"]}]:
            self._violation(f"X-Ray cause {cause}")

    def _handle(self, connection: socket.socket, request: Request) -> bool:
        """Answers; False: the connection is done with."""
        if (request.method, request.path) == ("GET", ROOT + "/invocation/next"):
            return self._give_next(connection)
        if (request.method, request.path) == ("POST", ROOT + "/init/error"):
            self.init_errors.append(request)
            return self._reply(connection, self.init_error_status, b'{"status":"OK"}\n')
        match = re.fullmatch(ROOT + r"/invocation/([^/]+)/(response|error)", request.path)
        if request.method != "POST" or not match:
            self._violation(f"asked for {request.method} {request.path}")
            return self._reply(connection, 404, b"404 page not found\n")
        return self._take_answer(connection, request, urllib.parse.unquote(match.group(1)))

    def _give_next(self, connection: socket.socket) -> bool:
        if self._current is not None:
            self._violation("asked for the next event before the answer")
        if self._next == len(self.events):
            self.idle.set()
            connection.recv(1)  # until the program goes
            return False
        event = self.events[self._next]
        self._next += 1
        if event.drop_next:
            return False
        if event.next_status != 200:
            return self._reply(connection, event.next_status, b'{"errorType":"Scripted"}')
        self._send_event(connection, event)
        return True

    def _send_event(self, connection: socket.socket, event: Event) -> None:
        if event.id is None:
            event.id = "8476a536-e9f4-11e8-9739-%012d" % self._next
        threading.Event().wait(event.delay)
        lines = event.headers if event.headers is not None else [
            "Content-Type: application/json",
            f"Lambda-Runtime-Aws-Request-Id: {event.id}",
            "Lambda-Runtime-Deadline-Ms: 4102444800000",
            "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-central-1:222222222222:"
            "function:slipway",
        ]
        framing = "Transfer-Encoding: chunked" if event.chunks else \
            f"Content-Length: {len(event.body)}"
        head = "\r\n".join(["HTTP/1.1 200 OK", *lines, *event.extra, framing, "", ""])
        self._current = event
        connection.sendall(head.encode("latin-1") + self._framed(event))
        self.busy.set()

    @staticmethod
    def _framed(event: Event) -> bytes:
        if not event.chunks:
            return event.body
        parts = [event.body[i:i + event.chunks] for i in range(0, len(event.body), event.chunks)]
        return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"

    def _take_answer(self, connection: socket.socket, request: Request, request_id: str) -> bool:
        event = self._current
        if event is None or request_id != event.id:
            self._violation(f"answered {request_id}, which is not under way")
            return self._reply(connection, 400, b'{"errorType":"InvalidRequestID"}')
        expected = [line.split(":", 1)[1].strip() for line in event.extra
                    if line.lower().startswith("lambda-runtime-invocation-id")]
        if [request.header("Lambda-Runtime-Invocation-Id")] != (expected or [None]):
            self._violation("the invocation id was not echoed as it came")
        event.answers.append(request)
        if len(event.answers) <= event.drop_answers:
            return False
        self._current = None
        return self._reply(connection, event.answer_status, event.answer_body,
                           close=event.close_after)

    def _reply(self, connection: socket.socket, status: int, body: bytes,
               close: bool = False) -> bool:
        connection.sendall(b"HTTP/1.1 %d Scripted\r\nContent-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n%s" % (status, len(body), body))
        return not close
