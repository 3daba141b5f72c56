"""Holds every IAM statement of template.yaml against AWS's service authorization reference.

For each action: it exists; if it takes resources, the statement names some, of a type that the action takes; if it
takes none, the statement says "*" and stands alone with such actions; each condition key is one that the action, or
the service, knows. The reference is the copy that policy_sentry ships. Then: each switch of the template grants what it is
for and nothing else; and what is granted is what the source calls. Nothing here reaches a network.

    python tests/integration/check_template_iam.py [TEMPLATE]
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from policy_sentry.querying.actions import get_action_data

ROOT = Path(__file__).resolve().parents[2]

PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "222222222222",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NoValue": None,
}
PASSED = "arn:aws:iam::222222222222:role/task,arn:aws:iam::222222222222:role/execution"
EVERY_SWITCH = {"EnableTasks": "true", "EnableLambda": "true", "EnableCodeDeploy": "true", "EnvFileBuckets": "myproject-env-files",
                "TaskStarterRoleArns": "arn:aws:iam::222222222222:role/starter",
                "SnsTopicArn": "arn:aws:sns:eu-west-1:222222222222:deploys", "NotifyEventBus": "deploys",
                "SlackWebhookParameter": "/slipway/webhook", "SlipwayConfig": "ssm:/slipway/dev"}
# Sets of parameters that switch every condition both ways.
PLAIN: dict[str, Any] = {"ProjectName": "myproject", "ProjectEnv": "dev", "PassRoleArns": ""}
CASES: list[dict[str, Any]] = [
    PLAIN,
    {**PLAIN, **EVERY_SWITCH},
    {
        **EVERY_SWITCH,
        "ProjectName": "myproject",
        "ProjectEnv": "prod",
        "PassRoleArns": PASSED,
        "EcsClusterName": "main",
        "EcrStrategy": "cross_account",
        "EcrAccountId": "111111111111",
        "EcrAccountRegion": "us-east-1",
        "EcrRoleArn": "arn:aws:iam::111111111111:role/registry_reader",
        "ServicePattern": "shop_*",
        "FamilyPattern": "shop_*",
        "RepositoryPattern": "shop/*",
        "AllowedAccounts": "333333333333,444444444444",
        "TaskRulePattern": "nightly-*",
        "SchedulePattern": "shop-*",
        "FunctionPattern": "shop_*_prod",
        "CodeDeployPattern": "shop-?",
        "EnvFileKeys": "api/.env,web/.env",
        "NotifyEventBus": "arn:aws:events:us-east-1:111111111111:event-bus/central",
        "SlackWebhookParameter": "arn:aws:ssm:us-east-1:111111111111:parameter/slack/webhook",
        "SlipwayConfig": "ssm:arn:aws:ssm:us-east-1:111111111111:parameter/slipway/prod",
        "AlarmTopicArn": "arn:aws:sns:eu-west-1:222222222222:alarms",
    },
    {**PLAIN, "SlipwayConfig": "s3://myproject-config/dev/environment.json"},
    {**PLAIN, "SlipwayConfig": "ssm:slipway", "SlackWebhookParameter": "slack", "EnableSsmMonitoring": "false", "EnableManualDeploy": "false",
     "EnableEcrMonitoring": "false", "EnableS3Monitoring": "false"},
]
GLOBAL_KEYS = {"aws:SecureTransport", "aws:SourceArn", "aws:SourceAccount", "aws:PrincipalOrgID"}
# A statement for Resource "*" is right for actions that take no resource, and for those that a condition limits instead.
LIMITED_BY = {"ecs:ListTasks": "ecs:cluster"}
# Who may be passed which roles.
PASSED_TO = [["ecs-tasks.amazonaws.com"], ["events.amazonaws.com", "scheduler.amazonaws.com"]]
POLICY_CHARACTERS = 10240  # of all inline policies of a role, without white space

# What each switch adds to the role; everything else it always has.
ALWAYS = {
    "logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage", "ecr:BatchGetImage", "ecr:DescribeImages",
    "ecs:DescribeServices", "ecs:UpdateService", "ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments",
    "ecs:StopServiceDeployment", "ecs:DescribeServiceRevisions", "ecs:ListTasks", "ecs:DescribeTasks",
    "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition", "ecs:TagResource",
}
QUEUE = {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
SWITCHES: list[tuple[dict[str, str], set[str]]] = [
    ({"PassRoleArns": PASSED}, {"iam:PassRole"}),
    ({"EcrRoleArn": "arn:aws:iam::111111111111:role/registry_reader"}, {"sts:AssumeRole"}),
    ({"EnableSsmMonitoring": "true"}, QUEUE),
    ({"EnableS3Monitoring": "true", "EnvFileBuckets": "b-1"}, QUEUE),
    ({"EnableS3Monitoring": "true"}, set()),
    ({"EnableManualDeploy": "true"}, set()),
    ({"EnableEcrMonitoring": "true"}, set()),
    ({"EnableTasks": "true"}, {
        "events:ListEventBuses", "events:ListRuleNamesByTarget", "events:ListTargetsByRule", "events:PutTargets",
        "scheduler:ListSchedules", "scheduler:GetSchedule", "scheduler:UpdateSchedule"}),
    ({"EnableTasks": "true", "TaskStarterRoleArns": "arn:aws:iam::222222222222:role/starter"}, {
        "events:ListEventBuses", "events:ListRuleNamesByTarget", "events:ListTargetsByRule", "events:PutTargets",
        "scheduler:ListSchedules", "scheduler:GetSchedule", "scheduler:UpdateSchedule", "iam:PassRole"}),
    ({"TaskStarterRoleArns": "arn:aws:iam::222222222222:role/starter"}, set()),
    ({"EnableLambda": "true"}, {
        "lambda:GetFunction", "lambda:GetFunctionConfiguration", "lambda:UpdateFunctionCode", "lambda:PublishVersion",
        "lambda:GetAlias", "lambda:UpdateAlias", "lambda:TagResource", "lambda:UntagResource", "lambda:ListTags", "ecr:GetDownloadUrlForLayer"}),
    ({"EnableCodeDeploy": "true"}, {
        "codedeploy:ListApplications", "codedeploy:ListDeploymentGroups", "codedeploy:BatchGetDeploymentGroups",
        "codedeploy:CreateDeployment", "codedeploy:ListDeployments",
        "codedeploy:BatchGetDeployments", "codedeploy:GetDeploymentConfig", "codedeploy:RegisterApplicationRevision",
        "codedeploy:GetApplicationRevision"}),
    ({"SnsTopicArn": "arn:aws:sns:eu-west-1:222222222222:deploys"}, {"sns:Publish"}),
    ({"NotifyEventBus": "deploys"}, {"events:PutEvents"}),
    ({"SlackWebhookParameter": "/slack/webhook"}, {"ssm:GetParameter", "kms:Decrypt"}),
    ({"SlackWebhookUrl": "https://hooks.example.com/x"}, set()),
    ({"SlipwayConfig": "ssm:/slipway/dev"}, {"ssm:GetParameter", "kms:Decrypt"}),
    ({"SlipwayConfig": "s3://myproject-config/dev.json"}, {"s3:GetObject", "kms:Decrypt"}),
]
NOTHING_ON = {**PLAIN, "EnableSsmMonitoring": "false", "EnableS3Monitoring": "false", "EnableManualDeploy": "false",
              "EnableEcrMonitoring": "false"}


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
    """As much of CloudFormation as template.yaml uses: its functions, with the given parameters. A given name such as
    "AWS::Region" stands for the pseudo parameter."""

    def __init__(self, template: dict[str, Any], given: dict[str, Any]) -> None:
        self.template = template
        self.values: dict[str, Any] = {**PSEUDO, **{name: value for name, value in given.items() if "::" in name}}
        unknown = set(given) - set(self.values) - set(template["Parameters"])
        if unknown:
            raise SystemExit(f"template.yaml has no parameter {sorted(unknown)}")
        for name, parameter in template["Parameters"].items():
            self.values[name] = self._value(name, parameter, given)

    @staticmethod
    def _value(name: str, parameter: dict[str, Any], given: dict[str, Any]) -> Any:
        value = given.get(name, parameter.get("Default"))
        if value is None:
            raise SystemExit(f"parameter '{name}' has no value in this case")
        allowed, pattern = parameter.get("AllowedValues"), parameter.get("AllowedPattern")
        if allowed and str(value) not in map(str, allowed) or pattern and not re.fullmatch(pattern, str(value)):
            raise ValueError(f"parameter '{name}' may not be '{value}'")
        is_list = parameter["Type"] == "CommaDelimitedList"
        return [part for part in value.split(",") if part] if is_list else str(value)

    def ref(self, name: str) -> Any:
        if name not in self.values and name not in self.template["Resources"]:
            raise SystemExit(f"this check knows no '{name}'")
        return self.values.get(name, f"<{name}>")

    def attribute(self, name: str, attribute: str) -> str:
        place = f"{self.values['AWS::Region']}:{self.values['AWS::AccountId']}"
        services = {
            "AWS::SQS::Queue": f"sqs:{place}:",
            "AWS::IAM::Role": f"iam::{self.values['AWS::AccountId']}:role/",
            "AWS::Events::Rule": f"events:{place}:rule/",
            "AWS::Serverless::Function": f"lambda:{place}:function:",
        }
        kind = self.template["Resources"][name]["Type"]
        if attribute == "Arn" and kind in services:
            return f"arn:aws:{services[kind]}{name}"
        return f"<{name}.{attribute}>"

    def resources(self, kind: str) -> dict[str, Any]:
        """The properties of the resources of that type that the stack has with these parameters."""
        return {
            name: self.resolve(resource["Properties"])
            for name, resource in self.template["Resources"].items()
            if resource["Type"] == kind and self.condition(resource.get("Condition"))
        }

    def condition(self, name: str | None) -> bool:
        return name is None or bool(self.resolve(self.template["Conditions"][name]))

    def substitute(self, text: str, names: dict[str, Any]) -> str:
        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name not in names and name not in self.values and "." in name:
                return self.attribute(*name.split(".", 1))
            return str(names[name] if name in names else self.ref(name))

        return re.sub(r"\$\{([^}]+)\}", value, text)

    def resolve(self, node: Any) -> Any:
        if isinstance(node, list):
            return [value for value in map(self.resolve, node) if value is not None]
        if not isinstance(node, dict):
            return node
        if len(node) != 1:
            members = {key: self.resolve(value) for key, value in node.items()}
            return {key: value for key, value in members.items() if value is not None}
        (function, argument), = node.items()
        if function == "Fn::If":
            return self.resolve(argument[1 if self.condition(argument[0]) else 2])
        if function == "Condition" and isinstance(argument, str):
            return self.condition(argument)
        if function == "Ref":
            return self.ref(argument)
        if function.startswith("Fn::"):
            return self.call(function, self.resolve(argument))
        return {function: self.resolve(argument)}

    def call(self, function: str, argument: Any) -> Any:
        match function:
            case "Fn::GetAtt":
                return self.attribute(*argument)
            case "Fn::Sub" if isinstance(argument, str):
                return self.substitute(argument, {})
            case "Fn::Sub":
                return self.substitute(*argument)
            case "Fn::Join":
                return argument[0].join(argument[1])
            case "Fn::Split":
                return argument[1].split(argument[0])
            case "Fn::Select":
                return argument[1][int(argument[0])]
            case "Fn::FindInMap":
                return self.template["Mappings"][argument[0]][argument[1]][argument[2]]
            case "Fn::Equals":
                return argument[0] == argument[1]
            case "Fn::Not":
                return not argument[0]
            case "Fn::And":
                return all(argument)
            case "Fn::Or":
                return any(argument)
        raise SystemExit(f"this check does not know '{function}' yet")


def read_template(path: Path = ROOT / "template.yaml") -> dict[str, Any]:
    template: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader)
    return template


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
    forms = (re.sub(r"\\\$\\\{\w+\\\}", ".+", re.escape(one)) for one in known)
    return key in GLOBAL_KEYS or any(re.fullmatch(form, key) for form in forms)


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
    if resources == ["*"] and LIMITED_BY.get(action) in keys:
        return problems
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
            services = listed(statement.get("Condition", {}).get("StringEquals", {}).get("iam:PassedToService", []))
            if services not in PASSED_TO:
                problems.append(f"iam:PassRole: to {services or 'anything'}, which is none of {PASSED_TO}")
    return [f"{sid}: {problem}" for problem in problems]


def role_statements(template: dict[str, Any], given: dict[str, Any]) -> list[dict[str, Any]]:
    roles = Stack(template, given).resources("AWS::IAM::Role").values()
    return [one for role in roles for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]


def actions_of(template: dict[str, Any], given: dict[str, Any]) -> set[str]:
    return {action for statement in role_statements(template, given) for action in listed(statement["Action"])}


def check_switches(template: dict[str, Any]) -> list[list[str]]:
    """What each switch grants, and nothing else does."""
    found = actions_of(template, NOTHING_ON)
    results = [differences("with nothing switched on", found, ALWAYS)]
    for switch, added in SWITCHES:
        found = actions_of(template, {**NOTHING_ON, **switch})
        results.append(differences(f"with {' and '.join(switch)}", found, ALWAYS | added))
    return results


def differences(where: str, found: set[str], wanted: set[str]) -> list[str]:
    return ([f"{where}: {action} is granted" for action in sorted(found - wanted)]
            + [f"{where}: {action} is not granted" for action in sorted(wanted - found)])


def check_size(template: dict[str, Any], given: dict[str, Any]) -> list[str]:
    size = sum(len(json.dumps(one, separators=(",", ":"))) for one in role_statements(template, given))
    return [] if size < POLICY_CHARACTERS else [f"the policy has {size} characters; IAM takes {POLICY_CHARACTERS}"]


# Calls by other ways than an operation of runtime/aws: Lambda's own for the function, and what AWS asks of a caller.
NOT_CALLED = {"logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage", *QUEUE, "iam:PassRole", "kms:Decrypt",
              "ecr:GetDownloadUrlForLayer", "lambda:ListTags", "codedeploy:GetDeploymentConfig", "codedeploy:RegisterApplicationRevision"}


# STS answers it to whoever has credentials.
NEEDS_NOTHING = {"GetCallerIdentity"}


def modules_of_the_function() -> list[Path]:
    """Those of runtime/aws that it includes; some are the command line's alone."""
    including = [path for folder in ("bootstrap", "handlers", "runtime") for path in (ROOT / folder).rglob("*.[ch]")]
    headers = {(path.with_suffix(""), name) for path in including
               for name in re.findall(r'#include "(runtime/aws/\w+)\.h"', path.read_text(encoding="utf-8"))}
    used = {name for path, name in headers if path != ROOT / name}
    return sorted(path for path in (ROOT / "runtime/aws").glob("*.c") if path.with_suffix("").relative_to(ROOT).as_posix() in used)


