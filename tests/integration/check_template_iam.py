"""Holds every IAM statement of template.yaml against AWS's service authorization reference.

For each action: it exists; if it takes resources, the statement names some, of a type that the action takes; if it
takes none, the statement says "*" and stands alone with such actions; each condition key is one that the action, or
the service, knows. The reference is the copy that policy_sentry ships. Nothing here reaches a network.

    python tests/integration/check_template_iam.py [TEMPLATE]
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml
from policy_sentry.querying.actions import get_action_data

ROOT = Path(__file__).resolve().parents[2]

PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "222222222222",
    "AWS::NoValue": None,
}
# Sets of parameters that switch every condition both ways.
CASES: list[dict[str, Any]] = [
    {"ProjectName": "myproject", "ProjectEnv": "dev", "PassRoleArns": ""},
    {
        "ProjectName": "myproject",
        "ProjectEnv": "prod",
        "PassRoleArns": "arn:aws:iam::222222222222:role/task,arn:aws:iam::222222222222:role/execution",
        "EcsClusterName": "main",
        "EcrStrategy": "cross_account",
        "EcrAccountId": "111111111111",
        "EcrAccountRegion": "us-east-1",
        "EcrRoleArn": "arn:aws:iam::111111111111:role/registry_reader",
        "ServicePattern": "shop_*",
        "FamilyPattern": "shop_*",
        "RepositoryPattern": "shop/*",
    },
]
# A statement for Resource "*" is right only for actions that take no resource.
GLOBAL_KEYS = {"aws:SecureTransport", "aws:SourceArn", "aws:SourceAccount", "aws:PrincipalOrgID"}


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms: `!Sub x` is read as {"Fn::Sub": x}."""


def _short_form(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _short_form)


class Stack:
    """As much of CloudFormation as template.yaml uses: its functions, with the given parameters."""

    def __init__(self, template: dict[str, Any], given: dict[str, Any]) -> None:
        self.template = template
        self.values: dict[str, Any] = dict(PSEUDO)
        for name, parameter in template["Parameters"].items():
            value = given.get(name, parameter.get("Default"))
            if value is None:
                raise SystemExit(f"parameter '{name}' has no value in this case")
            is_list = parameter["Type"] == "CommaDelimitedList"
            self.values[name] = [part for part in value.split(",") if part] if is_list else str(value)

    def ref(self, name: str) -> Any:
        return self.values[name] if name in self.values else f"<{name}>"

    def attribute(self, name: str, attribute: str) -> str:
        services = {"AWS::SQS::Queue": "sqs:eu-west-1:222222222222:", "AWS::IAM::Role": "iam::222222222222:role/"}
        kind = self.template["Resources"][name]["Type"]
        if attribute == "Arn" and kind in services:
            return f"arn:aws:{services[kind]}{name}"
        return f"<{name}.{attribute}>"

    def condition(self, name: str) -> bool:
        return bool(self.resolve(self.template["Conditions"][name]))

    def substitute(self, text: str, names: dict[str, Any]) -> str:
        return re.sub(r"\$\{([^}]+)\}", lambda m: str(names[m[1]] if m[1] in names else self.ref(m[1])), text)

    def resolve(self, node: Any) -> Any:
        if isinstance(node, list):
            return [value for value in map(self.resolve, node) if value is not None]
        if not isinstance(node, dict):
            return node
        if len(node) != 1:
            return {key: self.resolve(value) for key, value in node.items()}
        (function, argument), = node.items()
        match function:
            case "Ref":
                return self.ref(argument)
            case "Fn::GetAtt":
                return self.attribute(*argument)
            case "Fn::Sub" if isinstance(argument, str):
                return self.substitute(argument, {})
            case "Fn::Sub":
                return self.substitute(argument[0], self.resolve(argument[1]))
            case "Fn::If":
                return self.resolve(argument[1 if self.condition(argument[0]) else 2])
            case "Fn::Join":
                return argument[0].join(self.resolve(argument[1]))
            case "Fn::Equals":
                return self.resolve(argument[0]) == self.resolve(argument[1])
            case "Fn::Not":
                return not self.resolve(argument[0])
            case _ if function.startswith("Fn::"):
                raise SystemExit(f"this check does not know '{function}' yet")
        return {function: self.resolve(argument)}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def arn_of_type(arn: str, form: str) -> bool:
    """Whether `arn`, with its wildcards, is one of the reference's form, such as …:service/${Cluster}/${Name}."""
    parts, wanted = arn.split(":", 5), form.split(":", 5)
    if len(parts) != 6 or parts[2] != wanted[2]:
        return False
    fields = zip(parts[1:5], wanted[1:5])
    if any(part in ("", "*") and want != "" and part != want for part, want in fields):
        return False  # partition, region and account are named wherever the form has them
    pattern = re.sub(r"\\\$\\\{[^}]+\\\}", ".+", re.escape(wanted[5]))
    return re.fullmatch(pattern, parts[5]) is not None


