"""AWS CodeDeploy, as far as blue/green deployments of ECS services go.

A deployment group has one service; one deployment runs in it at a time. A deployment starts a task set beside the
running one; what becomes of it, the test says (`finish`). The AppSpec's text is kept with the application, under its
hash: a group and a deployment show the hash alone (AWS CodeDeploy API Reference, GetDeployment).
"""

from __future__ import annotations

import hashlib
import secrets
import string
from dataclasses import dataclass, field
from typing import Any

import yaml

from .context import Context
from .paging import page
from .services import Services
from .taskdefs import TaskDefinitions
from .wire import AwsError, Response, json_response

PAGE = 100
# AWS CodeDeploy API Reference, BatchGetDeploymentGroups, BatchGetDeployments.
MAX_GROUPS = 100
MAX_DEPLOYMENTS = 25
# The types of a revision that is a text, and the member that has it.
_TEXTS = {"AppSpecContent": "appSpecContent", "String": "string"}
_RUNNING = ("Created", "Queued", "InProgress", "Baking", "Ready")


@dataclass
class Group:
    name: str
    cluster: str
    service: str
    config: str = "CodeDeployDefault.ECSAllAtOnce"
    last_successful: str = ""
    deployments: list[Deployment] = field(default_factory=list)


@dataclass
class Deployment:
    id: str
    application: str
    group: str
    kind: str  # of the revision, as it was sent
    content: str  # the AppSpec, as it was sent
    sha256: str
    description: str
    created_at: float
    task_definition: str
    task_set: str  # the id of the task set that it started
    status: str = "InProgress"
    completed_at: float | None = None
    error: str = ""


