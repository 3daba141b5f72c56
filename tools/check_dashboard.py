"""Holds the dashboard and the alarms of template.yaml against the metrics that there are.

The dashboard's body is what CloudWatch takes: JSON, widgets that fit the grid and do not overlap, metrics of known
namespaces with their dimensions; the function's own metrics by the names and units that its source has.
Amazon CloudWatch API Reference, "Dashboard body structure and syntax".
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/integration"))
from check_template_iam import CASES, Stack, read_template  # noqa: E402

COLUMNS = 24
# docs/operations.md lists them as well.
OWN = {"Deployed", "Restarted", "RolledBack", "Refused", "Failed", "Unchanged", "DurationMs", "RolloutSeconds"}
ON_DASHBOARD = OWN - {"Unchanged"}
DIMENSIONS = {"AWS/SQS": "QueueName", "AWS/Lambda": "FunctionName"}
KNOWN = {
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible",
                "ApproximateAgeOfOldestMessage", "NumberOfMessagesSent"},
    "AWS/Lambda": {"Invocations", "Errors", "Throttles", "Duration", "DestinationDeliveryFailures", "AsyncEventsDropped"},
}
STATISTICS = {"Sum", "Maximum", "Minimum", "Average", "SampleCount", "p50", "p99"}
SEARCH = re.compile(r"SEARCH\('\{slipway,Environment,Project,Service\} MetricName=\"(\w+)\" "
                    r"Project=\"([\w-]+)\" Environment=\"([\w-]+)\"', '(\w+)', (\d+)\)")
SELECT = re.compile(r"SELECT SUM\((\w+)\) FROM SCHEMA\(slipway, Environment, Project, Service\) "
                    r"WHERE Project = '([\w-]+)' AND Environment = '([\w-]+)'")
LABEL = re.compile(r"[^${}]*(\$\{PROP\('Dim\.Service'\)\}[^${}]*)?")


def check_expression(given: dict[str, Any], metric: dict[str, Any]) -> list[str]:
    found = SEARCH.fullmatch(metric["expression"])
    if not found:
        return [f"no search that is known: {metric['expression']}"]
    name, project, env, statistic, period = found.groups()
    holds = {
        f"there is no metric '{name}'": name in OWN,
        f"of '{project}' in '{env}'": (project, env) == (given["ProjectName"], given["ProjectEnv"]),
        f"statistic '{statistic}'": statistic in STATISTICS,
        f"period {period}": int(period) % 60 == 0,
        f"id '{metric['id']}'": re.fullmatch(r"[a-z]\w*", metric["id"]) is not None,
        f"label '{metric['label']}'": LABEL.fullmatch(metric["label"]) is not None,
    }
    return [problem for problem, held in holds.items() if not held]


def check_metric(given: dict[str, Any], metric: list[Any], widget: dict[str, Any]) -> list[str]:
    if isinstance(metric[0], dict):
        return check_expression(given, metric[0])
    namespace, name, dimension, value, *options = metric
    statistic = (options[0] if options else {}).get("stat", widget.get("stat"))
    holds = {
        f"{namespace} has no metric '{name}'": name in KNOWN.get(namespace, set()),
        f"{namespace} has no dimension '{dimension}'": DIMENSIONS.get(namespace) == dimension,
        f"'{value}' is no resource's name": re.fullmatch(r"<\w+(\.QueueName)?>", value) is not None,
        f"statistic '{statistic}'": statistic in STATISTICS,
    }
    return [problem for problem, held in holds.items() if not held]


def check_widget(given: dict[str, Any], widget: dict[str, Any]) -> list[str]:
    properties = widget["properties"]
    problems = [problem for metric in properties["metrics"] for problem in check_metric(given, metric, properties)]
    ids = [metric[0]["id"] for metric in properties["metrics"] if isinstance(metric[0], dict)]
    holds = {
        "wider than the dashboard": 0 <= widget["x"] and widget["x"] + widget["width"] <= COLUMNS,
        "two metrics of one id": len(ids) == len(set(ids)),
        "no metric": len(properties["metrics"]) > 0,
        "another region": properties["region"] == "eu-west-1",
        "a view that is none": properties["view"] in ("timeSeries", "singleValue"),
    }
    problems += [problem for problem, held in holds.items() if not held]
    return [f"'{properties['title']}': {problem}" for problem in problems]


def overlapping(widgets: list[dict[str, Any]]) -> list[str]:
    taken: dict[tuple[int, int], str] = {}
    problems = []
    for widget in widgets:
        title = widget["properties"]["title"]
        for x in range(widget["x"], widget["x"] + widget["width"]):
            for y in range(widget["y"], widget["y"] + widget["height"]):
                if taken.setdefault((x, y), title) != title:
                    problems.append(f"'{title}' lies over '{taken[x, y]}'")
    return sorted(set(problems))


def check_dashboard(stack: Stack, given: dict[str, Any]) -> Iterator[list[str]]:
    dashboard, = stack.resources("AWS::CloudWatch::Dashboard").values()
    widgets = json.loads(dashboard["DashboardBody"])["widgets"]
    for widget in widgets:
        yield check_widget(given, widget)
    yield overlapping(widgets)
    text = dashboard["DashboardBody"]
    yield [f"the dashboard does not show '{name}'" for name in sorted(ON_DASHBOARD) if f'MetricName=\\"{name}\\"' not in text]
    queues = set(stack.resources("AWS::SQS::Queue"))
    shown = set(re.findall(r"<(\w+)\.QueueName>", text))
    yield [] if shown == queues else [f"the queues are {sorted(queues)}, and it shows {sorted(shown)}"]
    yield [] if re.fullmatch(r"[\w-]{1,255}", dashboard["DashboardName"]) else ["its name is none"]


def check_alarms(stack: Stack, given: dict[str, Any]) -> Iterator[list[str]]:
    for name, alarm in stack.resources("AWS::CloudWatch::Alarm").items():
        problems = []
        for metric in alarm.get("Metrics", []):
            found = SELECT.fullmatch(metric["Expression"].strip())
            if not found or found[1] not in OWN or found.groups()[1:] != (given["ProjectName"], given["ProjectEnv"]):
                problems.append(f"{name}: no metric that is known: {metric['Expression']}")
        if "MetricName" in alarm and alarm["MetricName"] not in KNOWN[alarm["Namespace"]]:
            problems.append(f"{name}: {alarm['Namespace']} has no metric '{alarm['MetricName']}'")
        told = alarm.get("AlarmActions", [])
        if told != ([given["AlarmTopicArn"]] if given.get("AlarmTopicArn") else []):
            problems.append(f"{name}: tells {told or 'nobody'}")
        yield problems


def names_in_source() -> list[str]:
    """The names of the metrics that the source writes."""
    source = (ROOT / "handlers/report.c").read_text(encoding="utf-8")
    missing = sorted(name for name in OWN if f'"{name}"' not in source)
    return [f"handlers/report.c writes no metric '{name}'" for name in missing]


def results() -> Iterator[list[str]]:
    template = read_template()
    yield names_in_source()
    for given in CASES:
        stack = Stack(template, given)
        yield from check_dashboard(stack, given)
        yield from check_alarms(stack, given)
    # A check that finds nothing proves nothing.
    given, ok = CASES[0], "SEARCH('{slipway,Environment,Project,Service} MetricName=\"%s\" Project=\"myproject\" Environment=\"%s\"', '%s', 300)"
    wrong = [[{"expression": ok % case, "id": "one", "label": ""}] for case in (("Deploys", "dev", "Sum"), ("Deployed", "prod", "Sum"), ("Deployed", "dev", "p100"))]
    wrong += [["AWS/SQS", "Depth", "QueueName", "<Q.QueueName>"], ["AWS/SQS", "NumberOfMessagesSent", "Queue", "<Q.QueueName>"],
              ["AWS/Lambda", "Errors", "FunctionName", "slipway"]]
    for metric in wrong:
        yield [] if check_metric(given, metric, {"stat": "Sum"}) else [f"{metric} went unnoticed"]
    one = {"x": 0, "y": 0, "width": 8, "height": 6, "properties": {"title": "one"}}
    yield [] if overlapping([one, {**one, "x": 7, "properties": {"title": "two"}}]) else ["widgets that overlap went unnoticed"]


def main() -> int:
    passed = failed = 0
    for problems in results():
        passed, failed = (passed, failed + 1) if problems else (passed + 1, failed)
        for problem in problems:
            print(f"template.yaml: {problem}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
