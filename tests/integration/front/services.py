"""ECS services and their deployments, as the real ones roll: a new PRIMARY, the old one ACTIVE until it is drained.

moto's services have one deployment that never changes. It still knows which clusters and services exist, and is told
of every change, for what is left to it.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from .context import Context
from .moto_bridge import Moto
from .paging import page
from .rollouts import Deployment, Rollouts, ServiceDeployment
from .taskdefs import TaskDefinition, TaskDefinitions, authorize_roles
from .wire import AwsError, Response, json_response

# Amazon ECS API Reference, UpdateService: what each deployment controller leaves to it.
_ANY_CONTROLLER = {"cluster", "service", "desiredCount", "healthCheckGracePeriodSeconds", "placementConstraints",
                   "placementStrategy", "enableECSManagedTags", "propagateTags"}
_ALLOWED = {"CODE_DEPLOY": _ANY_CONTROLLER | {"deploymentConfiguration"}, "EXTERNAL": _ANY_CONTROLLER}
# What starts a deployment when it changes.
_ROLLING = ("networkConfiguration", "platformVersion", "loadBalancers", "serviceRegistries",
            "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")

BEHIND_SECONDS = 900.0
MAX_EVENTS = 100
PAGE = 100
# Amazon ECS API Reference, DescribeServiceDeployments, DescribeServiceRevisions.
MAX_DESCRIBED = 20


@dataclass
class Service:
    name: str
    arn: str
    cluster_arn: str
    created_at: float
    settings: dict[str, Any]  # members of CreateService and UpdateService that are shown as they were sent
    rollouts: Rollouts
    status: str = "ACTIVE"
    controller: str | None = None  # None: the member is absent, as it is on services of old
    tags: list[dict[str, str]] = field(default_factory=list)
    forced: int = 0  # deployments that were forced
    task_set_sources: dict[str, str] = field(default_factory=dict)  # by task set: the CodeDeploy deployment

    @property
    def deployments(self) -> list[Deployment]:
        return self.rollouts.current

    @deployments.setter
    def deployments(self, value: list[Deployment]) -> None:
        self.rollouts.current = value

    @property
    def primary(self) -> Deployment:
        return self.rollouts.primary

    def primary_of(self, identifier: str) -> Deployment:
        return next(one for one in self.deployments if one.id == identifier)

    def roll_to(self, task_definition: str, now: float) -> None:
        self.rollouts.begin(task_definition, now)

    def complete(self, now: float | None = None) -> None:
        """The rollout ends well: only the primary deployment is left."""
        self.rollouts.complete(now or time.time())

    def add_task_set(self, task_definition: str, now: float) -> str:
        """A replacement task set, beside the one that runs; its id."""
        identifier = f"ecs-svc/{secrets.randbelow(9 * 10**18) + 10**18}"
        self.deployments.append(Deployment(identifier, task_definition, now, "ACTIVE", updated_at=now))
        return identifier

    def load_balanced(self) -> set[tuple[str, int]]:
        return {(one["containerName"], one["containerPort"]) for one in self.settings.get("loadBalancers", [])}

    def shown(self) -> dict[str, Any]:
        desired = self.settings.get("desiredCount", 0)
        value: dict[str, Any] = {
            "serviceArn": self.arn, "serviceName": self.name, "clusterArn": self.cluster_arn, "loadBalancers": [],
            "serviceRegistries": [], "status": self.status, "desiredCount": desired, "runningCount": desired,
            "pendingCount": 0, **self.settings, "taskDefinition": self.primary.task_definition,
            "deployments": [self._deployment(one, desired) for one in self.deployments],
            "roleArn": "arn:aws:iam::222222222222:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
            "events": self.rollouts.events[:MAX_EVENTS], "createdAt": self.created_at,
        }
        if self.controller is not None:
            value["deploymentController"] = {"type": self.controller}
        if self.controller in ("CODE_DEPLOY", "EXTERNAL"):
            value["deployments"] = []
            value["taskSets"] = [self._task_set(one, desired) for one in self.deployments]
        elif self.rollouts.history:
            last = self.rollouts.history[-1]
            value["currentServiceRevisions"] = [
                {"arn": one.revision_arn, "requestedTaskCount": desired, "runningTaskCount": desired, "pendingTaskCount": 0}
                for one in self.deployments]
            if last.is_running:
                value["currentServiceDeployment"] = last.arn
        return value

    def _deployment(self, one: Deployment, desired: int) -> dict[str, Any]:
        primary = one.status == "PRIMARY"
        return {
            "id": one.id, "status": one.status, "taskDefinition": one.task_definition,
            "desiredCount": desired if primary else 0, "pendingCount": 0, "runningCount": desired,
            "failedTasks": one.failed_tasks, "createdAt": one.created_at, "updatedAt": one.updated_at or one.created_at,
            "launchType": self.settings.get("launchType", "EC2"), "platformVersion": "1.4.0",
            "rolloutState": one.rollout_state, "rolloutStateReason": one.state_reason,
        }

    def _task_set(self, one: Deployment, desired: int) -> dict[str, Any]:
        shown = {
            "id": one.id, "taskSetArn": f"{self.arn.replace(':service/', ':task-set/')}/{one.id}", "serviceArn": self.arn,
            "clusterArn": self.cluster_arn, "status": one.status, "taskDefinition": one.task_definition,
            "startedBy": "CODE_DEPLOY", "externalId": self.task_set_sources.get(one.id, "d-INITIAL01"),
            "computedDesiredCount": desired, "pendingCount": 0, "runningCount": desired, "createdAt": one.created_at,
            "updatedAt": one.updated_at or one.created_at, "launchType": self.settings.get("launchType", "EC2"),
            "platformVersion": "1.4.0", "loadBalancers": self.settings.get("loadBalancers", []), "serviceRegistries": [],
            "scale": {"value": 100.0, "unit": "PERCENT"}, "stabilityStatus": "STEADY_STATE", "tags": [],
        }
        if self.controller == "EXTERNAL":
            del shown["startedBy"], shown["externalId"]
        return shown


class Services:
    def __init__(self, moto: Moto, definitions: TaskDefinitions) -> None:
        self._moto = moto
        self._definitions = definitions
        self._all: dict[str, Service] = {}
        # Deployments begin that long ago, so that a rollout can take its time and yet have ended.
        self.behind_seconds = BEHIND_SECONDS

    def reset(self) -> None:
        self._all.clear()
        self.behind_seconds = BEHIND_SECONDS

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
            {key: value for key, value in body.items() if key not in own}, Rollouts(shown["service"]["serviceArn"]),
            controller=body.get("deploymentController", {}).get("type"), tags=body.get("tags", []))
        service.rollouts.begin(definition.arn, now)
        service.rollouts.complete(now)
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
        self._update(service, body, definition, context.now() - self.behind_seconds)
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

    def handle_list_deployments(self, context: Context) -> Response:
        body = context.body
        context.authorize("ecs:ListServiceDeployments", self._arn(context, body["service"]), {"ecs:cluster": self._cluster(context)})
        service = self._all.get(self._arn(context, body["service"]))
        if service is None:
            raise AwsError("ServiceNotFoundException", "Service not found.")
        _check_uses_deployments(service)
        between = body.get("createdAt", {})
        found = [one.brief(service.arn, service.cluster_arn) for one in reversed(service.rollouts.history)
                 if one.status in body.get("status", [one.status])
                 and between.get("after", 0) <= one.created_at <= between.get("before", one.created_at)]
        shown, token = page(found, body.get("nextToken"), body.get("maxResults", PAGE), "InvalidParameterException")
        return json_response({"serviceDeployments": shown, **({"nextToken": token} if token else {})})

    def handle_describe_deployments(self, context: Context) -> Response:
        shown, failures = [], []
        for arn in _described(context.body["serviceDeploymentArns"]):
            context.authorize("ecs:DescribeServiceDeployments", arn, {"ecs:cluster": _cluster_of(arn)})
            service, record = self._record(arn)
            if service is None or record is None or service.arn.split(":")[4] != context.who.account:
                failures.append({"arn": arn, "reason": "MISSING"})
            else:
                shown.append(record.whole(service.arn, service.cluster_arn, service.settings.get("desiredCount", 0)))
        return json_response({"serviceDeployments": shown, "failures": failures})

    def handle_describe_revisions(self, context: Context) -> Response:
        shown, failures = [], []
        for arn in _described(context.body["serviceRevisionArns"]):
            context.authorize("ecs:DescribeServiceRevisions", arn, {"ecs:cluster": _cluster_of(arn)})
            service = next((one for one in self._all.values() if arn in one.rollouts.revisions), None)
            if service is None or service.arn.split(":")[4] != context.who.account:
                failures.append({"arn": arn, "reason": "MISSING"})
                continue
            revision = service.rollouts.revisions[arn]
            definition = self._definitions.find(context.who.account, context.region, revision.task_definition)
            images = [] if definition is None else [
                {"containerName": name, "image": image, **({"imageDigest": image.partition("@")[2]} if "@" in image else {})}
                for name, image in definition.images.items()]
            shown.append({"serviceRevisionArn": arn, "serviceArn": service.arn, "clusterArn": service.cluster_arn,
                          "taskDefinition": revision.task_definition, "containerImages": images,
                          "createdAt": revision.created_at, "guardDutyEnabled": False})
        return json_response({"serviceRevisions": shown, "failures": failures})

    def handle_stop_deployment(self, context: Context) -> Response:
        arn = context.body["serviceDeploymentArn"]
        context.authorize("ecs:StopServiceDeployment", arn, {"ecs:cluster": _cluster_of(arn)})
        service, record = self._record(arn)
        if service is None or record is None or service.arn.split(":")[4] != context.who.account:
            raise AwsError("ServiceDeploymentNotFoundException", "Service deployment not found.")
        if context.body.get("stopType", "ROLLBACK") != "ROLLBACK":
            raise AwsError("InvalidParameterException", "stopType must be ROLLBACK.")
        if record.status not in ("PENDING", "IN_PROGRESS"):
            raise AwsError("ConflictException", f"The service deployment cannot be stopped. Its status is {record.status}.")
        if service.rollouts.last_completed() is None:
            raise AwsError("ConflictException", "The service deployment cannot be rolled back. There is no completed one.")
        service.rollouts.go_back(context.now() - self.behind_seconds, "Service deployment rollback was requested by the user.")
        return json_response({"serviceDeploymentArn": arn})

    def _record(self, arn: str) -> tuple[Service | None, ServiceDeployment | None]:
        for service in self._all.values():
            for record in service.rollouts.history:
                if record.arn == arn:
                    return service, record
        return None, None

    @staticmethod
    def _cluster(context: Context) -> str:
        cluster = context.body.get("cluster", "default")
        return cluster if cluster.startswith("arn:") else context.arn("ecs", f"cluster/{cluster}")

    def _arn(self, context: Context, name: str) -> str:
        cluster = self._cluster(context).rpartition("/")[2]
        return name if name.startswith("arn:") else context.arn("ecs", f"service/{cluster}/{name}")


def _described(arns: list[str]) -> list[str]:
    if not arns or len(arns) > MAX_DESCRIBED:
        raise AwsError("InvalidParameterException", "between 1 and 20 ARNs are described at once.")
    return arns


def _cluster_of(arn: str) -> str:
    """The cluster's ARN, out of a service deployment's or revision's: …:service-deployment/<cluster>/<service>/<id>."""
    head, _, rest = arn.partition("/")
    return f"{head.rpartition(':')[0]}:cluster/{rest.partition('/')[0]}"


def _check_uses_deployments(service: Service) -> None:
    if (service.controller or "ECS") != "ECS":
        raise AwsError("UnsupportedFeatureException", "Service deployments are not supported for this deployment controller.")


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
