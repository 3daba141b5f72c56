"""Who calls, and what they may do: access keys, roles, identity policies, repository policies, trust policies.

A small evaluator of IAM's policy language, with the parts that slipway's users meet. What it does not know it
refuses loudly, so that a policy of a test never passes by being misunderstood.
IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements reference".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Any

from .wire import AwsError

Statement = Mapping[str, Any]
# The request's condition keys; some have several values.
Context = Mapping[str, str | Sequence[str]]

ALLOW_ALL: list[Statement] = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]


# The condition operators that the evaluator knows.
_EQUAL = ("StringEquals", "StringNotEquals")
_ALIKE = ("StringLike", "StringNotLike", "ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals")
_NEGATED = ("StringNotEquals", "StringNotLike", "ArnNotLike", "ArnNotEquals")


@dataclass(frozen=True)
class Principal:
    """A caller. `arn` is what error messages show; `role_arn` what policies name."""

    account: str
    arn: str
    role_arn: str
    org_id: str = ""


@dataclass
class Role:
    arn: str
    policy: Sequence[Statement] = field(default_factory=list)
    trust: Sequence[Statement] = field(default_factory=list)
    org_id: str = ""

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]

    def session(self, name: str) -> Principal:
        arn = f"arn:aws:sts::{self.account}:assumed-role/{self.name}/{name}"
        return Principal(self.account, arn, self.arn, self.org_id)


@dataclass
class Key:
    secret: str
    principal: Principal
    token: str | None = None
    expires_at: float | None = None


@dataclass
class Iam:
    roles: dict[str, Role] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)

    def authenticate(self, access_key: str, token: str | None, now: float) -> Key:
        key = self.keys.get(access_key)
        if key is None or (key.token or "") != (token or ""):
            raise AwsError("UnrecognizedClientException", "The security token included in the request is invalid.",
                           query_code="InvalidClientTokenId")
        if key.expires_at is not None and now >= key.expires_at:
            raise AwsError("ExpiredTokenException", "The security token included in the request is expired",
                           query_code="ExpiredToken")
        return key

    def authorize(self, who: Principal, action: str, resource: str, context: Context | None = None,
                  resource_policy: Sequence[Statement] | None = None, owner: str | None = None) -> None:
        """Raises AccessDeniedException unless `who` may do `action` on `resource`.

        In the caller's own account the identity policy or the resource's suffices; across accounts (`owner` is
        another) both must allow it. An explicit deny in either wins.
        """
        facts = {**principal_context(who), **(context or {})}
        role = self.roles.get(who.role_arn)
        identity = decide(role.policy if role else [], who, action, resource, facts, identity=True)
        admitted = decide(resource_policy or [], who, action, resource, facts, identity=False)
        for verdict, kind in ((identity, "an identity-based"), (admitted, "a resource-based")):
            if verdict == "deny":
                raise denied(who, action, resource, f"with an explicit deny in {kind} policy")
        crossing = owner is not None and owner != who.account
        if crossing and admitted != "allow":
            raise denied(who, action, resource, f"because no resource-based policy allows the {action} action")
        if identity != "allow" and (crossing or admitted != "allow"):
            raise denied(who, action, resource, f"because no identity-based policy allows the {action} action")

    def trusts(self, role: Role, who: Principal, context: Context) -> bool:
        facts = {**principal_context(who), **context}
        return decide(role.trust, who, "sts:AssumeRole", None, facts, identity=False) == "allow"


def denied(who: Principal, action: str, resource: str, why: str) -> AwsError:
    message = f"User: {who.arn} is not authorized to perform: {action} on resource: {resource} {why}"
    return AwsError("AccessDeniedException", message.rstrip(), query_code="AccessDenied")


def decide(statements: Iterable[Statement], who: Principal, action: str, resource: str | None, context: Context,
           identity: bool) -> str:
    """"allow", "deny" or "none". Resource policies of ECR and trust policies have no Resource element."""
    verdict = "none"
    for statement in statements:
        _check_elements(statement)
        if not identity and not _principal_matches(statement, who):
            continue
        if not _action_matches(statement, action):
            continue
        if resource is not None and "Resource" in statement and not _any_glob(statement["Resource"], resource):
            continue
        if not _conditions_hold(statement.get("Condition", {}), context):
            continue
        if statement["Effect"] == "Deny":
            return "deny"
        verdict = "allow"
    return verdict


def principal_context(who: Principal) -> dict[str, str | Sequence[str]]:
    facts: dict[str, str | Sequence[str]] = {"aws:principalaccount": who.account, "aws:principalarn": who.role_arn}
    if who.org_id:
        facts["aws:principalorgid"] = who.org_id
    return facts


def _check_elements(statement: Statement) -> None:
    known = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "Condition"}
    unknown = set(statement) - known
    if unknown or statement.get("Effect") not in ("Allow", "Deny"):
        raise AssertionError(f"the front cannot evaluate this policy statement: {dict(statement)}")


def _principal_matches(statement: Statement, who: Principal) -> bool:
    if "NotPrincipal" in statement:
        return not _names(statement["NotPrincipal"], who)
    return _names(statement.get("Principal", {}), who)


def _names(principal: Any, who: Principal) -> bool:
    if principal == "*":
        return True
    admitted = {"*", who.account, f"arn:aws:iam::{who.account}:root", who.role_arn, who.arn}
    return any(name in admitted for name in _listed(principal.get("AWS", [])))


def _action_matches(statement: Statement, action: str) -> bool:
    if "NotAction" in statement:
        return not _any_glob(statement["NotAction"], action, ignore_case=True)
    return _any_glob(statement.get("Action", []), action, ignore_case=True)


def _conditions_hold(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    return all(
        _condition_holds(operator, wanted, context.get(key.lower()))
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _condition_holds(operator: str, wanted: Any, actual: str | Sequence[str] | None) -> bool:
    """IAM User Guide, "Multivalued context keys": ForAllValues holds where there is no value at all."""
    kind, _, name = operator.rpartition(":")
    values = [] if actual is None else _listed(actual)
    if name.endswith("IfExists"):
        if actual is None:
            return True
        name = name.removesuffix("IfExists")
    if name not in _EQUAL + _ALIKE:
        raise AssertionError(f"the front cannot evaluate the condition operator '{operator}'")
    if kind == "ForAllValues":
        return all(_value_matches(name, wanted, value) for value in values)
    if kind not in ("", "ForAnyValue") or (kind == "" and not isinstance(actual, str | None)):
        raise AssertionError(f"the front cannot evaluate '{operator}' for {actual!r}")
    if not values:
        return name in _NEGATED
    return any(_value_matches(name, wanted, value) for value in values)


def _value_matches(name: str, wanted: Any, value: str) -> bool:
    found = value in _listed(wanted) if name in _EQUAL else _any_glob(wanted, value)
    return found != (name in _NEGATED)


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _any_glob(patterns: Any, text: str, ignore_case: bool = False) -> bool:
    flags = re.IGNORECASE if ignore_case else 0
    # Policies know * and ?; a bracket in them is a bracket.
    return any(re.match(translate(pattern.replace("[", "[[]")), text, flags) for pattern in _listed(patterns))
