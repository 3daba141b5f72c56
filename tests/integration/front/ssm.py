"""AWS Systems Manager parameters: kept by moto; who may read one, and decrypt it, is decided here."""

from __future__ import annotations

from .context import Context
from .moto_bridge import Moto
from .wire import AwsError, Response, json_response


class Ssm:
    def __init__(self, moto: Moto) -> None:
        self._moto = moto
        self._keys: dict[tuple[str, str, str], str] = {}  # customer managed keys, by parameter

    def reset(self) -> None:
        self._keys.clear()

    def put(self, account: str, region: str, name: str, value: str, kind: str = "SecureString", key: str = "") -> None:
        """With `key`, the ARN of a customer managed key, whoever reads it must be allowed to decrypt with that."""
        self._moto.json("ssm", "PutParameter", {"Name": name, "Value": value, "Type": kind, "Overwrite": True}, account, region)
        self._keys[(account, region, name)] = key

    def handle(self, context: Context) -> Response:
        body = dict(context.body)
        name = str(body.get("Name", ""))
        if context.operation != "GetParameter":
            context.authorize(f"ssm:{context.operation}", "*")
            return json_response(self._moto.json("ssm", context.operation, body, context.who.account, context.region))
        if name.startswith("arn:"):
            parts = name.split(":", 5)
            if parts[3:5] != [context.region, context.who.account]:
                raise AwsError("ParameterNotFound", "")
            name = parts[5].removeprefix("parameter")
            body["Name"] = name
        arn = context.arn("ssm", f"parameter/{name.removeprefix('/')}")
        context.authorize("ssm:GetParameter", arn)
        key = self._keys.get((context.who.account, context.region, name))
        if key and body.get("WithDecryption"):
            context.authorize("kms:Decrypt", key, {
                "kms:viaservice": f"ssm.{context.region}.amazonaws.com", "kms:encryptioncontext:parameter_arn": arn})
        return json_response(self._moto.json("ssm", "GetParameter", body, context.who.account, context.region))
