"""ECS tasks: those that a test lets stop, with AWS's words for why."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from .context import Context
from .paging import page
from .wire import AwsError, Response, json_response

PAGE = 100
MAX_DESCRIBED = 100


@dataclass
class Task:
    arn: str
    cluster_arn: str
    group: str
    started_by: str
    task_definition: str
    created_at: float
    containers: list[dict[str, Any]]
    last_status: str = "RUNNING"
    stop_code: str = ""
    stopped_reason: str = ""
    stopped_at: float | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def family(self) -> str:
        return self.task_definition.rpartition("/")[2].partition(":")[0]

    def shown(self) -> dict[str, Any]:
        value: dict[str, Any] = {
            "attachments": [], "attributes": [], "clusterArn": self.cluster_arn, "connectivity": "CONNECTED",
            "containers": self.containers, "cpu": "512", "createdAt": self.created_at,
            "desiredStatus": "STOPPED" if self.stopped_at else "RUNNING", "group": self.group, "healthStatus": "UNKNOWN",
            "lastStatus": self.last_status, "launchType": "FARGATE", "memory": "1024", "overrides": {"containerOverrides": []},
            "startedBy": self.started_by, "tags": [], "taskArn": self.arn, "taskDefinitionArn": self.task_definition,
            "version": 4, **self.more}
        if self.stopped_at is not None:
            value.update({"stopCode": self.stop_code, "stoppedAt": self.stopped_at, "stoppedReason": self.stopped_reason,
                          "stoppingAt": self.stopped_at, "executionStoppedAt": self.stopped_at})
        return {name: one for name, one in value.items() if one != ""}


class Tasks:
    def __init__(self) -> None:
        self.all: list[Task] = []

    def reset(self) -> None:
        self.all.clear()

    def stop(self, cluster_arn: str, service: str, started_by: str, task_definition: str, now: float, *, reason: str,
             code: str, containers: list[dict[str, Any]], **more: Any) -> Task:
        """A task that has stopped; `containers` are members of the API's Container: name, exitCode, reason."""
        arn = f"{cluster_arn.replace(':cluster/', ':task/')}/{secrets.token_hex(16)}"
        shown = [{"containerArn": f"{arn.replace(':task/', ':container/')}/{secrets.token_hex(8)}", "taskArn": arn,
                  "lastStatus": "STOPPED", "networkInterfaces": [], "healthStatus": "UNKNOWN", "cpu": "0", **one}
                 for one in containers]
        task = Task(arn, cluster_arn, f"service:{service}", started_by, task_definition, now - 60, shown, "STOPPED", code,
                    reason, now, more)
        self.all.append(task)
        return task

    def handle_list(self, context: Context) -> Response:
        body = context.body
        cluster = cluster_arn(context)
        context.authorize("ecs:ListTasks", "*", {"ecs:cluster": cluster})
        if "startedBy" in body and set(body) & {"family", "serviceName", "containerInstance"}:
            raise AwsError("InvalidParameterException", "cannot specify startedBy with another filter.")
        wanted = body.get("desiredStatus", "RUNNING")
        service = body.get("serviceName", "").rpartition("/")[2]
        found = [one.arn for one in reversed(self.all)
                 if one.cluster_arn == cluster and one.shown()["desiredStatus"] == wanted
                 and body.get("startedBy", one.started_by) == one.started_by
                 and body.get("family", one.family) == one.family and service in ("", one.group.removeprefix("service:"))]
        shown, token = page(found, body.get("nextToken"), body.get("maxResults", PAGE), "InvalidParameterException")
        return json_response({"taskArns": shown, **({"nextToken": token} if token else {})})

    def handle_describe(self, context: Context) -> Response:
        cluster, names = cluster_arn(context), context.body["tasks"]
        if not names:
            raise AwsError("InvalidParameterException", "Tasks cannot be empty.")
        if len(names) > MAX_DESCRIBED:
            raise AwsError("InvalidParameterException", "Tasks cannot have more than 100 elements.")
        tasks, failures = [], []
        for name in names:
            arn = name if name.startswith("arn:") else f"{cluster.replace(':cluster/', ':task/')}/{name}"
            context.authorize("ecs:DescribeTasks", arn, {"ecs:cluster": cluster})
            task = next((one for one in self.all if one.arn == arn and one.cluster_arn == cluster), None)
            if task is None:
                failures.append({"arn": arn, "reason": "MISSING"})
            else:
                tasks.append(task.shown())
        return json_response({"tasks": tasks, "failures": failures})


def cluster_arn(context: Context) -> str:
    cluster = str(context.body.get("cluster", "default"))
    return cluster if cluster.startswith("arn:") else context.arn("ecs", f"cluster/{cluster}")