def known_key(key: str, known: set[str]) -> bool:
    return key in GLOBAL_KEYS or any(re.fullmatch(re.escape(k).replace(r"\$\{TagKey\}", ".+"), key) for k in known)


def check_action(action: str, resources: list[str], keys: list[str]) -> list[str]:
    service, _, name = action.partition(":")
    if "*" in action:
        return [f"{action}: names no single action"]
    data = get_action_data(service, name) or {}
    entries = data.get(service, [])
    if not entries:
        return [f"{action}: the reference has no such action"]
    forms = {entry["resource_arn_format"] for entry in entries} - {"*"}
    known = {key for entry in entries for key in entry["condition_keys"]}
    problems = [f"{action}: does not know the condition key '{key}'" for key in keys if not known_key(key, known)]
    if not forms and resources != ["*"]:
        problems.append(f"{action}: takes no resource, so that only '*' grants it; found {resources}")
    for resource in resources if forms else []:
        if not any(arn_of_type(resource, form) for form in forms):
            problems.append(f"{action}: '{resource}' is none of {sorted(forms)}")
    return problems


def check_statement(statement: dict[str, Any]) -> list[str]:
    sid = statement.get("Sid", "a statement without Sid")
    resources = listed(statement["Resource"])
    keys = [key for test in statement.get("Condition", {}).values() for key in test]
    problems = [] if resources else ["no resources"]
    for action in listed(statement["Action"]):
        problems += check_action(action, resources, keys)
        if action == "iam:PassRole":
            services = statement.get("Condition", {}).get("StringEquals", {}).get("iam:PassedToService")
            if services != "ecs-tasks.amazonaws.com":
                problems.append("iam:PassRole: not limited to ecs-tasks.amazonaws.com")
    return [f"{sid}: {problem}" for problem in problems]


def role_statements(template: dict[str, Any], given: dict[str, Any]) -> list[dict[str, Any]]:
    stack = Stack(template, given)
    roles = [r for r in template["Resources"].values() if r["Type"] == "AWS::IAM::Role"]
    policies = [policy for role in roles for policy in stack.resolve(role["Properties"]["Policies"])]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


# What the check has to find; a check that finds nothing proves nothing.
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("an unknown action", {"Action": "ecs:DeployService", "Resource": "*"}),
    ("all actions", {"Action": "ecs:*", "Resource": "*"}),
    ("all resources", {"Action": "ecs:UpdateService", "Resource": "*"}),
    ("a resource for an action without", {
        "Action": "ecs:DescribeTaskDefinition",
        "Resource": "arn:aws:ecs:eu-west-1:222222222222:task-definition/x:*"}),
    ("the wrong type", {"Action": "ecs:UpdateService", "Resource": "arn:aws:ecs:eu-west-1:222222222222:cluster/x"}),
    ("any account", {"Action": "ecr:BatchGetImage", "Resource": "arn:aws:ecr:eu-west-1:*:repository/x"}),
    ("an unknown condition", {
        "Action": "ecs:TagResource",
        "Resource": "arn:aws:ecs:eu-west-1:222222222222:task-definition/x:*",
        "Condition": {"StringEquals": {"ecs:CreatedBy": "x"}}}),
    ("passing roles to anything", {"Action": "iam:PassRole", "Resource": "arn:aws:iam::222222222222:role/x"}),
]


def main() -> int:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "template.yaml"
    template = yaml.load(path.read_text(), Loader)
    passed = failed = 0
    for given in CASES:
        for statement in role_statements(template, given):
            problems = check_statement(statement)
            passed, failed = (passed, failed + 1) if problems else (passed + 1, failed)
            for problem in problems:
                print(f"{path.name} ({given['ProjectEnv']}): {problem}")
    for name, statement in WRONG:
        found = bool(check_statement(statement))
        passed, failed = (passed + 1, failed) if found else (passed, failed + 1)
        if not found:
            print(f"the check itself: {name} went unnoticed")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
