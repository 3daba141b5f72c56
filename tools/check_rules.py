"""Holds the rules of template.yaml against events, with EventBridge's own matcher (Rules.java).

Each case of tools/check_rules/cases.yaml is matched by the rule that it names and by no other, in each of its sets
of parameters. Each sample under events/ is matched by the rule of its kind, in a stack with the sample's environment,
unless it is one that the function would ignore for what a pattern can tell. And each rule leads somewhere: to the
function, with its permission, or to the restart queue, whose policy names it.

    python tools/check_rules.py JARS
"""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "tools/check_rules"
sys.path.insert(0, str(ROOT / "tests/integration"))
from check_template_iam import Stack, listed, read_template  # noqa: E402

KINDS = {
    "DEPLOY": "DeployRule",
    "ROLLBACK": "DeployRule",
    "SERVICE_DEPLOY": "ServiceDeployRule",
    "Deployment Ready": "ImageReadyRule",
    "ECR Image Action": "PushRule",
    "Parameter Store Change": "ParameterRule",
    "Object Created": "EnvFileRule",
    "AWS API Call via CloudTrail": "EnvFileCallRule",
    "ECS Deployment State Change": "RolloutRule",
    "ECS Service Action": "RolloutRule",
}
GATHERED = {"ParameterRule", "EnvFileRule", "EnvFileCallRule"}  # in the restart queue
# Of what the plan says about an event that is ignored: what a pattern can tell as well.
KEPT_OUT = re.compile(r"switched off|is obeyed in|^operation|of the registry deploys nothing|^the push ended|has no tag"
                      r"|the change of the parameter failed|writes no object|' failed: the object|tells nothing of|^it names no deployment")
# Samples, and kinds of them, that come by another way than a rule of this template.
BY_NO_RULE = {
    "config": "the function does not start",
    "direct": "handed to the function itself",
    "rollout/old-arn": "a service with an ARN without its cluster, which the role cannot name either",
}
VARIABLES = {
    "PROJECT_NAME": "ProjectName", "PROJECT_ENV": "ProjectEnv", "ECS_SERVICE_MAP": "EcsServiceMap",
    "S3_SERVICE_MAP": "S3ServiceMap", "ECR_STRATEGY": "EcrStrategy", "ECR_ACCOUNT_ID": "EcrAccountId",
    "ECR_ACCOUNT_REGION": "EcrAccountRegion", "AUTO_DEPLOY_TAGS": "AutoDeployTags",
    "ENABLE_MANUAL_DEPLOY": "EnableManualDeploy", "ENABLE_ECR_MONITORING": "EnableEcrMonitoring",
    "ENABLE_SSM_MONITORING": "EnableSsmMonitoring", "ENABLE_S3_MONITORING": "EnableS3Monitoring",
}


@dataclass
class Question:
    """Events for one stack, and the rules that may match each: all that are acceptable, [] being none."""

    where: str
    stack: Stack
    names: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    wanted: list[list[list[str]]] = field(default_factory=list)

    def add(self, name: str, event: dict[str, Any], *wanted: list[str]) -> None:
        self.names.append(name)
        self.events.append(event)
        self.wanted.append(list(wanted))

    def rules(self) -> dict[str, Any]:
        return {name: rule["EventPattern"] for name, rule in self.stack.resources("AWS::Events::Rule").items()}


# ---- cases.yaml

def changed(event: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    event = copy.deepcopy(event)
    for path, value in changes.items():
        *parents, last = path.split(".")
        at: Any = event
        for name in parents:
            at = at[name]
        if isinstance(at, list):
            at[int(last)] = value
        elif value is None:
            del at[last]
        else:
            at[last] = value
    return event


def written_cases(template: dict[str, Any]) -> list[Question]:
    written = yaml.safe_load((HERE / "cases.yaml").read_text(encoding="utf-8"))
    samples = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (HERE / "samples").glob("*.json")}
    questions = {name: Question(f"set '{name}'", Stack(template, given)) for name, given in written["sets"].items()}
    for case in written["cases"]:
        event = changed(samples[case["sample"]], case.get("but", {}))
        name = f"{case['sample']} {case.get('but', '')}".rstrip()
        rules = case.get("rules", {})
        if set(rules) - set(questions):
            raise SystemExit(f"cases.yaml: {name}: there is no set {sorted(set(rules) - set(questions))}")
        for set_name, question in questions.items():
            question.add(name, event, [rules[set_name]] if set_name in rules else [])
    unused = set(samples) - {case["sample"] for case in written["cases"] if case.get("rules")}
    if unused:
        raise SystemExit(f"no rule takes the sample {sorted(unused)}")
    return list(questions.values())


