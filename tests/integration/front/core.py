"""The front itself: what stands between a client and moto, and looks like AWS.

A call walks through it once: fault rules, signature, operation, body, authorization and handler, fault rules again;
and is in the log from its arrival on.
"""

from __future__ import annotations

import gzip
import ssl
import sys
import threading
import time
from collections.abc import Callable

from . import model, rest, s3, sigv4, sts, surroundings
from .calls import Call, CallLog
from .codedeploy import CodeDeploy
from .context import Context
from .ecr import Ecr
from .ecs import Ecs
from .eventbridge import EventBridge
from .faults import Fault, Rules
from .iam import Iam, Key, Principal, Role
from .lambda_api import LambdaApi
from .moto_bridge import Moto
from .scheduler import Scheduler
from .server import Counters, Server, self_signed
from .ssm import Ssm
from .telling import SNS_NAMESPACE, Slack, Sns
from .wire import AwsError, Request, Response, json_error, query_error, request_id, rest_error

REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2")


class Clock:
    """The time that AWS has; tests set it apart from the machine's."""

    def __init__(self) -> None:
        self.ahead_seconds = 0.0

    def now(self) -> float:
        return time.time() + self.ahead_seconds


class Front:
    def __init__(self, tls_folder: str | None = None) -> None:
        """Listens on a port of the kernel's choosing; with `tls_folder` over TLS, its certificate kept there."""
        self.clock = Clock()
        self.calls = CallLog()
        self.rules = Rules()
        self.iam = Iam()
        self.stop_waiting = threading.Event()  # ends every stall
        self.delay_seconds = 0.0  # before each answer: the distance to AWS
        self.gzip = False
        self._moto = Moto()
        self.ecr = Ecr(self._moto)
        self.ecs = Ecs(self._moto)
        self._sts = sts.Sts(self._moto)
        self.events = EventBridge()
        self.scheduler = Scheduler()
        self.codedeploy = CodeDeploy(self.ecs.services, self.ecs.task_definitions)
        self.functions = LambdaApi(self.ecr)
        self.sns = Sns()
        self.ssm = Ssm(self._moto)
        self.s3 = s3.S3()
        self.slack = Slack()
        self.ec2 = surroundings.Ec2()
        self._services: dict[str, Callable[[Context], Response]] = {
            "ecr": self.ecr.handle, "ecs": self.ecs.handle, "sts": self._sts.handle, "events": self.events.handle,
            "scheduler": self.scheduler.handle, "codedeploy": self.codedeploy.handle, "lambda": self.functions.handle,
            "sns": self.sns.handle, "ssm": self.ssm.handle, "s3": self.s3.handle, "ec2": self.ec2.handle,
            "iam": surroundings.simulation, "organizations": surroundings.organization}
        # Services decide one call at a time; waiting (faults, delay) is outside of it.
        self._state = threading.Lock()
        context: ssl.SSLContext | None = None
        self.ca_path = ""
        if tls_folder is not None:
            context, self.ca_path = self_signed(tls_folder)
        self.server = Server(self._answer, self.clock.now, context)

    @property
    def url(self) -> str:
        return f"{'https' if self.server.tls else 'http'}://127.0.0.1:{self.server.port}"

    @property
    def counters(self) -> Counters:
        return self.server.counters

    def start(self) -> Front:
        for service in ("ecr", "ecs", "sts"):
            model.service_model(service)  # so that the first call is as quick as the others
        # Calls come four at a time and are short: a thread must not wait for its turn longer than one takes.
        sys.setswitchinterval(0.0005)
        self.server.start()
        return self

    def stop(self) -> None:
        self.stop_waiting.set()
        self.server.stop()

    def reset(self) -> None:
        """An empty world: no accounts, no repositories, no rules, no calls. Connections stay."""
        self.stop_waiting.set()
        self.stop_waiting = threading.Event()
        self.rules.clear()
        self.calls.clear()
        self.iam.keys.clear()
        self.iam.roles.clear()
        self.clock.ahead_seconds = 0.0
        self.delay_seconds = 0.0
        self.gzip = False
        with self._state:
            self._moto.reset()
            for one in (self.ecr, self.ecs, self.events, self.scheduler, self.codedeploy, self.functions, self.sns,
                        self.ssm, self.s3, self.slack, self.ec2):
                one.reset()

    def add_role(self, role: Role) -> Role:
        self.iam.roles[role.arn] = role
        return role

    def add_key(self, access_key: str, secret: str, principal: Principal, token: str | None = None) -> None:
        self.iam.keys[access_key] = Key(secret, principal, token)

    def _answer(self, request: Request) -> tuple[Response, Callable[[], None]]:
        call = self.calls.begin(request.connection, request.body)
        call.user_agent = request.header("user-agent") or ""
        faults: list[Fault] = []
        if self.slack.is_for(request):
            call.service, call.operation = "slack", "Post"
            response = self.slack.handle(request, self.stop_waiting)
            call.status, call.response, call.ended = response.status, response.body, time.monotonic()
            return response, lambda: None
        try:
            auth = sigv4.parse(request)
            call.region, call.access_key, call.service = auth.scope.region, auth.scope.access_key, auth.scope.service
            call.service, call.operation = model.resolve(request, auth.scope.service)
            faults = self.rules.striking(call)
            call.fault = ", ".join(fault.name for fault in faults)
            response = self._process(request, auth, call, faults)
        except AwsError as error:
            call.error = error.code
            response = self._error(error, call)
        time.sleep(self.delay_seconds)
        if self.gzip and "gzip" in (request.header("accept-encoding") or "") and not response.ending:
            response = Response(response.status, gzip.compress(response.body), response.content_type,
                                [*response.headers, ("Content-Encoding", "gzip")])
        call.status, call.response = response.status, response.body
        call.ended = time.monotonic()
        return response, lambda: _tell(faults, call)

    def _process(self, request: Request, auth: sigv4.Authorization, call: Call, faults: list[Fault]) -> Response:
        for fault in faults:
            instead = fault.before(call) if fault.before else None
            if instead is not None:
                return instead
        try:
            response = self._carry_out(request, auth, call)
        except AwsError as error:
            call.error = error.code
            response = self._error(error, call)
        for fault in faults:
            if fault.after:
                response = fault.after(call, response)
        return response

    def _carry_out(self, request: Request, auth: sigv4.Authorization, call: Call) -> Response:
        who = self._authenticate(request, auth, call)
        if not call.user_agent:
            raise AwsError("InvalidParameterException", "User-Agent is missing")
        service, operation = call.service, call.operation
        is_json = service in model.JSON_SERVICES
        body = model.parse_body(request.body) if is_json else {}
        if service in model.REST_SERVICES:
            body = rest.parse(request, model.operation_model(service, operation))
        if is_json or service in model.REST_SERVICES:
            model.validate(service, operation, body, self.ecs.task_definitions.future_members)
        context = Context(request, service, operation, call.region, who, body, self.iam, self.clock.now)
        with self._state:
            return self._services.get(service, self._other)(context)

    def _authenticate(self, request: Request, auth: sigv4.Authorization, call: Call) -> Principal:
        now = self.clock.now()
        if auth.scope.service != call.service:
            raise AwsError("InvalidSignatureException", f"Credential should be scoped to correct service: '{call.service}'.",
                           query_code="SignatureDoesNotMatch")
        if auth.scope.region not in REGIONS:
            raise AwsError("InvalidSignatureException", "Credential should be scoped to a valid region.",
                           query_code="SignatureDoesNotMatch")
        key = self.iam.authenticate(auth.scope.access_key, request.header("x-amz-security-token"), now)
        call.account, call.role = key.principal.account, key.principal.role_arn
        sigv4.verify(request, auth, key.secret, now)
        return key.principal

    def _other(self, context: Context) -> Response:
        """A service that the front has no opinion on: authorized, and handed to moto as it came."""
        context.authorize(f"{context.service}:{context.operation}", "*")
        headers = {name: value for name, value in context.request.headers if name.lower() in ("content-type", "x-amz-target")}
        return self._moto.send(context.service, context.request.method, context.request.target, headers,
                               context.request.body, context.who.account, context.region)

    @staticmethod
    def _error(error: AwsError, call: Call) -> Response:
        if call.service == "ec2":
            return surroundings.ec2_error(error)
        if call.service in model.QUERY_SERVICES:
            # What a JSON service answers with 400 to a caller that it does not let in is 403 here.
            if error.query_code != error.code:
                error = AwsError(error.query_code, error.message, 403)
            return query_error(error, SNS_NAMESPACE if call.service == "sns" else sts.NAMESPACE, request_id())
        if call.service in model.REST_SERVICES:
            return rest_error(error)
        if call.service == "s3":
            return s3.error(error, request_id())
        version = model.json_version(call.service) if call.service in model.JSON_SERVICES else "1.1"
        return json_error(error, version)


def _tell(faults: list[Fault], call: Call) -> None:
    for fault in faults:
        if fault.delivered:
            fault.delivered(call)
