"""Events as tests send them, and what a deploy must have left behind."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta, timezone
from typing import Any

from front.seed import PROD, REGION, REGISTRY, REPOSITORY, SERVICE, World
from front.taskdefs import TaskDefinition
from lambda_function import Answer

_numbers = itertools.count(1)
# The first event's time; each next one is a second later unless it says otherwise.
_BEGIN = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=2)


def event(_time: str | None = None, _id: str | None = None, _source: str = "action.production", _account: str = PROD,
          _type: str = "DEPLOY", **detail: Any) -> dict[str, Any]:
    """An EventBridge event with this detail; service and tag are those of the sample unless given."""
    number = next(_numbers)
    return {
        "version": "0",
        "id": _id or f"6f1c9b2e-0000-4000-8000-{number:012d}",
        "detail-type": _type,
        "source": _source,
        "account": _account,
        "time": _time or (_BEGIN + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [],
        "detail": detail or {"service": "backend", "tag": "git-abc123f"},
    }


def later(one: dict[str, Any], seconds: int) -> str:
    """The event's time, shifted."""
    when = datetime.strptime(one["time"], "%Y-%m-%dT%H:%M:%SZ") + timedelta(seconds=seconds)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def reference(world: World, tag: str = "git-abc123f", repository: str = REPOSITORY, account: str = REGISTRY,
              region: str = REGION) -> str:
    return f"{account}.dkr.ecr.{region}.amazonaws.com/{repository}@{world.images[tag].digest}"


def check_only_image_changed(old: TaskDefinition, new: TaskDefinition, image: str, container: str = SERVICE) -> None:
    """The new revision is the old one, byte for byte but for that container's image."""
    before = old.images[container]
    assert new.images == {**old.images, container: image}
    expected = [(key, text.replace(json.dumps(before), json.dumps(image)) if key == "containerDefinitions" else text)
                for key, text in old.members]
    assert new.members == expected
    user_tags = [(key, value) for key, value in new.tags if not key.startswith("slipway:")]
    assert user_tags == [(key, value) for key, value in old.tags if not key.startswith("slipway:")]


def check_deployed(world: World, sent: dict[str, Any], answer: Answer, tag: str = "git-abc123f",
                   revisions: int = 2) -> None:
    """Exactly one new revision, that the service runs, as the answer says."""
    image = reference(world, tag)
    assert len(world.revisions()) == revisions, [one.images for one in world.revisions()]
    old, new = world.revisions()[-2:]
    check_only_image_changed(old, new, image)
    assert world.service().primary.task_definition == new.arn
    assert new.tag("slipway:event-id") == sent["id"]
    assert new.tag("slipway:event-time") == sent["time"]
    assert new.tag("slipway:image-tag") == tag
    assert new.tag("slipway:digest") == world.images[tag].digest
    change = answer.change
    assert (change["status"], answer.json["status"]) == ("deployed", "deployed"), answer.json
    assert change["to"] == {"task_definition": new.arn, "image": image, "tag": tag, "digest": world.images[tag].digest}
    assert change["from"]["task_definition"] == old.arn
    assert change["deployment_id"] == world.service().primary.id


def check_converged(world: World, tag: str = "git-abc123f") -> None:
    """However it came about: one new revision with the image, and the service runs it, in one deployment."""
    assert len(world.revisions()) == 2, [dict(one.tags) for one in world.revisions()]
    old, new = world.revisions()
    check_only_image_changed(old, new, reference(world, tag))
    service = world.service()
    assert service.primary.task_definition == new.arn
    assert len(service.deployments) == 2 and service.forced == 0


def check_untouched(world: World) -> None:
    """Nothing was written: no revision, no deployment, not even an attempt."""
    assert len(world.revisions()) == 1 and len(world.service().deployments) == 1
    names = set(world.front.calls.names())
    assert not names & {"ecs:RegisterTaskDefinition", "ecs:UpdateService"}, names


def check_refused(answer: Answer, code: str) -> Any:
    change = answer.change
    assert (change["status"], answer.json["status"], change.get("code")) == ("refused", "refused", code), answer.json
    assert change["message"] and change["remedy"]
    assert not change["message"].endswith(".")
    return change
