"""The world of the tests and of the demo: a registry account, a production account, one service that runs.

    111111111111  repository myproject_backend in us-east-1, readable for the organization
    222222222222  cluster myproject_cluster_prod, service myproject_service_prod, and the role of slipway's function

More environments, each in an account of its own, come with World.environment().
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .core import Front
from .ecr import Pushed
from .iam import ALLOW_ALL, Principal, Role, Statement
from .rollouts import Deployment, state_change
from .services import Service
from .taskdefs import TaskDefinition

REGISTRY = "111111111111"
PROD = "222222222222"
STRANGER = "333333333333"
DEV = "444444444444"
STAGING = "555555555555"
ORG = "o-a1b2c3d4e5"
REGION = "us-east-1"
CLUSTER = "myproject_cluster_prod"
SERVICE = "myproject_service_prod"
REPOSITORY = "myproject_backend"
FUNCTION_ROLE = f"arn:aws:iam::{PROD}:role/myproject_slipway_prod"
REGISTRY_ROLE = f"arn:aws:iam::{REGISTRY}:role/registry_reader"

# What the function is given. They open nothing but the front; tests look for them in all that is said.
ACCESS_KEY = "ASIAFRONTPROD0000001"
SECRET_KEY = "pRodSecret/of+the/function/0123456789abcdefg"
SESSION_TOKEN = "IQoJb3JpZ2luX2VjSession/Token+of/the/function==" + "ABCDEFGHIJKLMNOP" * 20
# For the tests' own boto3: one user an account who may do everything there.
ADMIN_SECRET = "aDminSecret/of+the/tests/0123456789abcdefghij"

TASK_DEFINITION = Path(__file__).with_name("data") / "task_definition.json"
ROLLOUT_SECONDS = 60.0  # of each step of a rollout
READ_ACTIONS = ["ecr:DescribeImages", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


def admin_key(account: str) -> str:
    return f"AKIAFRONTADMIN{account[:6]}"


def function_policy(registry: str = REGISTRY, account: str = PROD, env: str = "prod") -> list[Statement]:
    """What slipway needs for services, tasks, functions and telling people, and nothing else."""
    ecs, cluster = f"arn:aws:ecs:*:{account}", f"myproject_cluster_{env}"
    passed = ["ecs-tasks.amazonaws.com", "events.amazonaws.com", "scheduler.amazonaws.com"]
    here = {"ArnEquals": {"ecs:cluster": f"arn:aws:ecs:{REGION}:{account}:cluster/{cluster}"}}
    return [
        {"Effect": "Allow", "Action": ["ecr:DescribeImages", "ecr:BatchGetImage"],
         "Resource": [f"arn:aws:ecr:*:{registry}:repository/myproject_*"]},
        {"Effect": "Allow", "Action": ["ecs:DescribeServices", "ecs:UpdateService"],
         "Resource": f"{ecs}:service/{cluster}/*"},
        {"Effect": "Allow", "Action": "ecs:DescribeTaskDefinition", "Resource": "*"},
        {"Effect": "Allow", "Action": "ecs:RegisterTaskDefinition", "Resource": f"{ecs}:task-definition/*:*"},
        {"Effect": "Allow", "Action": "ecs:TagResource", "Resource": f"{ecs}:task-definition/*:*",
         "Condition": {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}}},
        # slipway:completed, on what has been registered before.
        {"Effect": "Allow", "Action": "ecs:TagResource", "Resource": f"{ecs}:task-definition/myproject_*:*"},
        {"Effect": "Allow", "Action": "ecs:ListServiceDeployments", "Resource": f"{ecs}:service/{cluster}/*"},
        {"Effect": "Allow", "Action": ["ecs:DescribeServiceDeployments", "ecs:StopServiceDeployment"],
         "Resource": f"{ecs}:service-deployment/{cluster}/*"},
        {"Effect": "Allow", "Action": "ecs:DescribeServiceRevisions", "Resource": f"{ecs}:service-revision/{cluster}/*"},
        {"Effect": "Allow", "Action": "ecs:ListTasks", "Resource": "*", "Condition": here},
        {"Effect": "Allow", "Action": "ecs:DescribeTasks", "Resource": f"{ecs}:task/{cluster}/*"},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": f"arn:aws:iam::{account}:role/myproject_*",
         "Condition": {"StringEquals": {"iam:PassedToService": passed}}},
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": REGISTRY_ROLE},
        {"Effect": "Allow", "Action": ["events:ListEventBuses", "events:ListRuleNamesByTarget", "scheduler:ListSchedules"],
         "Resource": "*"},
        {"Effect": "Allow", "Action": ["events:ListTargetsByRule", "events:PutTargets"], "Resource": f"arn:aws:events:*:{account}:rule/*"},
        {"Effect": "Allow", "Action": ["scheduler:GetSchedule", "scheduler:UpdateSchedule"],
         "Resource": f"arn:aws:scheduler:*:{account}:schedule/*"},
        {"Effect": "Allow", "Action": "codedeploy:ListApplications", "Resource": "*"},
        {"Effect": "Allow", "Action": ["codedeploy:*"], "Resource": [
            f"arn:aws:codedeploy:*:{account}:application:*", f"arn:aws:codedeploy:*:{account}:deploymentgroup:*",
            f"arn:aws:codedeploy:*:{account}:deploymentconfig:*"]},
        {"Effect": "Allow", "Action": ["lambda:GetFunction", "lambda:GetFunctionConfiguration", "lambda:UpdateFunctionCode",
                                       "lambda:PublishVersion", "lambda:GetAlias", "lambda:UpdateAlias", "lambda:TagResource", "lambda:UntagResource"],
         "Resource": f"arn:aws:lambda:*:{account}:function:myproject_*"},
        {"Effect": "Allow", "Action": "sns:Publish", "Resource": f"arn:aws:sns:*:{account}:myproject_*"},
        {"Effect": "Allow", "Action": "events:PutEvents", "Resource": f"arn:aws:events:*:{account}:event-bus/*"},
        {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": f"arn:aws:ssm:*:{account}:parameter/slipway/*"},
    ]


def organization_policy(org: str = ORG) -> list[dict[str, Any]]:
    return [{"Sid": "Organization", "Effect": "Allow", "Principal": "*", "Action": READ_ACTIONS,
             "Condition": {"StringEquals": {"aws:PrincipalOrgID": org}}}]


def principal_policy(principal: str) -> list[dict[str, Any]]:
    return [{"Effect": "Allow", "Principal": {"AWS": principal}, "Action": READ_ACTIONS}]


@dataclass
class World:
    """The seeded world as one environment sees it, and what tests ask about it."""

    front: Front
    images: dict[str, Pushed] = field(default_factory=dict)  # by tag, of myproject_backend
    account: str = PROD
    env: str = "prod"

    @property
    def cluster(self) -> str:
        return f"myproject_cluster_{self.env}"

    @property
    def cluster_arn(self) -> str:
        return f"arn:aws:ecs:{REGION}:{self.account}:cluster/{self.cluster}"

    def role(self, name: str) -> str:
        return f"arn:aws:iam::{self.account}:role/myproject_{name}_{self.env}"

    @property
    def function_role(self) -> Role:
        return self.front.iam.roles[self.role("slipway")]

    def variables(self) -> dict[str, str]:
        """What distinguishes this environment's function from that of production."""
        return {"AWS_ACCOUNT_ID": self.account, "AWS_ACCESS_KEY_ID": access_key(self.env), "PROJECT_ENV": self.env,
                "AWS_LAMBDA_FUNCTION_NAME": f"slipway_{self.env}"}

    def service(self, name: str = "") -> Service:
        return self.front.ecs.services.get(self.account, REGION, self.cluster, name or f"myproject_service_{self.env}")

    def revisions(self, family: str = "") -> list[TaskDefinition]:
        return self.front.ecs.task_definitions.family(self.account, REGION, family or f"myproject_service_{self.env}")

    def running(self, name: str = "") -> TaskDefinition:
        """The revision that the service's primary deployment has."""
        found = self.front.ecs.task_definitions.find(self.account, REGION, self.service(name).primary.task_definition)
        assert found is not None
        return found

    def push(self, tag: str, content: str | None = None, platforms: tuple[str, ...] = ("linux/amd64", "linux/arm64"),
             repository: str = REPOSITORY, account: str = REGISTRY, region: str = REGION,
             pushed_at: float | None = None) -> Pushed:
        image = self.front.ecr.push(account, region, repository, [tag], content or f"{repository} {tag}", platforms,
                                    pushed_at)
        if repository == REPOSITORY:
            self.images[tag] = image
        return image

    def register(self, text: str) -> TaskDefinition:
        """Registers a revision the way Terraform would: not by slipway."""
        by = f"arn:aws:sts::{self.account}:assumed-role/terraform/ci"
        return self.front.ecs.task_definitions.register(text, self.account, REGION, by, self.front.clock.now())

    def add_service(self, name: str, definition: TaskDefinition, **more: Any) -> Service:
        body = {"cluster": self.cluster, "serviceName": name, "taskDefinition": definition.arn, "desiredCount": 2,
                "launchType": "FARGATE", **more}
        return self.front.ecs.services.create(self.account, REGION, body, self.front.clock.now() - 86400)

    def add_repository(self, repository: str, tag: str = "git-abc123f", platforms: tuple[str, ...] = ()) -> Pushed:
        """A repository of the registry account, with an image in it."""
        self.front.ecr.create(REGISTRY, REGION, repository)
        self.front.ecr.set_policy(REGISTRY, REGION, repository, organization_policy())
        return self.push(tag, repository=repository, platforms=platforms)

    def add_family(self, family: str, repository: str, tag: str = "git-0ld0001") -> TaskDefinition:
        image = f"{REGISTRY}.dkr.ecr.{REGION}.amazonaws.com/{repository}:{tag}"
        container = {"name": family, "image": image, "memory": 256, "essential": True}
        return self.register(json.dumps({"family": family, "containerDefinitions": [container]}))

    def add_project_service(self, name: str) -> None:
        """Service `name` by convention: its repository with an image, its family, its ECS service."""
        repository, family = f"myproject_service_{name}", f"myproject_service_{name}_{self.env}"
        self.add_repository(repository, platforms=("linux/amd64", "linux/arm64"))
        self.add_service(family, self.add_family(family, repository))

    def later(self) -> float:
        """A minute passes for the deployments; the time that it is for them."""
        services = self.front.ecs.services
        services.behind_seconds -= ROLLOUT_SECONDS
        assert services.behind_seconds >= 0, "the rollouts of this test reach into the future"
        return self.front.clock.now() - services.behind_seconds

    def roll(self, service: Service, outcome: str, reason: str = "tasks failed to start.", failed_tasks: int = 3) -> list[dict[str, Any]]:
        """The service's rollout goes on: "completed", "failed" (the circuit breaker, without rollback), "rolled_back"
        (the circuit breaker went back to the last completed deployment, and that is done). Returns the events that ECS
        sends, in order. Each step takes a minute."""
        rollouts, now = service.rollouts, self.later()
        primary = rollouts.primary
        why = f"ECS deployment circuit breaker: {reason}"

        def told(identifier: str, name: str, text: str) -> dict[str, Any]:
            return state_change(service.arn, identifier, f"SERVICE_DEPLOYMENT_{name}", text, now)

        if outcome == "in_progress":
            return [told(primary.id, "IN_PROGRESS", f"ECS deployment {primary.id} in progress.")]
        if outcome == "completed":
            rollouts.complete(now)
            return [told(primary.id, "COMPLETED", f"ECS deployment {primary.id} completed.")]
        failed = told(primary.id, "FAILED", why)
        if outcome == "failed":
            rollouts.fail(now, why, failed_tasks)
            return [failed]
        assert outcome == "rolled_back", outcome
        rollouts.go_back(now, why, failed_tasks)
        back = rollouts.primary
        begun = told(back.id, "IN_PROGRESS", back.reason)
        now = self.later()
        rollouts.complete(now)
        return [failed, begun, told(back.id, "COMPLETED", f"ECS deployment {back.id} completed.")]

    def stop_task(self, service: Service, reason: str, code: str = "EssentialContainerExited", *containers: dict[str, Any],
                  deployment: Deployment | None = None) -> None:
        """A task of the service's deployment (the primary one) has stopped. `containers`: name, exitCode, reason."""
        one = deployment or service.primary
        now = self.front.clock.now() - self.front.ecs.services.behind_seconds
        self.front.ecs.tasks.stop(service.cluster_arn, service.name, one.id, one.task_definition, now,
                                  reason=reason, code=code, containers=list(containers))

    def environment(self, env: str, account: str) -> World:
        """Another environment, in another account, with its cluster, its service `backend` and its function."""
        other = World(self.front, self.images, account, env)
        role = self.front.add_role(Role(other.role("slipway"), function_policy(account=account, env=env), org_id=ORG))
        self.front.add_key(access_key(env), SECRET_KEY, role.session("slipway"), SESSION_TOKEN)
        self.front.ecs.services.create_cluster(account, REGION, other.cluster)
        name = f"myproject_service_{env}"
        other.add_service(name, other.add_family(name, REPOSITORY))
        return other


