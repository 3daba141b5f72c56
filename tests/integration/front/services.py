"""ECS services and their deployments, as the real ones roll: a new PRIMARY, the old one ACTIVE until it is drained.

moto's services have one deployment that never changes. It still knows which clusters and services exist, and is told
of every change, for what is left to it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from .context import Context
from .moto_bridge import Moto
from .taskdefs import TaskDefinition, TaskDefinitions, authorize_roles
from .wire import AwsError, Response, json_response

# Amazon ECS API Reference, UpdateService: what each deployment controller leaves to it.
_ANY_CONTROLLER = {"cluster", "service", "desiredCount", "healthCheckGracePeriodSeconds", "placementConstraints",
                   "placementStrategy", "enableECSManagedTags", "propagateTags"}
_ALLOWED = {"CODE_DEPLOY": _ANY_CONTROLLER | {"deploymentConfiguration"}, "EXTERNAL": _ANY_CONTROLLER}
# What starts a deployment when it changes.
_ROLLING = ("networkConfiguration", "platformVersion", "loadBalancers", "serviceRegistries",
            "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")


@dataclass
class Deployment:
    id: str
    task_definition: str
    created_at: float
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"

    @staticmethod
    def new_id() -> str:
        return f"ecs-svc/{secrets.randbelow(9 * 10**18) + 10**18}"


@dataclass
class Service:
    name: str
    arn: str
    cluster_arn: str
    created_at: float
    settings: dict[str, Any]  # members of CreateService and UpdateService that are shown as they were sent
    deployments: list[Deployment]
    status: str = "ACTIVE"
    controller: str | None = None  # None: the member is absent, as it is on services of old
    tags: list[dict[str, str]] = field(default_factory=list)
    forced: int = 0  # deployments that were forced

    @property
    def primary(self) -> Deployment:
        return next(one for one in self.deployments if one.status == "PRIMARY")

    def roll_to(self, task_definition: str, now: float) -> None:
        for one in self.deployments:
            one.status = "ACTIVE"
        self.deployments.insert(0, Deployment(Deployment.new_id(), task_definition, now))

    def complete(self) -> None:
        """The rollout ends well: only the primary deployment is left."""
        self.deployments = [self.primary]
        self.primary.rollout_state = "COMPLETED"

    def shown(self) -> dict[str, Any]:
        desired = self.settings.get("desiredCount", 0)
        value: dict[str, Any] = {
            "serviceArn": self.arn, "serviceName": self.name, "clusterArn": self.cluster_arn, "loadBalancers": [],
            "serviceRegistries": [], "status": self.status, "desiredCount": desired, "runningCount": desired,
            "pendingCount": 0, **self.settings, "taskDefinition": self.primary.task_definition,
            "deployments": [self._deployment(one, desired) for one in self.deployments],
            "roleArn": "arn:aws:iam::222222222222:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
            "events": [{"id": "4b1b5a4e-2f0b-4ad8-8c6a-2f4f0c8d7a11", "createdAt": self.created_at,
                        "message": f"(service {self.name}) has reached a \"steady\" state."}],
            "createdAt": self.created_at,
        }
        if self.controller is not None:
            value["deploymentController"] = {"type": self.controller}
        return value

    def _deployment(self, one: Deployment, desired: int) -> dict[str, Any]:
        primary = one.status == "PRIMARY"
        reason = "in progress" if one.rollout_state == "IN_PROGRESS" else "completed"
        return {
            "id": one.id, "status": one.status, "taskDefinition": one.task_definition,
            "desiredCount": desired if primary else 0, "pendingCount": 0, "runningCount": desired, "failedTasks": 0,
            "createdAt": one.created_at, "updatedAt": one.created_at,
            "launchType": self.settings.get("launchType", "EC2"), "platformVersion": "1.4.0",
            "rolloutState": one.rollout_state, "rolloutStateReason": f"ECS deployment {one.id} {reason}.",
        }


class Services:
    def __init__(self, moto: Moto, definitions: TaskDefinitions) -> None:
        self._moto = moto
        self._definitions = definitions
        self._all: dict[str, Service] = {}

    def reset(self) -> None:
        self._all.clear()

    # What tests and the seed do.

    def create_cluster(self, account: str, region: str, name: str) -> None:
        self._moto.json("ecs", "CreateCluster", {"clusterName": name}, account, region)

    def create(self, account: str, region: str, body: dict[str, Any], now: float) -> Service:
        definition = self._definitions.find(account, region, body["taskDefinition"])
        if definition is None:
            raise AwsError("ClientException", "TaskDefinition not found.")
        known: dict[str, Any] = {key: body[key] for key in ("cluster", "serviceName", "desiredCount") if key in body}
        shown = self._moto.json("ecs", "CreateService", {**known, "taskDefinition": definition.arn}, account, region)
        own = ("cluster", "serviceName", "taskDefinition", "deploymentController", "tags")
        service = Service(
            body["serviceName"], shown["service"]["serviceArn"], shown["service"]["clusterArn"], now,
            {key: value for key, value in body.items() if key not in own},
            [Deployment(Deployment.new_id(), definition.arn, now, rollout_state="COMPLETED")],
            controller=body.get("deploymentController", {}).get("type"), tags=body.get("tags", []))
        self._all[service.arn] = service
        return service

    def get(self, account: str, region: str, cluster: str, name: str) -> Service:
        """The service itself: what is changed in it, is changed in the world."""
        return self._all[f"arn:aws:ecs:{region}:{account}:service/{cluster}/{name}"]

    # What the API does.

    def handle_create(self, context: Context) -> Response:
        context.authorize("ecs:CreateService", self._arn(context, context.body["serviceName"]))
        service = self.create(context.who.account, context.region, context.body, context.now())
        return json_response({"service": service.shown()})

    def handle_describe(self, context: Context) -> Response:
        names = context.body["services"]
        if not names:
            raise AwsError("InvalidParameterException", "Services cannot be empty.")
        if len(names) > 10:
            raise AwsError("InvalidParameterException", "Services exceed the limit of 10.")
        for name in names:
            context.authorize("ecs:DescribeServices", self._arn(context, name), {"ecs:cluster": self._cluster(context)})
        answer = self._moto.json("ecs", "DescribeServices", context.request.body, context.who.account, context.region)
        found = [self._all[one["serviceArn"]] for one in answer["services"]]
        shown = [service.shown() for service in found]
        if "TAGS" in context.body.get("include", []):
            shown = [{**value, "tags": service.tags} for value, service in zip(shown, found)]
        return json_response({"services": shown, "failures": answer["failures"]})

    def handle_update(self, context: Context) -> Response:
        body = context.body
        context.authorize("ecs:UpdateService", self._arn(context, body["service"]), {"ecs:cluster": self._cluster(context)})
        service = self._existing(context)
        if service.status != "ACTIVE":
            raise AwsError("ServiceNotActiveException", "Service was not ACTIVE.")
        _check_controller(service, body)
        definition = self._resolve(context, service)
        authorize_roles(context, [definition.value("taskRoleArn"), definition.value("executionRoleArn")])
        self._update(service, body, definition, context.now())
        return json_response({"service": service.shown()})

    def _existing(self, context: Context) -> Service:
        # moto knows which clusters and services there are, and the words when there is none.
        known: dict[str, Any] = {key: context.body[key] for key in ("cluster", "service", "desiredCount") if key in context.body}
        answer = self._moto.json("ecs", "UpdateService", known, context.who.account, context.region)
        return self._all[answer["service"]["serviceArn"]]

    def _resolve(self, context: Context, service: Service) -> TaskDefinition:
        name = context.body.get("taskDefinition", service.primary.task_definition)
        definition = self._definitions.find(context.who.account, context.region, name)
        if definition is None:
            raise AwsError("ClientException", "TaskDefinition not found.")
        if definition.status != "ACTIVE" and "taskDefinition" in context.body:
            raise AwsError("ClientException", "TaskDefinition is inactive")
        return definition

    @staticmethod
    def _update(service: Service, body: dict[str, Any], definition: TaskDefinition, now: float) -> None:
        changed = definition.arn != service.primary.task_definition
        changed |= any(name in body and body[name] != service.settings.get(name) for name in _ROLLING)
        own = ("cluster", "service", "taskDefinition", "forceNewDeployment", "deploymentController")
        service.settings.update({key: value for key, value in body.items() if key not in own})
        if changed or body.get("forceNewDeployment"):
            service.roll_to(definition.arn, now)
            service.forced += bool(body.get("forceNewDeployment"))

    @staticmethod
    def _cluster(context: Context) -> str:
        cluster = context.body.get("cluster", "default")
        return cluster if cluster.startswith("arn:") else context.arn("ecs", f"cluster/{cluster}")

    def _arn(self, context: Context, name: str) -> str:
        cluster = self._cluster(context).rpartition("/")[2]
        return name if name.startswith("arn:") else context.arn("ecs", f"service/{cluster}/{name}")


def _check_controller(service: Service, body: dict[str, Any]) -> None:
    controller = service.controller or "ECS"
    forbidden = set(body) - _ALLOWED.get(controller, set(body))
    instead = {"CODE_DEPLOY": "Use AWS CodeDeploy to trigger a new deployment.",
               "EXTERNAL": "Use task sets to trigger a new deployment."}
    if "forceNewDeployment" in forbidden:
        raise AwsError("InvalidParameterException", f"Cannot force a new deployment on services with a {controller} "
                                                    f"deployment controller. {instead[controller]}")
    if "taskDefinition" in forbidden:
        raise AwsError("InvalidParameterException", f"Unable to update task definition on services with a {controller} "
                                                    f"deployment controller. {instead[controller]}")
    if forbidden:
        raise AwsError("InvalidParameterException", f"Unable to update {min(forbidden)} on services with a "
                                                    f"{controller} deployment controller. {instead[controller]}")
