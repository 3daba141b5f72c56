"""AWS STS: AssumeRole with the checks that moto leaves out (the role exists, it trusts the caller, the caller may)."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from .context import Context
from .iam import Key, Role
from .model import form_of
from .moto_bridge import Moto
from .wire import AwsError, Response, request_id

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
# A role that assumes another may do so for an hour at most (role chaining).
MAX_CHAINED_SECONDS = 3600


class Sts:
    def __init__(self, moto: Moto) -> None:
        self._moto = moto

    def handle(self, context: Context) -> Response:
        form = form_of(context.request.body)
        if context.operation == "GetCallerIdentity":
            return _identity(context)
        if context.operation == "AssumeRole":
            return self._assume_role(context, form)
        raise AwsError("InvalidAction", f"the front has no sts:{context.operation}")

    def _assume_role(self, context: Context, form: dict[str, str]) -> Response:
        _check_form(form)
        arn = form["RoleArn"]
        context.iam.authorize(context.who, "sts:AssumeRole", arn)
        role = context.iam.roles.get(arn)
        facts = {"sts:externalid": form["ExternalId"]} if "ExternalId" in form else {}
        if role is None or not context.iam.trusts(role, context.who, facts):
            message = f"User: {context.who.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
            raise AwsError("AccessDenied", message, 403)
        seconds = int(form.get("DurationSeconds", 3600))
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        response = self._moto.send("sts", "POST", "/", headers, context.request.body, context.who.account, context.region)
        self._remember(context, role, form["RoleSessionName"], response.body, seconds)
        return Response(response.status, response.body, "text/xml")

    @staticmethod
    def _remember(context: Context, role: Role, session: str, answer: bytes, seconds: int) -> None:
        root = ElementTree.fromstring(answer)
        parts = {name: root.findtext(f".//{{{NAMESPACE}}}{name}") or "" for name in
                 ("AccessKeyId", "SecretAccessKey", "SessionToken")}
        context.iam.keys[parts["AccessKeyId"]] = Key(parts["SecretAccessKey"], role.session(session),
                                                    parts["SessionToken"], context.now() + seconds)


def _check_form(form: dict[str, str]) -> None:
    known = {"Action", "Version", "RoleArn", "RoleSessionName", "DurationSeconds", "ExternalId"}
    for name in ("RoleArn", "RoleSessionName"):
        if not form.get(name):
            raise AwsError("ValidationError", f"1 validation error detected: '{name}' must not be null")
    if set(form) - known:
        raise AwsError("ValidationError", f"unexpected parameters: {sorted(set(form) - known)}")
    if not re.fullmatch(r"[\w+=,.@-]{2,64}", form["RoleSessionName"], re.ASCII):
        raise AwsError("ValidationError", "1 validation error detected: Value at 'roleSessionName' failed to satisfy "
                                          "constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*")
    seconds = form.get("DurationSeconds", "3600")
    if not seconds.isdecimal() or not 900 <= int(seconds) <= 43200:
        raise AwsError("ValidationError", "Value at 'durationSeconds' failed to satisfy constraint")
    if int(seconds) > MAX_CHAINED_SECONDS:
        raise AwsError("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles "
                                          "assumed by role chaining")


def _identity(context: Context) -> Response:
    body = (f'<GetCallerIdentityResponse xmlns="{NAMESPACE}"><GetCallerIdentityResult><Arn>{context.who.arn}</Arn>'
            f"<UserId>AROAEXAMPLE</UserId><Account>{context.who.account}</Account></GetCallerIdentityResult>"
            f"<ResponseMetadata><RequestId>{request_id()}</RequestId></ResponseMetadata></GetCallerIdentityResponse>")
    return Response(200, body.encode(), "text/xml")