def access_key(env: str) -> str:
    return ACCESS_KEY if env == "prod" else f"ASIAFRONT{env.upper()}000001"


def task_definition_text(**changes: Any) -> str:
    """The seeded task definition; changes replace members (None takes one away), and its text is ours then."""
    text = TASK_DEFINITION.read_text(encoding="utf-8")
    if not changes:
        return text
    members = {**json.loads(text), **changes}
    return json.dumps({key: value for key, value in members.items() if value is not None}, indent=1)


def seed(front: Front) -> World:
    """Empties the front and fills it again."""
    front.reset()
    _seed_identities(front)
    world = World(front)
    now = front.clock.now()
    front.ecr.create(REGISTRY, REGION, REPOSITORY)
    front.ecr.set_policy(REGISTRY, REGION, REPOSITORY, organization_policy())
    for tag, days in (("git-0ld0001", 30), ("git-abc122e", 3), ("v1.4.2", 2), ("git-abc123f", 1)):
        world.push(tag, pushed_at=now - days * 86400)
    world.push("latest", content=f"{REPOSITORY} git-abc123f", pushed_at=now - 86400)
    front.ecs.services.create_cluster(PROD, REGION, CLUSTER)
    definition = world.register(task_definition_text())
    network = {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d", "subnet-1b2c3d4e"],
                                       "securityGroups": ["sg-0a1b2c3d"], "assignPublicIp": "DISABLED"}}
    tags = [{"key": "Environment", "value": "prod"}, {"key": "Terraform", "value": "true"}]
    world.add_service(SERVICE, definition, networkConfiguration=network, tags=tags, platformVersion="1.4.0")
    return world


def _seed_identities(front: Front) -> None:
    role = front.add_role(Role(FUNCTION_ROLE, function_policy(), org_id=ORG))
    front.add_key(ACCESS_KEY, SECRET_KEY, role.session("slipway"), SESSION_TOKEN)
    trust = [{"Effect": "Allow", "Principal": {"AWS": FUNCTION_ROLE}, "Action": "sts:AssumeRole"}]
    reader = {"Effect": "Allow", "Action": READ_ACTIONS, "Resource": f"arn:aws:ecr:*:{REGISTRY}:repository/*"}
    front.add_role(Role(REGISTRY_ROLE, [reader], trust, ORG))
    for account in (REGISTRY, PROD, STRANGER, DEV, STAGING):
        arn = f"arn:aws:iam::{account}:user/admin"
        front.add_role(Role(arn, ALLOW_ALL, org_id="" if account == STRANGER else ORG))
        front.add_key(admin_key(account), ADMIN_SECRET, Principal(account, arn, arn, "" if account == STRANGER else ORG))
