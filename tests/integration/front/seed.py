"""The world of the tests and of the demo: a registry account, a production account, one service that runs.

    111111111111  repository myproject_backend in us-east-1, readable for the organization
    222222222222  cluster myproject_cluster_prod, service myproject_service_prod, and the role of slipway's function
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .core import Front
from .ecr import Pushed
from .iam import ALLOW_ALL, Principal, Role, Statement
from .services import Service
from .taskdefs import TaskDefinition

REGISTRY = "111111111111"
PROD = "222222222222"
STRANGER = "333333333333"
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
READ_ACTIONS = ["ecr:DescribeImages", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


def admin_key(account: str) -> str:
    return f"AKIAFRONTADMIN{account[:6]}"


def function_policy(registry: str = REGISTRY) -> list[Statement]:
    """What slipway needs, and nothing else."""
    ecs = f"arn:aws:ecs:*:{PROD}"
    return [
        {"Effect": "Allow", "Action": ["ecr:DescribeImages", "ecr:BatchGetImage"],
         "Resource": [f"arn:aws:ecr:*:{registry}:repository/myproject_*"]},
        {"Effect": "Allow", "Action": ["ecs:DescribeServices", "ecs:UpdateService"],
         "Resource": f"{ecs}:service/{CLUSTER}/*"},
        {"Effect": "Allow", "Action": "ecs:DescribeTaskDefinition", "Resource": "*"},
        {"Effect": "Allow", "Action": "ecs:RegisterTaskDefinition", "Resource": f"{ecs}:task-definition/*:*"},
        {"Effect": "Allow", "Action": "ecs:TagResource", "Resource": f"{ecs}:task-definition/*:*",
         "Condition": {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}}},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": f"arn:aws:iam::{PROD}:role/myproject_*",
         "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}},
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": REGISTRY_ROLE},
    ]


def organization_policy(org: str = ORG) -> list[dict[str, Any]]:
    return [{"Sid": "Organization", "Effect": "Allow", "Principal": "*", "Action": READ_ACTIONS,
             "Condition": {"StringEquals": {"aws:PrincipalOrgID": org}}}]


def principal_policy(principal: str) -> list[dict[str, Any]]:
    return [{"Effect": "Allow", "Principal": {"AWS": principal}, "Action": READ_ACTIONS}]


@dataclass
class World:
    """The seeded world, and what tests ask about it."""

    front: Front
    images: dict[str, Pushed] = field(default_factory=dict)  # by tag, of myproject_backend

    @property
    def function_role(self) -> Role:
        return self.front.iam.roles[FUNCTION_ROLE]

    def service(self, name: str = SERVICE) -> Service:
        return self.front.ecs.services.get(PROD, REGION, CLUSTER, name)

    def revisions(self, family: str = SERVICE) -> list[TaskDefinition]:
        return self.front.ecs.task_definitions.family(PROD, REGION, family)

    def running(self, name: str = SERVICE) -> TaskDefinition:
        """The revision that the service's primary deployment has."""
        found = self.front.ecs.task_definitions.find(PROD, REGION, self.service(name).primary.task_definition)
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
        by = f"arn:aws:sts::{PROD}:assumed-role/terraform/ci"
        return self.front.ecs.task_definitions.register(text, PROD, REGION, by, self.front.clock.now())

    def add_service(self, name: str, definition: TaskDefinition, **more: Any) -> Service:
        body = {"cluster": CLUSTER, "serviceName": name, "taskDefinition": definition.arn, "desiredCount": 2,
                "launchType": "FARGATE", **more}
        return self.front.ecs.services.create(PROD, REGION, body, self.front.clock.now() - 86400)

    def add_project_service(self, name: str) -> None:
        """Service `name` by convention: its repository with an image, its family, its ECS service."""
        repository, family = f"myproject_service_{name}", f"myproject_service_{name}_prod"
        self.front.ecr.create(REGISTRY, REGION, repository)
        self.front.ecr.set_policy(REGISTRY, REGION, repository, organization_policy())
        self.push("git-abc123f", repository=repository)
        host = f"{REGISTRY}.dkr.ecr.{REGION}.amazonaws.com"
        container = {"name": family, "image": f"{host}/{repository}:git-0ld0001", "memory": 256, "essential": True}
        definition = self.register(json.dumps({"family": family, "containerDefinitions": [container]}))
        self.add_service(family, definition)


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
    for account in (REGISTRY, PROD, STRANGER):
        arn = f"arn:aws:iam::{account}:user/admin"
        front.add_role(Role(arn, ALLOW_ALL, org_id="" if account == STRANGER else ORG))
        front.add_key(admin_key(account), ADMIN_SECRET, Principal(account, arn, arn, "" if account == STRANGER else ORG))
