"""One call on its way through the front, and what every service needs to answer it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .iam import Iam, Principal, Statement
from .wire import Request


@dataclass
class Context:
    request: Request
    service: str
    operation: str
    region: str
    who: Principal
    body: dict[str, Any]
    iam: Iam
    now: Callable[[], float]

    def authorize(self, action: str, resource: str, conditions: Mapping[str, str | Sequence[str]] | None = None,
                  resource_policy: Sequence[Statement] | None = None, owner: str | None = None) -> None:
        facts = {"aws:requestedregion": self.region, **(conditions or {})}
        self.iam.authorize(self.who, action, resource, facts, resource_policy, owner)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.who.account}:{resource}"