# ---- events/

def parameters_of(facts: dict[str, Any]) -> dict[str, Any]:
    """The template's parameters for a sample's environment, its patterns as wide as its map may need."""
    environment = {name: value if isinstance(value, str) else json.dumps(value) for name, value in facts["environment"].items()}
    _, partition, _, region, account, *_ = facts["function_arn"].split(":")
    given = {"AWS::Partition": partition, "AWS::Region": region, "AWS::AccountId": account, "PassRoleArns": ""}
    given |= {VARIABLES[name]: value for name, value in environment.items() if name in VARIABLES and value}
    for name in [name for name in given if name.startswith("Enable")]:
        given[name] = str(given[name].lower() in ("true", "1", "yes", "on", "enabled")).lower()
    given["EcsClusterName"] = environment.get("ECS_CLUSTER_NAME", "").rpartition("/")[2]
    given["AllowedAccounts"] = environment.get("ALLOWED_ACCOUNTS", "").replace(" ", "")
    files = [one for of_service in json.loads(environment.get("S3_SERVICE_MAP") or "{}").values() for one in of_service]
    given["EnvFileBuckets"] = ",".join(sorted({one["bucket"] for one in files}))
    given["EnvFileKeys"] = ",".join(sorted({one["key"] for one in files}))
    if environment.get("ECS_SERVICE_MAP"):
        given |= {"ServicePattern": "*", "RepositoryPattern": "*"}
    return given


def events_in(payload: Any) -> list[dict[str, Any]]:
    if isinstance(payload, list):
        return [event for one in payload for event in events_in(one)]
    if "Records" in payload:
        return [event for record in payload["Records"] for event in events_in(parsed(record.get("body", "")))]
    return [payload] if "detail-type" in payload and "source" in payload else []


def parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return {}


def acceptable(event: dict[str, Any], change: dict[str, Any]) -> list[list[str]]:
    rule = KINDS.get(event["detail-type"])
    if rule is None or change.get("code") == "AccountNotAllowed" or "' is not supported; " in change.get("message", ""):
        return [[]]
    if change.get("verdict") != "ignored":
        return [[rule]]
    return [[]] if KEPT_OUT.search(change.get("note") or change.get("message") or "") else [[rule], []]


def samples_of_events(template: dict[str, Any]) -> list[Question]:
    questions = []
    for folder in sorted(path.parent for path in (ROOT / "events").glob("*/*/event.json")):
        if f"{folder.parent.name}/{folder.name}" in BY_NO_RULE or folder.parent.name in BY_NO_RULE:
            continue
        if not (folder / "plan.json").exists() or not (folder / "facts.json").exists():
            continue
        facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
        plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
        events = events_in(parsed((folder / "event.json").read_text(encoding="utf-8")))
        question = Question(str(folder.relative_to(ROOT)), Stack(template, parameters_of(facts)))
        changes = plan.get("changes") or [{}]
        for number, event in enumerate(events):
            # Several events have a change each, in their order; else what is right for one of the changes will do.
            own = changes[number:number + 1] if len(changes) == len(events) else changes
            question.add(f"event {number + 1}", event, *(one for change in own for one in acceptable(event, change)))
        if events:
            questions.append(question)
    return questions


# ---- where the rules lead