def check_calls(granted: set[str]) -> list[str]:
    """The operations that the function's source knows by name, and the actions of the role, are the same."""
    source = "".join(path.read_text(encoding="utf-8") for path in modules_of_the_function())
    verbs = "Assume|Batch|Create|Describe|Get|List|Publish|Put|Register|Stop|Tag|Untag|Update"
    called = set(re.findall(rf'"((?:{verbs})[A-Z]\w+|Publish)"', source)) - NEEDS_NOTHING
    wanted = {action.split(":")[1]: action for action in granted - NOT_CALLED}
    return ([f"{wanted[name]}: granted, and never called" for name in sorted(set(wanted) - called)]
            + [f"{name}: called, and not granted" for name in sorted(called - set(wanted))])


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
    ("passing roles to Lambda", {
        "Action": "iam:PassRole", "Resource": "arn:aws:iam::222222222222:role/x",
        "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}),
    ("the tasks of all clusters", {"Action": "ecs:ListTasks", "Resource": "*"}),
    ("the tasks of all clusters, by another key", {
        "Action": "ecs:ListTasks", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "222222222222"}}}),
    ("every schedule of every account", {"Action": "scheduler:UpdateSchedule", "Resource": "*"}),
    ("a schedule without its group", {
        "Action": "scheduler:UpdateSchedule", "Resource": "arn:aws:scheduler:eu-west-1:222222222222:schedule/x"}),
    ("a bus for a rule", {"Action": "events:PutTargets", "Resource": "arn:aws:events:eu-west-1:222222222222:event-bus/x"}),
    ("a layer for a function", {"Action": "lambda:UpdateFunctionCode", "Resource": "arn:aws:lambda:eu-west-1:222222222222:layer:x"}),
    ("a group for an application", {
        "Action": "codedeploy:RegisterApplicationRevision",
        "Resource": "arn:aws:codedeploy:eu-west-1:222222222222:deploymentgroup:x/y"}),
    ("an alias for a key", {"Action": "kms:Decrypt", "Resource": "arn:aws:kms:eu-west-1:222222222222:alias/aws/ssm"}),
    ("any key", {"Action": "kms:Decrypt", "Resource": "*"}),
    ("any parameter", {"Action": "ssm:GetParameter", "Resource": "*"}),
    ("any object", {"Action": "s3:GetObject", "Resource": "*"}),
    ("a bucket for an object", {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::myproject-config"}),
    ("an operation of the console", {"Action": "sns:PublishMessage", "Resource": "arn:aws:sns:eu-west-1:222222222222:x"}),
]


def results(template: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Each thing that is checked: in which case, and what is wrong with it."""
    for number, given in enumerate(CASES, 1):
        where = f"set {number} of parameters, {given['ProjectEnv']}"
        for statement in role_statements(template, given):
            yield where, check_statement(statement)
        yield where, check_size(template, given)
    for problems in check_switches(template):
        yield "switches", problems
    granted = {action for given in CASES for action in actions_of(template, given)}
    yield "calls", check_calls(granted)
    # A check that finds nothing proves nothing.
    for name, statement in WRONG:
        yield "the check itself", [] if check_statement(statement) else [f"{name} went unnoticed"]
    yield "the check itself", [] if check_calls(granted - {"sns:Publish"}) else ["a call without a grant went unnoticed"]
    yield "the check itself", [] if check_calls(granted | {"ecs:RunTask"}) else ["a grant without a call went unnoticed"]


def main() -> int:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "template.yaml"
    passed = failed = 0
    for where, problems in results(read_template(path)):
        passed, failed = (passed, failed + 1) if problems else (passed + 1, failed)
        for problem in problems:
            print(f"{path.name} ({where}): {problem}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
