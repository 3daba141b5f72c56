"""How a service's deployments end, and what ECS tells of it: service deployments and revisions, service events, and
the events that it sends to EventBridge.

Nothing here moves by itself: a rollout goes on when a test says so. Amazon ECS Developer Guide, "How the Amazon ECS
deployment circuit breaker detects failures", "View service history using Amazon ECS service deployments", and "Amazon
ECS service deployment state change events".
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from .wire import request_id

_URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"


@dataclass
class Deployment:
    """One of a service's `deployments`, or of its task sets."""

    id: str
    task_definition: str
    created_at: float
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"
    revision_arn: str = ""  # the service revision that it brings
    updated_at: float = 0.0
    failed_tasks: int = 0
    reason: str = ""  # empty: the usual words of its state

    @staticmethod
    def new_id() -> str:
        return f"ecs-svc/{secrets.randbelow(9 * 10**18) + 10**18}"

    @property
    def state_reason(self) -> str:
        words = {"IN_PROGRESS": "in progress", "COMPLETED": "completed", "FAILED": "failed"}[self.rollout_state]
        return self.reason or f"ECS deployment {self.id} {words}."


@dataclass
class ServiceDeployment:
    """The record of a deployment, kept when the deployment itself is gone."""

    arn: str
    deployment_id: str
    source: list[str]  # service revisions
    target: str
    created_at: float
    status: str = "IN_PROGRESS"
    reason: str = ""
    finished_at: float | None = None
    failures: int = 0
    rollback: dict[str, Any] = field(default_factory=dict)

    @property
    def is_running(self) -> bool:
        return self.status in ("PENDING", "IN_PROGRESS", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")

    def brief(self, service_arn: str, cluster_arn: str) -> dict[str, Any]:
        value: dict[str, Any] = {
            "serviceDeploymentArn": self.arn, "serviceArn": service_arn, "clusterArn": cluster_arn,
            "startedAt": self.created_at, "createdAt": self.created_at, "targetServiceRevisionArn": self.target,
            "status": self.status}
        if self.finished_at is not None:
            value["finishedAt"] = self.finished_at
        if self.reason:
            value["statusReason"] = self.reason
        return value

    def whole(self, service_arn: str, cluster_arn: str, desired: int) -> dict[str, Any]:
        def counted(arn: str) -> dict[str, Any]:
            return {"arn": arn, "requestedTaskCount": desired, "runningTaskCount": desired, "pendingTaskCount": 0}

        value = self.brief(service_arn, cluster_arn)
        del value["targetServiceRevisionArn"]
        value.update({
            "updatedAt": self.finished_at or self.created_at, "targetServiceRevision": counted(self.target),
            "sourceServiceRevisions": [counted(arn) for arn in self.source],
            "deploymentCircuitBreaker": {"status": "TRIGGERED" if self.failures else "MONITORING",
                                         "failureCount": self.failures, "threshold": 3},
            "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100}})
        if self.rollback:
            value["rollback"] = self.rollback
        return value


@dataclass(frozen=True)
class ServiceRevision:
    arn: str
    task_definition: str
    created_at: float


class Rollouts:
    """The deployments of one service."""

    def __init__(self, service_arn: str) -> None:
        self.service_arn = service_arn
        self.current: list[Deployment] = []
        self.history: list[ServiceDeployment] = []  # oldest first
        self.revisions: dict[str, ServiceRevision] = {}
        self.events: list[dict[str, Any]] = []  # newest first

    @property
    def name(self) -> str:
        return self.service_arn.rpartition("/")[2]

    @property
    def primary(self) -> Deployment:
        return next(one for one in self.current if one.status == "PRIMARY")

    def _arn(self, kind: str, identifier: str) -> str:
        return f"{self.service_arn.replace(':service/', f':{kind}/')}/{identifier}"

    def begin(self, task_definition: str, now: float, status: str = "IN_PROGRESS") -> Deployment:
        """A new deployment becomes the PRIMARY one; a service deployment that was under way is stopped by it."""
        source = [one.revision_arn for one in self.current]
        for older in self.history:
            if older.is_running:
                older.status, older.finished_at = "STOPPED", now
                older.reason = "Service deployment was stopped because a newer service deployment was started."
        for one in self.current:
            one.status = "ACTIVE"
        revision = ServiceRevision(self._arn("service-revision", str(secrets.randbelow(9 * 10**18) + 10**18)), task_definition, now)
        self.revisions[revision.arn] = revision
        deployment = Deployment(Deployment.new_id(), task_definition, now, revision_arn=revision.arn, updated_at=now)
        self.current.insert(0, deployment)
        identifier = "".join(secrets.choice(_URL_SAFE) for _ in range(21))
        self.history.append(ServiceDeployment(self._arn("service-deployment", identifier), deployment.id, source,
                                              revision.arn, now, status))
        return deployment

    def running(self) -> ServiceDeployment | None:
        return next((one for one in reversed(self.history) if one.is_running), None)

    def complete(self, now: float) -> None:
        """The rollout ends well: only the primary deployment is left."""
        self.primary.rollout_state, self.primary.reason, self.primary.updated_at = "COMPLETED", "", now
        self.current = [self.primary]
        running = self.running()
        if running is not None:
            running.finished_at = now
            running.status = "ROLLBACK_SUCCESSFUL" if running.rollback else "SUCCESSFUL"
        self.say(f"(service {self.name}) (deployment {self.primary.id}) deployment completed.", now)
        self.say(f"(service {self.name}) has reached a steady state.", now)

    def fail(self, now: float, reason: str, failed_tasks: int) -> None:
        """The circuit breaker ends the rollout, and leaves all as it is."""
        primary = self.primary
        primary.rollout_state, primary.reason, primary.updated_at = "FAILED", reason, now
        primary.failed_tasks = failed_tasks
        running = self.running()
        if running is not None:
            running.status, running.reason, running.finished_at, running.failures = "STOPPED", reason, now, failed_tasks
        self.say(f"(service {self.name}) (deployment {primary.id}) deployment failed: {reason.partition(': ')[2]}", now)

    def last_completed(self) -> Deployment | None:
        return next((one for one in self.current if one.rollout_state == "COMPLETED"), None)

    def go_back(self, now: float, why: str, failed_tasks: int = 0) -> None:
        """The last completed deployment becomes the PRIMARY one again, the one that was is on its way out."""
        back = self.last_completed()
        assert back is not None, "there is no completed deployment to go back to"
        left = self.primary
        left.status, left.failed_tasks, left.updated_at = "ACTIVE", failed_tasks, now
        left.rollout_state = "FAILED"
        left.reason = left.reason or why
        back.status, back.rollout_state, back.updated_at = "PRIMARY", "IN_PROGRESS", now
        back.reason = f"ECS deployment circuit breaker: rolling back to deploymentId {back.id}."
        self.current.remove(back)
        self.current.insert(0, back)
        record = next(one for one in reversed(self.history) if one.deployment_id == left.id)
        record.status, record.finished_at, record.failures = "ROLLBACK_IN_PROGRESS", None, failed_tasks
        record.reason = why
        record.rollback = {"reason": why, "startedAt": now, "serviceRevisionArn": back.revision_arn}
        self.say(f"(service {self.name}) rolling back to deployment {back.id}.", now)

    def say(self, message: str, now: float) -> None:
        self.events.insert(0, {"id": request_id(), "createdAt": now, "message": message})


def state_change(service_arn: str, deployment_id: str, name: str, reason: str, now: float) -> dict[str, Any]:
    """The EventBridge event "ECS Deployment State Change" that ECS would send."""
    _, _, _, region, account, _ = service_arn.split(":", 5)
    time = datetime.fromtimestamp(now, timezone.utc)
    return {
        "version": "0", "id": request_id(), "detail-type": "ECS Deployment State Change", "source": "aws.ecs",
        "account": account, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ"), "region": region, "resources": [service_arn],
        "detail": {"eventType": "ERROR" if name.endswith("_FAILED") else "INFO", "eventName": name,
                   "clusterArn": service_arn.rpartition("/")[0].replace(":service/", ":cluster/"),
                   "deploymentId": deployment_id, "updatedAt": time.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
                   "reason": reason}}


def service_action(service_arn: str, name: str, now: float, kind: str = "WARN", **more: Any) -> dict[str, Any]:
    """The EventBridge event "ECS Service Action"."""
    event = state_change(service_arn, "", name, "", now)
    detail = {"eventType": kind, "eventName": name, "clusterArn": event["detail"]["clusterArn"],
              "createdAt": event["detail"]["updatedAt"], **more}
    return {**event, "detail-type": "ECS Service Action", "detail": detail}