def check_targets(stack: Stack) -> Iterator[tuple[str, list[str]]]:
    rules = stack.resources("AWS::Events::Rule")
    arn = {name: stack.attribute(name, "Arn") for name in rules}
    permitted = Counter(one["SourceArn"] for one in stack.resources("AWS::Lambda::Permission").values())
    policies = {queue: allowed_sources(stack, queue) for queue in ("RestartQueue", "FailureQueue")}
    for name, rule in rules.items():
        target, = rule["Targets"]
        queued = name in GATHERED
        problems = []
        if target["Arn"] != stack.attribute("RestartQueue" if queued else "SlipwayFunction", "Arn"):
            problems.append(f"{name}: leads to {target['Arn']}")
        if queued == bool(permitted[arn[name]]) or queued != (arn[name] in policies["RestartQueue"]):
            problems.append(f"{name}: may not reach its target, or more than that")
        if target["DeadLetterConfig"]["Arn"] != stack.attribute("FailureQueue", "Arn") or arn[name] not in policies["FailureQueue"]:
            problems.append(f"{name}: what it cannot deliver is lost")
        yield name, problems
    extra = (set(permitted) | set().union(*policies.values())) - set(arn.values())
    yield "policies", [f"{one} may send, and is no rule" for one in sorted(extra)]


def allowed_sources(stack: Stack, queue: str) -> set[str]:
    return {
        source
        for policy in stack.resources("AWS::SQS::QueuePolicy").values() if policy["Queues"] == [f"<{queue}>"]
        for statement in policy["PolicyDocument"]["Statement"] if statement["Effect"] == "Allow"
        for source in listed(statement["Condition"]["ArnEquals"]["aws:SourceArn"])
    }


