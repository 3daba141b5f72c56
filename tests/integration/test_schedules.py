"""Schedules of tasks that cannot be written back as they are, or that nobody looks into."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from conftest import Functions
from front import faults
from front.seed import PROD, REGION, World
from lambda_function import LambdaFunction
from test_targets import EVENTS_ROLE, TASKS, Report, check_registered, deploy_report

DAY = 86400.0
REFUSAL = "The StartDate you specify cannot be earlier than 5 minutes ago."


@pytest.fixture
def report(world: World) -> Report:
    return Report(world)


@pytest.fixture
def function(functions: Functions) -> LambdaFunction:
    return functions(ECS_SERVICE_MAP=TASKS)


def written(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def days_ago(report: Report, days: float) -> float:
    return float(int(report.front.clock.now() - days * DAY))


@pytest.mark.parametrize("expression", ["cron(0 3 * * ? *)", "at(2038-01-19T03:14:07)"])
def test_a_start_that_has_passed_is_left_out(report: Report, function: LambdaFunction, expression: str) -> None:
    start = days_ago(report, 40)
    rule = report.rule("nightly", report.target())
    report.schedule("hourly", StartDate=start, ScheduleExpression=expression)
    before = report.seen("hourly")[0]
    del before["StartDate"]
    sent = deploy_report()
    answer = function.invoke(sent)
    assert answer.change["status"] == "deployed", answer.json
    assert answer.change["note"] == (f"schedule 'default/hourly': its StartDate {written(start)} has passed and AWS takes none "
                                     "from the past: it is left out")
    assert report.seen("hourly") == (before, report.new)
    assert rule.targets[0]["EcsParameters"]["TaskDefinitionArn"] == report.new
    first, second = report.front.calls.of("UpdateSchedule")
    assert first.error and not second.error and first.body["StartDate"] == start, "first it is written back as it is"
    assert function.invoke(sent).change["status"] == "unchanged"
    assert function.invoke(deploy_report(force=True)).change.get("note") is None, "it is told once"
    check_registered(report, 3)


def test_the_start_of_a_rate_keeps_its_phase(report: Report, function: LambdaFunction) -> None:
    start = days_ago(report, 40.5)
    report.schedule("hourly", StartDate=start, ScheduleExpression="rate(7 days)")
    before = report.seen("hourly")[0]
    answer = function.invoke(deploy_report())
    after, revision = report.seen("hourly")
    due = start + 42 * DAY
    assert (after, revision) == ({**before, "StartDate": due}, report.new), answer.json
    assert f"its StartDate {written(start)} has passed" in answer.change["note"]
    assert f"it is moved to {written(due)}, when the schedule is due next" in answer.change["note"]


def test_a_rate_without_a_run_left_is_told(report: Report, function: LambdaFunction) -> None:
    report.schedule("hourly", StartDate=days_ago(report, 40.5), EndDate=days_ago(report, -1), ScheduleExpression="rate(7 days)")
    before = report.seen("hourly")
    answer = function.invoke(deploy_report())
    assert answer.is_error and report.seen("hourly") == before
    told = answer.body.decode()
    assert "schedule 'default/hourly' cannot be written back" in told and REFUSAL in told
    assert "delete the schedule, which has no run left, or give it a later EndDate" in told
    assert len(report.front.calls.of("UpdateSchedule")) == 1


def test_what_else_is_invalid_stays_what_aws_says(report: Report, function: LambdaFunction) -> None:
    report.schedule("hourly")
    report.front.rules.add(faults.error("ValidationException", "The role you provide cannot be assumed."),
                           "scheduler:UpdateSchedule", times=0)
    before = report.seen("hourly")
    answer = function.invoke(deploy_report())
    told = answer.body.decode()
    assert answer.is_error and "cannot be assumed" in told and "these are not: schedule 'default/hourly'" in told
    assert report.seen("hourly") == before and len(report.front.calls.of("UpdateSchedule")) == 1


def make_universal(report: Report, name: str) -> dict[str, Any]:
    report.schedule(name)
    schedule = report.front.scheduler.get(PROD, REGION, name)
    request = {"Cluster": report.world.cluster_arn, "TaskDefinition": report.old.arn}
    schedule["Target"] = {"Arn": "arn:aws:scheduler:::aws-sdk:ecs:runTask", "RoleArn": EVENTS_ROLE, "Input": json.dumps(request)}
    return schedule


def test_schedules_that_are_not_looked_into_are_told(report: Report, function: LambdaFunction) -> None:
    schedule = make_universal(report, "hourly")
    answer = function.invoke(deploy_report())
    assert answer.change["status"] == "deployed" and "moved" not in answer.change
    assert "no rule and no schedule with the cluster as its target runs the family" in answer.change["note"]
    assert "1 schedule with the target aws-sdk:ecs:runTask was not looked at" in answer.change["note"]
    make_universal(report, "daily")
    rule = report.rule("nightly", report.target())
    answer = function.invoke(deploy_report(force=True))
    assert answer.change["moved"] == ["rule 'nightly'"] and rule.targets[0]["EcsParameters"]["TaskDefinitionArn"] == report.new
    assert answer.change["note"].startswith("2 schedules with the target aws-sdk:ecs:runTask were not looked at: ")
    assert json.loads(schedule["Target"]["Input"])["TaskDefinition"] == report.old.arn
    assert not report.front.calls.of("GetSchedule")
