"""Amazon EventBridge Scheduler: UpdateSchedule sets everything, and what is left out is what it is by default.

Amazon EventBridge Scheduler API Reference, UpdateSchedule.
"""

from __future__ import annotations

import json
import re
from typing import Any

from . import rest
from .context import Context
from .paging import page
from .wire import AwsError, Response

PAGE = 100
START_GRACE_SECONDS = 300.0
_DEFAULTS = {"State": "ENABLED", "ScheduleExpressionTimezone": "UTC", "ActionAfterCompletion": "NONE"}
_EXPRESSION = re.compile(r"(?:rate|at|cron)\(.+\)\Z")
_NAME = re.compile(r"[0-9a-zA-Z\-_.]{1,64}\Z")
# In the order in which GetSchedule answers.
_OWN = ("Arn", "CreationDate", "LastModificationDate")


class Scheduler:
    def __init__(self) -> None:
        self._all: dict[tuple[str, str, str, str], dict[str, Any]] = {}
        self._tokens: dict[str, str] = {}
        self.page_size = PAGE
        self.with_nulls = False  # absent members are shown as null, as moto and some services of AWS do

    def reset(self) -> None:
        self._all.clear()
        self._tokens.clear()
        self.page_size = PAGE
        self.with_nulls = False

    # What tests and the seed do.

    def create(self, account: str, region: str, name: str, now: float, group: str = "default", **members: Any) -> None:
        self._all[(account, region, group, name)] = {
            "ActionAfterCompletion": "NONE", "Arn": f"arn:aws:scheduler:{region}:{account}:schedule/{group}/{name}",
            "CreationDate": now, "FlexibleTimeWindow": {"Mode": "OFF"}, "GroupName": group, "LastModificationDate": now,
            "Name": name, "ScheduleExpressionTimezone": "UTC", "State": "ENABLED", **members}

    def get(self, account: str, region: str, name: str, group: str = "default") -> dict[str, Any]:
        return self._all[(account, region, group, name)]

    # What the API does.

    def handle(self, context: Context) -> Response:
        handlers = {"ListSchedules": self._list, "GetSchedule": self._get, "UpdateSchedule": self._update}
        if context.operation not in handlers:
            raise AwsError("UnknownOperationException", f"the front has no scheduler:{context.operation}", 404)
        return handlers[context.operation](context)

    def _list(self, context: Context) -> Response:
        context.authorize("scheduler:ListSchedules", "*")
        group, prefix = context.body.get("GroupName"), context.body.get("NamePrefix", "")
        found = [one for (account, region, _, _), one in sorted(self._all.items())
                 if (account, region) == (context.who.account, context.region)
                 and group in (None, one["GroupName"]) and one["Name"].startswith(prefix)
                 and context.body.get("State", one["State"]) == one["State"]]
        shown, token = page(found, context.body.get("NextToken"), min(context.body.get("MaxResults", PAGE), self.page_size),
                            "ValidationException")
        names = ("Arn", "CreationDate", "GroupName", "LastModificationDate", "Name", "State")
        summaries = [{**{name: one[name] for name in names}, "Target": {"Arn": one["Target"]["Arn"]}} for one in shown]
        return rest.response({"NextToken": token, "Schedules": summaries})

    def _get(self, context: Context) -> Response:
        shown = self._existing(context, "GetSchedule")
        absent = ("Description", "EndDate", "KmsKeyArn", "StartDate") if self.with_nulls else ()
        return rest.response({**dict.fromkeys(absent), **shown})

    def _update(self, context: Context) -> Response:
        body = context.body
        old = self._existing(context, "UpdateSchedule")
        target = body["Target"]
        context.authorize("iam:PassRole", target["RoleArn"], {"iam:passedtoservice": "scheduler.amazonaws.com"})
        _check(body)
        _check_dates(body, context.now())
        if self._is_replay(context):
            return rest.response({"ScheduleArn": old["Arn"]})
        given = {name: value for name, value in body.items() if name != "ClientToken"}
        whole = {**_DEFAULTS, "GroupName": "default", **{name: old[name] for name in _OWN}, **given}
        whole["LastModificationDate"] = context.now()
        self._all[(context.who.account, context.region, whole["GroupName"], whole["Name"])] = dict(sorted(whole.items()))
        return rest.response({"ScheduleArn": whole["Arn"]})

    def _is_replay(self, context: Context) -> bool:
        """A token that has been seen makes the request the one of then: nothing is done, and another body is a conflict.
        How long AWS remembers, and whether for a schedule or for all, it does not say: here for ever, and for all."""
        token, asked = context.body.get("ClientToken"), json.dumps(context.body, sort_keys=True)
        if token is None:
            return False
        seen = self._tokens.setdefault(token, "")
        if seen not in ("", asked):
            raise AwsError("ConflictException", "The client token was used with other parameters.", 409)
        self._tokens[token] = asked
        return seen == asked

    def _existing(self, context: Context, operation: str) -> dict[str, Any]:
        name, group = context.body["Name"], context.body.get("GroupName", "default")
        context.authorize(f"scheduler:{operation}", context.arn("scheduler", f"schedule/{group}/{name}"))
        found = self._all.get((context.who.account, context.region, group, name))
        if found is None:
            raise AwsError("ResourceNotFoundException", f"Schedule {name} does not exist.", 404)
        return found


def _check(body: dict[str, Any]) -> None:
    window, target = body["FlexibleTimeWindow"], body["Target"]
    if (window["Mode"] == "FLEXIBLE") != ("MaximumWindowInMinutes" in window):
        raise AwsError("ValidationException", "MaximumWindowInMinutes goes with Mode FLEXIBLE, and with no other.")
    if not _EXPRESSION.match(body["ScheduleExpression"]):
        raise AwsError("ValidationException", f"Invalid Schedule Expression {body['ScheduleExpression']}.")
    if not _NAME.match(body["Name"]):
        raise AwsError("ValidationException", "Invalid Name.")
    is_cluster = ":ecs:" in target["Arn"] and ":cluster/" in target["Arn"]
    if is_cluster != ("EcsParameters" in target):
        raise AwsError("ValidationException", f"EcsParameters go with a cluster as target ({json.dumps(target['Arn'])}).")


def _check_dates(body: dict[str, Any], now: float) -> None:
    """A StartDate of long ago is refused, though GetSchedule shows it. Of at(), for which it is ignored, AWS does not say
    so: refused all the same, since the stricter of the two shows more."""
    start, end = body.get("StartDate"), body.get("EndDate")
    if start is not None and start < now - START_GRACE_SECONDS:
        raise AwsError("ValidationException", "The StartDate you specify cannot be earlier than 5 minutes ago.")
    if start is not None and end is not None and start >= end:
        raise AwsError("ValidationException", "The EndDate you specify must be after the StartDate.")
