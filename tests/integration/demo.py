"""`./build.sh demo`: one event deploys production, on this machine.

AWS is moto behind the strict front of the tests, with two accounts; Lambda is AWS's Runtime Interface Emulator with
`bootstrap` under it. Nothing leaves the machine, and nothing is left running.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import textwrap
import time
from pathlib import Path
from types import FrameType
from typing import Any

from front import Front, round_trips
from front.seed import CLUSTER, PROD, REGION, REGISTRY, REPOSITORY, SERVICE, World, seed
from front.taskdefs import TaskDefinition
from lambda_function import Answer, LambdaFunction, environment, programs

SAMPLE = Path("events/deploy/prod/event.json")
MISSING_TAG = "git-abc123e"
# How far away AWS is made to be.
AWAY_SECONDS = 0.03
INDENT = "  "


class DemoFailed(Exception):
    """Something is not as the demo promises."""


def main() -> int:
    options = _options()
    if programs() is None:
        print("demo: SLIPWAY_BOOTSTRAP and SLIPWAY_RIE name no programs; run ./build.sh demo", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _interrupt)
    front = Front().start()
    function = None
    try:
        world = seed(front)
        function = LambdaFunction(environment(front))
        _show(world, function)
        _say_how_to_go_on(function, options.keep)
        return 0
    except DemoFailed as failure:
        print(f"\ndemo: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
        return 130
    finally:
        if function is not None:
            function.close()
        front.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="one event deploys production, on this machine")
    parser.add_argument("--keep", action="store_true", help="stay up until Ctrl-C, also where there is no terminal")
    return parser.parse_args()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _show(world: World, function: LambdaFunction) -> None:
    sample = json.loads((Path(__file__).resolve().parents[2] / SAMPLE).read_text(encoding="utf-8"))
    print("slipway: one event deploys production\n")
    _table([
        ("registry", REGISTRY, f"{REPOSITORY} with {', '.join(sorted(world.images))}"),
        ("production", PROD, f"{SERVICE} on {CLUSTER}, {len(world.running().images)} containers"),
    ])
    _show_deploy(world, function, sample)
    _show_again(world, function, sample)
    _show_missing_tag(world, function, sample)


def _show_deploy(world: World, function: LambdaFunction, sample: dict[str, Any]) -> None:
    _title(1, f"deploy {sample['detail']['tag']} of {sample['detail']['service']} ({SAMPLE})")
    world.front.delay_seconds = AWAY_SECONDS
    before, old = _state(world), world.running()
    answer, seconds = _send(function, sample)
    after, new = _state(world), world.running()
    _expect(answer, "deployed")
    _table([("", "before", "after"), *((name, before[name], after[name]) for name in before)])
    if answer.change["to"]["task_definition"] != new.arn or not _same_but_image(old, new):
        raise DemoFailed("the service does not run what the answer says")
    print(f"\n{INDENT}the other {len(new.images) - 1} containers, {len(old.tags)} tags and every setting are as they were")
    calls = list(world.front.calls)
    path = calls[: 1 + max(call.number for call in calls if call.operation == "UpdateService")]
    print(f"{INDENT}deployed in {seconds * 1000:.0f} ms from a cold start, with AWS {AWAY_SECONDS * 1000:.0f} ms away: "
          f"{round_trips(path)} round trips to the update")


def _show_again(world: World, function: LambdaFunction, sample: dict[str, Any]) -> None:
    _title(2, "the same event again")
    before = _state(world)
    answer, seconds = _send(function, sample)
    _expect(answer, "unchanged")
    if _state(world) != before or len(world.revisions()) != 2:
        raise DemoFailed("the same event has changed something")
    why = answer.change["note"]
    _wrapped(f"unchanged in {seconds * 1000:.0f} ms: {why}", INDENT)


def _show_missing_tag(world: World, function: LambdaFunction, sample: dict[str, Any]) -> None:
    _title(3, f"a tag that does not exist, {MISSING_TAG}")
    wrong = {**sample, "id": sample["id"][:-1] + "f", "detail": {**sample["detail"], "tag": MISSING_TAG}}
    before = _state(world)
    answer, _ = _send(function, wrong)
    _expect(answer, "refused")
    if _state(world) != before:
        raise DemoFailed("a refused event has changed something")
    _wrapped(f"refused, {answer.change['code']}: {answer.change['message']}", INDENT)
    _wrapped(f"remedy: {answer.change['remedy']}", INDENT)


def _say_how_to_go_on(function: LambdaFunction, keep: bool) -> None:
    interactive = sys.stdin.isatty()
    if not keep and not interactive:
        print("\nstopped; run it in a terminal, or with --keep, to send events by hand")
        return
    print("\nsend more by hand, from another terminal:\n")
    for body in ('{"service":"backend","tag":"v1.4.2","dry_run":true}', '{"service":"backend","tag":"v1.4.2"}'):
        print(f"{INDENT}curl -d '{body}' {function.url}")
    print(f"{INDENT}curl -d @{SAMPLE} {function.url}")
    if interactive and not keep:
        print("\nEnter stops it ", end="", flush=True)
        sys.stdin.readline()
        return
    print("\nCtrl-C stops it", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        while function.is_alive():
            time.sleep(0.2)


def _send(function: LambdaFunction, event: dict[str, Any]) -> tuple[Answer, float]:
    begin = time.monotonic()
    answer = function.invoke(event)
    return answer, time.monotonic() - begin


def _expect(answer: Answer, status: str) -> None:
    if answer.is_error or answer.json["status"] != status:
        raise DemoFailed(f"expected '{status}', the function answered {answer.body.decode(errors='replace')}")


def _state(world: World) -> dict[str, str]:
    """What a person would look at: of the service's primary deployment."""
    running = world.running()
    image = running.images[SERVICE].removeprefix(f"{REGISTRY}.dkr.ecr.{REGION}.amazonaws.com/")
    return {
        "image": image if "@" not in image else image[: image.index("@") + 20] + "…",
        "revision": f"{running.family}:{running.revision}",
        "deployment": world.service().primary.id,
    }


def _same_but_image(old: TaskDefinition, new: TaskDefinition) -> bool:
    """Each member, each tag and each other container, byte for byte."""
    image = {name: json.dumps(one.images[SERVICE]) for name, one in (("old", old), ("new", new))}
    expected = [(key, text.replace(image["old"], image["new"])) for key, text in old.members]
    return new.members == expected and set(old.tags) <= set(new.tags)


def _title(number: int, text: str) -> None:
    print(f"\n{number}. {text}\n")


def _table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows if column < len(row)) for column in range(max(map(len, rows)))]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        print((INDENT + "  ".join(cells)).rstrip())


def _wrapped(text: str, indent: str) -> None:
    print(textwrap.fill(text, 100, initial_indent=indent, subsequent_indent=indent * 2, break_long_words=False,
                        break_on_hyphens=False))


if __name__ == "__main__":
    sys.exit(main())
