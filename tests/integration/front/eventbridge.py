"""Amazon EventBridge: buses, rules and their targets, and the events that were put.

Strict where moto is not: PutTargets replaces the whole target, entries are refused one by one in a 200, roles of
targets have to be passed. What AWS hands back, it spells in its own order; a client that rebuilds a target from the
members that it knows loses the others, and this shows it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from .context import Context
from .paging import page
from .wire import AwsError, Response, json_response, request_id

# Amazon EventBridge quotas.
MAX_TARGETS_OF_A_RULE = 5
MAX_TARGETS_OF_A_CALL = 10
MAX_ENTRIES_BYTES = 256 * 1024
PAGE = 100


@dataclass
class Rule:
    name: str
    bus: str
    targets: list[dict[str, Any]]
    managed_by: str = ""
    pattern: dict[str, Any] | None = None  # None: of a schedule
    state: str = "ENABLED"


@dataclass(frozen=True)
class PutEvent:
    """An event that EventBridge took."""

    account: str
    bus: str
    source: str
    detail_type: str
    detail: Any
    resources: list[str]
    id: str


@dataclass
class Place:
    """What an account has in a region."""

    buses: list[str] = field(default_factory=lambda: ["default"])
    rules: list[Rule] = field(default_factory=list)
    policies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # of buses: whose events they take


class EventBridge:
    def __init__(self) -> None:
        self._places: dict[tuple[str, str], Place] = {}
        self.put: list[PutEvent] = []
        self.page_size = PAGE

    def reset(self) -> None:
        self._places.clear()
        self.put.clear()
        self.page_size = PAGE

    # What tests and the seed do.

    def place(self, account: str, region: str) -> Place:
        return self._places.setdefault((account, region), Place())

    def add_bus(self, account: str, region: str, name: str) -> None:
        self.place(account, region).buses.append(name)

    def add_rule(self, account: str, region: str, name: str, targets: list[dict[str, Any]], bus: str = "default",
                 managed_by: str = "", pattern: dict[str, Any] | None = None, state: str = "ENABLED") -> Rule:
        rule = Rule(name, bus, targets, managed_by, pattern, state)
        self.place(account, region).rules.append(rule)
        return rule

    # What the API does.

    def handle(self, context: Context) -> Response:
        handlers = {"ListEventBuses": self._list_buses, "ListRuleNamesByTarget": self._list_rule_names,
                    "ListTargetsByRule": self._list_targets, "DescribeRule": self._describe_rule,
                    "DescribeEventBus": self._describe_bus, "PutTargets": self._put_targets, "PutEvents": self._put_events}
        if context.operation not in handlers:
            raise AwsError("UnknownOperationException", f"the front has no events:{context.operation}", 404)
        return handlers[context.operation](context)

    def _list_buses(self, context: Context) -> Response:
        context.authorize("events:ListEventBuses", "*")
        buses = [{"Name": name, "Arn": context.arn("events", f"event-bus/{name}")}
                 for name in self.place(context.who.account, context.region).buses
                 if name.startswith(context.body.get("NamePrefix", ""))]
        return json_response(self._page(context, buses, "EventBuses"))

    def _list_rule_names(self, context: Context) -> Response:
        context.authorize("events:ListRuleNamesByTarget", "*")
        bus = self._bus(context)
        names = [rule.name for rule in self.place(context.who.account, context.region).rules
                 if rule.bus == bus and any(target["Arn"] == context.body["TargetArn"] for target in rule.targets)]
        return json_response(self._page(context, names, "RuleNames"))

    def _list_targets(self, context: Context) -> Response:
        rule = self._rule(context, "ListTargetsByRule")
        return json_response(self._page(context, rule.targets, "Targets"))

    def _describe_bus(self, context: Context) -> Response:
        bus = self._bus(context)
        arn = context.arn("events", f"event-bus/{bus}")
        context.authorize("events:DescribeEventBus", arn)
        statements = self.place(context.who.account, context.region).policies.get(bus)
        shown = {"Name": bus, "Arn": arn}
        if statements:
            shown["Policy"] = json.dumps({"Version": "2012-10-17", "Statement": statements})
        return json_response(shown)

    def _describe_rule(self, context: Context) -> Response:
        rule = self._rule(context, "DescribeRule")
        shown = {"Name": rule.name, "Arn": self._rule_arn(context, rule.bus, rule.name), "State": rule.state, "EventBusName": rule.bus}
        if rule.pattern is not None:
            shown["EventPattern"] = json.dumps(rule.pattern)
        return json_response(shown)

    def _put_targets(self, context: Context) -> Response:
        given = context.body["Targets"]
        rule = self._rule(context, "PutTargets", {"events:targetarn": [target["Arn"] for target in given]})
        if rule.managed_by:
            raise AwsError("ManagedRuleException", f"Rule {rule.name} is managed by {rule.managed_by}.")
        if len(given) > MAX_TARGETS_OF_A_CALL:
            raise AwsError("ValidationException", "1 validation error detected: at most 10 targets in a request")
        for target in given:
            if "RoleArn" in target:
                context.authorize("iam:PassRole", target["RoleArn"], {"iam:passedtoservice": "events.amazonaws.com"})
        if len({target["Id"] for target in given}) != len(given):
            raise AwsError("ValidationException", "Duplicate target ids in the request")
        if len({one["Id"] for one in [*rule.targets, *given]}) > MAX_TARGETS_OF_A_RULE:
            raise AwsError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
        failures = []
        for target in given:
            failure = _wrong_with(target)
            if failure:
                failures.append({"TargetId": target["Id"], "ErrorCode": "ValidationException", "ErrorMessage": failure})
                continue
            kept = [one["Id"] for one in rule.targets]
            if target["Id"] in kept:
                rule.targets[kept.index(target["Id"])] = target
            else:
                rule.targets.append(target)
        return json_response({"FailedEntryCount": len(failures), "FailedEntries": failures})

    def _put_events(self, context: Context) -> Response:
        entries = context.body["Entries"]
        if sum(_entry_bytes(entry) for entry in entries) > MAX_ENTRIES_BYTES:
            raise AwsError("ValidationException", "Total size of the entries in the request is over the limit.")
        answers = []
        for entry in entries:
            owner, bus = self._bus_of(context, entry.get("EventBusName", "default"))
            arn = f"arn:aws:events:{context.region}:{owner}:event-bus/{bus}"
            context.authorize("events:PutEvents", arn, {"events:source": entry.get("Source", ""),
                                                        "events:detail-type": entry.get("DetailType", "")})
            answers.append(self._take(context, entry, owner, bus))
        failed = sum("ErrorCode" in answer for answer in answers)
        return json_response({"FailedEntryCount": failed, "Entries": answers})

    def _take(self, context: Context, entry: dict[str, Any], owner: str, bus: str) -> dict[str, str]:
        for name in ("Source", "DetailType", "Detail"):
            if not entry.get(name):
                return _refused("InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a required argument.")
        if entry["Source"].startswith("aws."):
            return _refused("NotAuthorizedForSourceException", "Not authorized for the source.")
        try:
            detail = json.loads(entry["Detail"])
        except ValueError:
            return _refused("MalformedDetail", "Detail is malformed.")
        if not isinstance(detail, dict):
            return _refused("MalformedDetail", "Detail is malformed.")
        if bus not in self.place(owner, context.region).buses:
            # As real: an entry for a bus that is not there is dropped after it has been taken.
            return {"EventId": request_id()}
        event = PutEvent(owner, bus, entry["Source"], entry["DetailType"], detail, entry.get("Resources", []), request_id())
        self.put.append(event)
        return {"EventId": event.id}

    def _rule(self, context: Context, operation: str, facts: dict[str, list[str]] | None = None) -> Rule:
        bus, name = self._bus(context), context.body.get("Rule") or context.body["Name"]
        context.authorize(f"events:{operation}", self._rule_arn(context, bus, name), facts)
        for rule in self.place(context.who.account, context.region).rules:
            if (rule.name, rule.bus) == (name, bus):
                return rule
        raise AwsError("ResourceNotFoundException", f"Rule {name} does not exist on EventBus {bus}.")

    @staticmethod
    def _rule_arn(context: Context, bus: str, name: str) -> str:
        return context.arn("events", f"rule/{name}" if bus == "default" else f"rule/{bus}/{name}")

    def _bus(self, context: Context) -> str:
        given = context.body.get("Name", "default") if context.operation == "DescribeEventBus" else None
        owner, bus = self._bus_of(context, given or context.body.get("EventBusName", "default"))
        if owner != context.who.account or bus not in self.place(owner, context.region).buses:
            raise AwsError("ResourceNotFoundException", f"Event bus {bus} does not exist.")
        return bus

    @staticmethod
    def _bus_of(context: Context, name: str) -> tuple[str, str]:
        if not name.startswith("arn:"):
            return context.who.account, name
        parts = name.split(":", 5)
        if parts[3] != context.region:
            raise AwsError("ValidationException", f"the bus '{name}' is in another region")
        return parts[4], parts[5].removeprefix("event-bus/")

    def _page(self, context: Context, items: list[Any], name: str) -> dict[str, Any]:
        shown, token = page(items, context.body.get("NextToken"), min(context.body.get("Limit", PAGE), self.page_size),
                            "ValidationException")
        return {name: shown, **({"NextToken": token} if token else {})}


def _wrong_with(target: dict[str, Any]) -> str:
    is_cluster = ":ecs:" in target["Arn"] and ":cluster/" in target["Arn"]
    if is_cluster and "EcsParameters" not in target:
        return f"Parameter(s) EcsParameters must be specified for target: {target['Id']}."
    if is_cluster and "RoleArn" not in target:
        return f"RoleArn is required for target {target['Arn']}."
    if "EcsParameters" in target and not is_cluster:
        return f"Parameter EcsParameters is not valid for target {target['Id']}."
    if len([name for name in ("Input", "InputPath", "InputTransformer") if name in target]) > 1:
        return f"Only one of Input, InputPath, or InputTransformer must be provided for target {target['Id']}."
    return ""


def _refused(code: str, message: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": message}


def _entry_bytes(entry: dict[str, Any]) -> int:
    """Amazon EventBridge User Guide, "Calculating PutEvents event entry size"."""
    texts = [entry.get("Source", ""), entry.get("DetailType", ""), entry.get("Detail", ""), *entry.get("Resources", [])]
    return sum(len(text.encode()) for text in texts) + (14 if "Time" in entry else 0)