class CodeDeploy:
    def __init__(self, services: Services, definitions: TaskDefinitions) -> None:
        self._services = services
        self._definitions = definitions
        self._applications: dict[tuple[str, str], dict[str, dict[str, Group]]] = {}
        self.page_size = PAGE

    def reset(self) -> None:
        self._applications.clear()
        self.page_size = PAGE

    # What tests and the seed do.

    def add_application(self, account: str, region: str, name: str) -> None:
        self._applications.setdefault((account, region), {}).setdefault(name, {})

    def add_group(self, account: str, region: str, application: str, group: Group) -> Group:
        self.add_application(account, region, application)
        self._applications[(account, region)][application][group.name] = group
        return group

    def group(self, account: str, region: str, application: str, name: str) -> Group:
        return self._applications[(account, region)][application][name]

    def add_past(self, account: str, region: str, application: str, group: Group, content: str, kind: str = "AppSpecContent") -> None:
        """What someone else had deployed long ago."""
        service = self._services.get(account, region, group.cluster, group.service)
        group.deployments.append(Deployment(
            _identifier(), application, group.name, kind, content, _sha256(content), "", 0, service.primary.task_definition,
            service.primary.id, "Succeeded", 1))
        group.last_successful = group.deployments[-1].id

    def finish(self, account: str, region: str, deployment: Deployment, status: str, now: float, error: str = "") -> None:
        """Succeeded: the new task set is the PRIMARY one. Failed or Stopped: it is gone."""
        group = self.group(account, region, deployment.application, deployment.group)
        service = self._services.get(account, region, group.cluster, group.service)
        deployment.status, deployment.completed_at, deployment.error = status, now, error
        if status == "Succeeded":
            group.last_successful = deployment.id
            service.deployments = [one for one in service.deployments if one.id == deployment.task_set]
            service.primary_of(deployment.task_set).status = "PRIMARY"
            service.primary.rollout_state = "COMPLETED"
        else:
            service.deployments = [one for one in service.deployments if one.id != deployment.task_set]

    # What the API does.

    def handle(self, context: Context) -> Response:
        handlers = {"ListApplications": self._list_applications, "ListDeploymentGroups": self._list_groups,
                    "BatchGetDeploymentGroups": self._batch_groups, "GetDeploymentGroup": self._get_group,
                    "CreateDeployment": self._create, "ListDeployments": self._list_deployments,
                    "BatchGetDeployments": self._batch_deployments, "GetDeployment": self._get_deployment,
                    "GetApplicationRevision": self._get_revision}
        if context.operation not in handlers:
            raise AwsError("UnknownOperationException", f"the front has no codedeploy:{context.operation}", 404)
        return handlers[context.operation](context)

    def _list_applications(self, context: Context) -> Response:
        context.authorize("codedeploy:ListApplications", "*")
        return json_response(self._page(context, sorted(self._mine(context)), "applications"))

    def _list_groups(self, context: Context) -> Response:
        name = context.body["applicationName"]
        context.authorize("codedeploy:ListDeploymentGroups", context.arn("codedeploy", f"application:{name}"))
        groups = sorted(self._application(context))
        return json_response({"applicationName": name, **self._page(context, groups, "deploymentGroups")})

    def _batch_groups(self, context: Context) -> Response:
        names = context.body["deploymentGroupNames"]
        if not names:
            raise AwsError("DeploymentGroupNameRequiredException", "The deployment group name was not specified.")
        if len(names) > MAX_GROUPS:
            raise AwsError("BatchLimitExceededException", "The maximum number of names for this call has been exceeded.")
        for name in names:
            self._authorize(context, "BatchGetDeploymentGroups", name)
        known = self._application(context)
        missing = [name for name in names if name not in known]
        answer: dict[str, Any] = {"deploymentGroupsInfo": [self._shown_group(context, known[name]) for name in names if name in known]}
        if missing:
            answer["errorMessage"] = f"No Deployment Group found for name: {missing[0]}"
        return json_response(answer)

    def _get_group(self, context: Context) -> Response:
        self._authorize(context, "GetDeploymentGroup", context.body["deploymentGroupName"])
        return json_response({"deploymentGroupInfo": self._shown_group(context, self._group(context))})

    def _get_revision(self, context: Context) -> Response:
        name = context.body["applicationName"]
        context.authorize("codedeploy:GetApplicationRevision", context.arn("codedeploy", f"application:{name}"))
        used = [one for group in self._application(context).values() for one in group.deployments]
        revision = context.body.get("revision")
        if not revision:
            raise AwsError("RevisionRequiredException", "The revision ID was not specified.")
        kind = revision.get("revisionType")
        if kind not in _TEXTS or set(revision) != {"revisionType", _TEXTS[kind]}:
            raise AwsError("InvalidRevisionException", "The revision was specified in an invalid format.")
        given = revision[_TEXTS[kind]]
        sha256 = given.get("sha256") or _sha256(given.get("content") or "")
        found = [one for one in used if (one.kind, one.sha256) == (kind, sha256)]
        if not found:
            raise AwsError("RevisionDoesNotExistException", f"No revision found for: {sha256}")
        return json_response({
            "applicationName": name, "revision": _location(found[0], found[0].content),
            "revisionInfo": {"description": f"Application revision registered by Deployment ID: {found[0].id}",
                             "deploymentGroups": sorted({one.group for one in found}), "registerTime": found[0].created_at,
                             "firstUsedTime": found[0].created_at, "lastUsedTime": found[-1].created_at}})

    def _create(self, context: Context) -> Response:
        body = context.body
        if "deploymentGroupName" not in body:
            raise AwsError("DeploymentGroupNameRequiredException", "The deployment group name was not specified.")
        self._authorize(context, "CreateDeployment", body["deploymentGroupName"])
        group = self._group(context)
        config = body.get("deploymentConfigName", group.config)
        context.authorize("codedeploy:GetDeploymentConfig", context.arn("codedeploy", f"deploymentconfig:{config}"))
        context.authorize("codedeploy:RegisterApplicationRevision",
                          context.arn("codedeploy", f"application:{body['applicationName']}"))
        kind, content, sha256 = _content(body)
        service = self._services.get(context.who.account, context.region, group.cluster, group.service)
        definition = self._check_app_spec(context, content, service.load_balanced())
        running = [one for one in group.deployments if one.status in _RUNNING]
        if running:
            raise AwsError("DeploymentLimitExceededException", f"The Deployment Group '{group.name}' already has an active "
                                                               f"Deployment '{running[-1].id}'")
        task_set = service.add_task_set(definition, context.now())
        identifier = _identifier()
        service.task_set_sources[task_set] = identifier
        group.deployments.append(Deployment(identifier, body["applicationName"], group.name, kind, content, sha256,
                                            body.get("description", ""), context.now(), definition, task_set))
        return json_response({"deploymentId": identifier})

    def _list_deployments(self, context: Context) -> Response:
        body = context.body
        if ("applicationName" in body) != ("deploymentGroupName" in body):
            raise AwsError("DeploymentGroupNameRequiredException", "The application and the group are given together.")
        self._authorize(context, "ListDeployments", body.get("deploymentGroupName", "*"))
        found = self._group(context).deployments if "deploymentGroupName" in body else self._deployments(context)
        wanted = body.get("includeOnlyStatuses")
        shown = [one.id for one in reversed(found) if not wanted or one.status in wanted]
        return json_response(self._page(context, shown, "deployments"))

    def _batch_deployments(self, context: Context) -> Response:
        identifiers = context.body["deploymentIds"]
        if not identifiers:
            raise AwsError("DeploymentIdRequiredException", "At least one deployment ID must be specified.")
        if len(identifiers) > MAX_DEPLOYMENTS:
            raise AwsError("BatchLimitExceededException", "The maximum number of names or IDs has been exceeded.")
        found = [one for one in self._deployments(context) if one.id in identifiers]
        for one in found:
            context.authorize("codedeploy:BatchGetDeployments",
                              context.arn("codedeploy", f"deploymentgroup:{one.application}/{one.group}"))
        return json_response({"deploymentsInfo": [_shown(one) for one in found]})

    def _get_deployment(self, context: Context) -> Response:
        for one in self._deployments(context):
            if one.id == context.body["deploymentId"]:
                resource = context.arn("codedeploy", f"deploymentgroup:{one.application}/{one.group}")
                context.authorize("codedeploy:GetDeployment", resource)
                return json_response({"deploymentInfo": _shown(one)})
        raise AwsError("DeploymentDoesNotExistException", f"The deployment {context.body['deploymentId']} could not be found.")

    def _check_app_spec(self, context: Context, content: str, balanced: set[tuple[str, int]]) -> str:
        """The task definition's ARN. `balanced`: the (container, port) pairs that the service's load balancer knows."""
        try:
            spec = yaml.safe_load(content)
            target = spec["Resources"][0]["TargetService"]
            properties = target["Properties"]
            container = properties["LoadBalancerInfo"]
            pair = container["ContainerName"], container["ContainerPort"]
            name = properties["TaskDefinition"]
        except (yaml.YAMLError, KeyError, IndexError, TypeError) as error:
            raise AwsError("InvalidRevisionException", f"The AppSpec file cannot be located or is not valid: {error}") from None
        if spec.get("version") != 0.0 or len(spec["Resources"]) != 1 or target.get("Type") != "AWS::ECS::Service":
            raise AwsError("InvalidRevisionException", "For ECS deployment, the AppSpec file must have version 0.0 and one "
                                                       "resource of type AWS::ECS::Service")
        unknown = (set(spec) - {"version", "Resources", "Hooks"}) | (set(properties) - {
            "TaskDefinition", "LoadBalancerInfo", "PlatformVersion", "NetworkConfiguration", "CapacityProviderStrategy"})
        if unknown:
            raise AwsError("InvalidRevisionException", f"The AppSpec file has unknown members: {sorted(unknown)}")
        definition = self._definitions.find(context.who.account, context.region, name)
        if not name.startswith("arn:") or definition is None or definition.status != "ACTIVE":
            raise AwsError("InvalidRevisionException", f"The ARN of the task definition is not valid: {name}")
        if pair not in balanced:
            raise AwsError("InvalidLoadBalancerInfoException", f"container and port {pair} are not the load balancer's")
        return definition.arn

    def _authorize(self, context: Context, operation: str, group: str) -> None:
        resource = context.arn("codedeploy", f"deploymentgroup:{context.body.get('applicationName', '*')}/{group}")
        context.authorize(f"codedeploy:{operation}", resource)

    def _mine(self, context: Context) -> dict[str, dict[str, Group]]:
        return self._applications.get((context.who.account, context.region), {})

    def _deployments(self, context: Context) -> list[Deployment]:
        return [one for groups in self._mine(context).values() for group in groups.values() for one in group.deployments]

    def _application(self, context: Context) -> dict[str, Group]:
        name = context.body["applicationName"]
        if name not in self._mine(context):
            raise AwsError("ApplicationDoesNotExistException", f"No application found for name: {name}")
        return self._mine(context)[name]

    def _group(self, context: Context) -> Group:
        groups, name = self._application(context), context.body["deploymentGroupName"]
        if name not in groups:
            raise AwsError("DeploymentGroupDoesNotExistException", f"No Deployment Group found for name: {name}")
        return groups[name]

    def _shown_group(self, context: Context, group: Group) -> dict[str, Any]:
        shown = {
            "applicationName": context.body["applicationName"], "deploymentGroupId": "8a7f5c1e-3d4b-4c59-9d6e-1f2a3b4c5d6e",
            "deploymentGroupName": group.name, "deploymentConfigName": group.config, "computePlatform": "ECS",
            "serviceRoleArn": f"arn:aws:iam::{context.who.account}:role/codedeploy",
            "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            "ecsServices": [{"serviceName": group.service, "clusterName": group.cluster}],
        }
        if group.deployments:
            last = group.deployments[-1]
            shown["targetRevision"] = _location(last, None)
            shown["lastAttemptedDeployment"] = {"deploymentId": last.id, "status": last.status, "createTime": last.created_at}
        return shown

    def _page(self, context: Context, items: list[Any], name: str) -> dict[str, Any]:
        shown, token = page(items, context.body.get("nextToken"), self.page_size, "InvalidNextTokenException")
        return {name: shown, **({"nextToken": token} if token else {})}


