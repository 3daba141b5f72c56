"""moto, in this process: one call into an account and a region of it.

moto tells the region by the credential scope and the account by a header of its own; it does not check signatures.
"""

from __future__ import annotations

import functools
import json
import threading
from typing import Any

from .model import json_version, service_model
from .wire import AwsError, Response


class Moto:
    def __init__(self) -> None:
        self._lock = threading.Lock()  # moto's backends are not made for threads
        self._client: Any = None

    def reset(self) -> None:
        from moto.core.base_backend import BackendDict

        with self._lock:
            BackendDict.reset()

    def json(self, service: str, operation: str, body: dict[str, Any] | bytes, account: str, region: str) -> Any:
        """The answer of a JSON-protocol operation; raises moto's error as AwsError."""
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        target = f"{service_model(service).metadata['targetPrefix']}.{operation}"
        headers = {"X-Amz-Target": target, "Content-Type": f"application/x-amz-json-{json_version(service)}"}
        response = self.send(service, "POST", "/", headers, text, account, region)
        if response.status >= 400:
            raise error_of(response)
        return json.loads(response.body)

    def send(self, service: str, method: str, target: str, headers: dict[str, str], body: bytes, account: str,
             region: str) -> Response:
        prefix = service_model(service).endpoint_prefix
        headers = {
            **headers,
            "Host": f"{prefix}.{region}.amazonaws.com",
            "Authorization": f"AWS4-HMAC-SHA256 Credential=MOTO/20260101/{region}/{service}/aws4_request, "
                             "SignedHeaders=host, Signature=none",
            "x-moto-account-id": account,
        }
        with self._lock:
            if self._client is None:
                self._client = _client()
            answer = self._client.open(target, method=method, headers=headers, data=body)
            return Response(answer.status_code, answer.get_data(), answer.content_type or "")


def error_of(response: Response) -> AwsError:
    try:
        value = json.loads(response.body)
    except ValueError:
        return AwsError("InternalFailure", f"moto: {response.body[:200]!r}", 500)
    return AwsError(value["__type"], value.get("message") or value.get("Message") or "", response.status)


def _client() -> Any:
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.test import Client

    class Dispatcher(DomainDispatcherApplication):
        """Finds out which of moto's modules a host is for once; moto reads its folder from the disk for each call."""

        @functools.cache  # noqa: B019 - there is one, for as long as the process
        def get_backend_for_host(self, host: str | None) -> Any:
            return super().get_backend_for_host(host)

    return Client(Dispatcher(create_backend_app))