def check_queue(stack: Stack) -> list[str]:
    """Amazon SQS and Lambda's rules for a queue with an event source mapping."""
    queues, mappings = stack.resources("AWS::SQS::Queue"), stack.resources("AWS::Lambda::EventSourceMapping")
    gathers = GATHERED & set(stack.resources("AWS::Events::Rule"))
    if not gathers:
        return [] if not mappings and set(queues) == {"FailureQueue"} else ["a queue that nothing leads to"]
    queue, (mapping,) = queues["RestartQueue"], mappings.values()
    function = stack.resources("AWS::Serverless::Function")["SlipwayFunction"]
    window = int(mapping["MaximumBatchingWindowInSeconds"])
    least = 6 * int(function["Timeout"]) + window
    visible = int(queue["VisibilityTimeout"])
    holds = {
        f"hidden for {visible} s, and {least} s are needed": visible >= least,
        "a message is dropped before it was tried": queue["MessageRetentionPeriod"] > visible * queue["RedrivePolicy"]["maxReceiveCount"],
        "no failures of single messages": mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"],
        "more than 100 events at once": 1 <= mapping["BatchSize"] <= 100,
        "more than ten messages without a window": window >= 1,
        "more than two at once": mapping["ScalingConfig"] == {"MaximumConcurrency": 2},
        "not encrypted": all(one["SqsManagedSseEnabled"] for one in queues.values()),
        "its failures go elsewhere": queue["RedrivePolicy"]["deadLetterTargetArn"] == stack.attribute("FailureQueue", "Arn"),
        "without TLS": all(any(one["Effect"] == "Deny" and one["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
                               for one in policy["PolicyDocument"]["Statement"])
                           for policy in stack.resources("AWS::SQS::QueuePolicy").values()),
    }
    return [problem for problem, held in holds.items() if not held]


def check_bus(stack: Stack, bus: str) -> list[str]:
    """People and workflows ask on the bus that the function names to them; AWS's own events come on the default one."""
    known = stack.resources("AWS::Serverless::Function")["SlipwayFunction"]["Environment"]["Variables"]["EVENT_BUS"] or "default"
    found = {name: rule.get("EventBusName", "default") for name, rule in stack.resources("AWS::Events::Rule").items()}
    wanted = {name: bus if name in ("DeployRule", "ServiceDeployRule", "ImageReadyRule") else "default" for name in found}
    return [] if (known, found) == (bus, wanted) else [f"EVENT_BUS is {known}, and the rules are on {found}"]


def check_stacks(template: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    base = {"ProjectName": "myproject", "ProjectEnv": "dev", "PassRoleArns": ""}
    switches = ("EnableManualDeploy", "EnableEcrMonitoring", "EnableSsmMonitoring", "EnableS3Monitoring")
    for on in range(16):
        given = base | {name: str(bool(on >> bit & 1)).lower() for bit, name in enumerate(switches)}
        stack = Stack(template, given | {"EnvFileBuckets": "myproject-env-dev"})
        wanted = {"RolloutRule"}
        for bit, rules in enumerate((("DeployRule", "ServiceDeployRule"), ("ImageReadyRule", "PushRule"), ("ParameterRule",),
                                     ("EnvFileRule", "EnvFileCallRule"))):
            wanted |= set(rules) if on >> bit & 1 else set()
        found = set(stack.resources("AWS::Events::Rule"))
        yield f"switches {on:04b}", [] if found == wanted else [f"the rules are {sorted(found)}"]
        yield f"switches {on:04b}", check_queue(stack)
        yield from check_targets(stack)
    for bus in ("default", "deploys"):
        yield f"bus {bus}", check_bus(Stack(template, base | {"EventBusName": bus}), bus)
    for timeout in template["Parameters"]["TimeoutSeconds"]["AllowedValues"]:
        stack = Stack(template, base | {"TimeoutSeconds": timeout, "RestartWindowSeconds": template["Parameters"]["RestartWindowSeconds"]["MaxValue"]})
        yield f"a function of {timeout} s", check_queue(stack)


# ---- all of it

def ask(jars: str, questions: list[Question]) -> list[dict[str, Any]]:
    asked = [{"rules": question.rules(), "events": question.events} for question in questions]
    run = subprocess.run(["java", "-cp", f"{jars}/*", str(HERE / "Rules.java")], input=json.dumps(asked), check=True,
                         stdout=subprocess.PIPE, text=True, encoding="utf-8")
    answers: list[dict[str, Any]] = json.loads(run.stdout)
    return answers


def check_answers(question: Question, answer: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for rule, error in answer["errors"].items():
        yield question.where, [f"{rule}: EventBridge does not take the pattern: {error}"]
    for name, wanted, found in zip(question.names, question.wanted, answer["matches"], strict=True):
        shown = " or ".join(", ".join(one) or "no rule" for one in wanted)
        yield question.where, [] if found in wanted else [f"{name}: matched by {found or 'no rule'}, and not by {shown}"]


def check_the_check(template: dict[str, Any], jars: str) -> Iterator[tuple[str, list[str]]]:
    """A check that finds nothing proves nothing: with these faults in the template, it has to."""
    faults: list[tuple[str, str, Any]] = [
        ("any account", "PushRule", {"account": [{"exists": True}]}),
        ("any region", "PushRule", {"region": [{"exists": True}]}),
        ("any repository", "PushRule", {"detail": {"action-type": ["PUSH"], "result": ["SUCCESS"], "image-tag": ["latest"]}}),
        ("any cluster", "RolloutRule", {"resources": [{"prefix": "arn:aws:ecs:"}]}),
        ("any end", "RolloutRule", {"$or": [{"detail": {"eventName": [{"prefix": "SERVICE_DEPLOYMENT_"}, {"prefix": "SERVICE_TASK_"}]}}]}),
        ("any parameter", "ParameterRule", {"detail": {"operation": ["Create", "Update"]}}),
        ("any source", "DeployRule", {"source": [{"prefix": "action."}]}),
        ("no such source", "ServiceDeployRule", {"source": ["github.action"]}),
        ("a pattern that is none", "EnvFileRule", {"detail": {"object": {"key": [{"wildcard": "**.env"}]}}}),
    ]
    questions = []
    for _, rule, patch in faults:
        broken = copy.deepcopy(template)
        broken["Resources"][rule]["Properties"]["EventPattern"].update(patch)
        questions.append(written_cases(broken))
    answers = iter(ask(jars, [one for some in questions for one in some]))
    for (name, rule, _), some in zip(faults, questions, strict=True):
        problems = [problem for question in some for _, found in check_answers(question, next(answers)) for problem in found]
        yield "the check itself", [] if problems else [f"{rule} for {name} went unnoticed"]


def main() -> int:
    jars, template = sys.argv[1], read_template()
    questions = written_cases(template) + samples_of_events(template)
    checked = [one for question, answer in zip(questions, ask(jars, questions), strict=True)
               for one in check_answers(question, answer)]
    checked += check_stacks(template)
    checked += check_the_check(template, jars)
    failed = [(where, problem) for where, problems in checked for problem in problems]
    for where, problem in failed:
        print(f"{where}: {problem}")
    print(f"{sum(not problems for _, problems in checked)} passed, {sum(bool(problems) for _, problems in checked)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