def _identifier() -> str:
    return "d-" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(9))


def _sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def _content(body: dict[str, Any]) -> tuple[str, str, str]:
    """The revision's type, its text and the text's hash."""
    revision = body.get("revision")
    if not revision:
        raise AwsError("RevisionRequiredException", "The revision ID was not specified.")
    kind = revision.get("revisionType")
    if kind not in _TEXTS or set(revision) - {"revisionType", *_TEXTS.values()}:
        raise AwsError("InvalidRevisionException", "an ECS deployment's revision is an AppSpecContent")
    given = revision.get(_TEXTS[kind]) or {}
    content = given.get("content")
    if not content:
        raise AwsError("InvalidRevisionException", "Revision content is missing")
    sha256 = given.get("sha256") or _sha256(content)
    if sha256 != _sha256(content):
        raise AwsError("InvalidRevisionException", "The SHA256 hash value of the content does not match")
    return kind, content, sha256


def _location(one: Deployment, content: str | None) -> dict[str, Any]:
    return {"revisionType": one.kind, _TEXTS[one.kind]: {"content": content, "sha256": one.sha256}}


def _shown(one: Deployment) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "applicationName": one.application, "deploymentGroupName": one.group, "deploymentId": one.id, "status": one.status,
        "computePlatform": "ECS", "createTime": one.created_at, "description": one.description, "creator": "user",
        "revision": _location(one, None),
    }
    if one.completed_at is not None:
        shown["completeTime"] = one.completed_at
    if one.error:
        shown["errorInformation"] = {"code": "ECS_UPDATE_ERROR", "message": one.error}
    return shown


