"""Runs the measurements, in pairs where there is something to compare with, and writes the table.

python3 tests/bench/bench.py OUT_FOLDER [--binary FILE] [--only start,loop,memory,zip,cold]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import Any, Iterator

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("start", "loop", "memory", "zip", "cold")

ROUND_TRIP_MS = 20
# A function of 128 MB has a fourteenth of a CPU; the period is one in which Linux shares it out.
PERIOD_US, QUOTA_US = 20000, 1400

BASE = {
    "PATH": os.environ["PATH"],
    "PROJECT_NAME": "myproject",
    "PROJECT_ENV": "prod",
    "AWS_REGION": "us-east-1",
    "AWS_LAMBDA_LOG_FORMAT": "JSON",
}
DEPLOY_BUDGET_MS = 15


class Failed(Exception):
    pass


# -- one program under the Runtime API ------------------------------------------------------------


def runtime_api(out: Path, program: Path, env: dict[str, str], *options: str) -> list[dict[str, Any]]:
    """The measurements of runtime_api.c, one for each start of the program."""
    command = [str(out / "runtime_api"), *options, "--", str(program)]
    done = subprocess.run(command, env={**BASE, **env}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def event(service: str, index: int, source: str = "action.production") -> dict[str, Any]:
    return {
        "version": "0",
        "id": f"17793124-05d4-b198-2fde-{index:012d}",
        "detail-type": "DEPLOY",
        "source": source,
        "account": "222222222222",
        "time": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "us-east-1",
        "resources": [],
        "detail": {"service": service, "tag": "git-abc123f"},
    }


def pairs(rounds: int, one: Any, other: Any, value: str) -> dict[str, Any]:
    """Alternates the two; the ratio is the median of the rounds' ratios, so that drift cancels out."""
    ours, theirs, ratios = [], [], []
    for index in range(rounds):
        # Who goes first changes, too.
        if index % 2 == 0:
            a, b = one(), other()
        else:
            b, a = other(), one()
        ours.append(a[value])
        theirs.append(b[value])
        ratios.append(a[value] / b[value])
    return {"slipway": median(ours), "curlloop": median(theirs), "ratio": median(ratios),
            "ratios": [round(r, 3) for r in ratios]}


def start(out: Path, binary: Path) -> dict[str, Any]:
    def one(program: Path) -> dict[str, float]:
        runs = runtime_api(out, program, {}, "-p", "-r", "15")
        return {"us": median((r["first_next_ns"] - r["exec_ns"]) / 1e3 for r in runs)}

    return pairs(24, lambda: one(binary), lambda: one(out / "curlloop"), "us")


def loop(out: Path, binary: Path) -> dict[str, Any]:
    """An event for another environment: everything but a deploy happens to it. Two processes of one program may differ by
    a fifth, so there are many of them."""
    path = out / "ignored.json"
    path.write_text(json.dumps(event("backend", 0, "action.production")))
    env = {"PROJECT_ENV": "dev"}
    both: dict[str, Any] = {}
    samples: dict[str, list[dict[str, Any]]] = {"slipway": [], "curlloop": []}
    for index in range(32):
        order = [("slipway", binary), ("curlloop", out / "curlloop")]
        for name, program in order if index % 2 == 0 else order[::-1]:
            samples[name] += runtime_api(out, program, env, "-p", "-n", "2000", "-e", str(path))
    answer = json.loads(samples["slipway"][0]["answer"])
    if answer["status"] != "ignored":
        raise Failed(f"the loop's event was not ignored: {answer}")
    for key in ("loop_us_p50", "cpu_us_per_invocation"):
        ours, theirs = ([run[key] for run in samples[name]] for name in ("slipway", "curlloop"))
        ratios = [a / b for a, b in zip(ours, theirs)]
        both[key] = {"slipway": median(ours), "curlloop": median(theirs), "ratio": median(ratios),
                     "ratios": [round(r, 3) for r in ratios]}
    return both


def memory(out: Path, binary: Path) -> dict[str, Any]:
    path = out / "ignored.json"
    path.write_text(json.dumps(event("backend", 0, "action.production")))
    keys = ("rss_first_kb", "rss_warm_kb", "rss_end_kb", "rss_peak_kb", "invocations", "connections")
    run = runtime_api(out, binary, {"PROJECT_ENV": "dev"}, "-p", "-n", "100000", "-e", str(path))[0]
    reference = runtime_api(out, out / "curlloop", {}, "-p", "-n", "2000")[0]
    return {**{key: run[key] for key in keys}, "curlloop_rss_first_kb": reference["rss_first_kb"]}


def zip_size(out: Path, binary: Path) -> dict[str, Any]:
    archive = ROOT / "build" / "function.zip"
    return {"zip_bytes": archive.stat().st_size, "binary_bytes": binary.stat().st_size,
            "certificates": len(list((ROOT / "build" / "static" / "sysroot" / "certs").iterdir()))}


# -- a cold deploy --------------------------------------------------------------------------------


def certificates(folder: Path) -> None:
    """A root, and a chain under it: an RSA intermediate and a leaf.

    AWS's leaves are RSA mostly; this one is on P-256, since signing with it takes the front no time. To verify, it
    takes the client a little more.
    """
    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    rsa, p256 = ["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    (folder / "ca.cnf").write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n")
    (folder / "leaf.cnf").write_text("subjectAltName=IP:127.0.0.1,IP:127.0.0.2\n")
    openssl("req", "-x509", "-newkey", *rsa, "-nodes", "-keyout", "root.key", "-out", "root.pem", "-days", "30",
            "-subj", "/CN=bench root")
    for name, kind, issuer, extensions in (("middle", rsa, "root", "ca.cnf"), ("leaf", p256, "middle", "leaf.cnf")):
        openssl("req", "-newkey", *kind, "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", f"/CN=bench {name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key",
                "-CAcreateserial", "-days", "30", "-extfile", extensions, "-out", f"{name}.pem")
    (folder / "chain.pem").write_text((folder / "leaf.pem").read_text() + (folder / "middle.pem").read_text())


def function_folder(folder: Path, binary: Path) -> Path:
    """The function as it lies in /var/task, with one more root in its certificates."""
    task = folder / "task"
    shutil.copytree(ROOT / "build" / "static" / "sysroot" / "certs", task / "certs")
    digest = subprocess.run(["openssl", "x509", "-in", folder / "root.pem", "-noout", "-subject_hash"],
                            check=True, capture_output=True, text=True).stdout.strip()
    shutil.copy(folder / "root.pem", task / "certs" / f"{digest}.0")
    shutil.copy(binary, task / "bootstrap")
    return task / "bootstrap"


@contextmanager
def aws_front(out: Path, folder: Path) -> Iterator[tuple[dict[str, str], list[str]]]:
    """The front on two addresses; after the block, the list holds what it saw."""
    command = [str(out / "aws_front"), "chain.pem", "leaf.key", str(ROUND_TRIP_MS), "127.0.0.1", "127.0.0.2"]
    seen: list[str] = []
    with subprocess.Popen(["taskset", "-c", "0", *command], cwd=folder, stdout=subprocess.PIPE, text=True) as front:
        assert front.stdout is not None
        hosts = [f"https://{address}:{port}" for address, port in (front.stdout.readline().split() for _ in range(2))]
        try:
            yield {"AWS_ENDPOINT_URL_ECR": hosts[0], "AWS_ENDPOINT_URL_ECS": hosts[1]}, seen
        finally:
            front.terminate()
            seen += front.stdout.read().splitlines()


@contextmanager
def control_group() -> Iterator[tuple[Path, Path, str, str] | None]:
    """A control group for the CPU: its procs file, its limit's file, and the limit's value off and on."""
    name = f"slipway-bench-{os.getpid()}"
    v1, v2 = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")
    try:
        if (v1 / "cpu.cfs_quota_us").exists():
            group = v1 / name
            group.mkdir()
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            found = (group / "cgroup.procs", group / "cpu.cfs_quota_us", "-1", str(QUOTA_US))
        elif "cpu" in (v2 / "cgroup.controllers").read_text().split():
            if "cpu" not in (v2 / "cgroup.subtree_control").read_text().split():
                (v2 / "cgroup.subtree_control").write_text("+cpu")
            group = v2 / name
            group.mkdir()
            found = (group / "cgroup.procs", group / "cpu.max", f"max {PERIOD_US}", f"{QUOTA_US} {PERIOD_US}")
        else:
            yield None
            return
    except OSError:
        yield None
        return
    try:
        yield found
    finally:
        group.rmdir()


STAGES = {"RegisterTaskDefinition": 1, "UpdateService": 2}
# What ECS takes at once, and at which pace after that.
REGISTER_BURST = 20


def depth(calls: list[tuple[str, str]]) -> int:
    """The most calls that one connection carried: they had to wait for each other."""
    carried: dict[str, int] = {}
    for connection, _ in calls:
        carried[connection] = carried.get(connection, 0) + 1
    return max(carried.values(), default=0)


def dissect(run: dict[str, Any], seen: list[str], targets: int) -> dict[str, Any]:
    lines = [line.split() for line in seen]
    requests = [(f[1], f[2], int(f[3]), int(f[4])) for f in lines if f[0] == "request"]
    updates = [answered for _, operation, _, answered in requests if operation == "UpdateService"]
    if len(updates) != targets:
        raise Failed(f"{len(updates)} of {targets} services were updated: {run['answer'][:400]}")
    accepted = max(updates)
    path = [r for r in requests if r[2] < accepted]
    stages: list[list[tuple[str, str]]] = [[], [], []]
    registered = max(answered for _, operation, _, answered in path if operation == "RegisterTaskDefinition")
    for connection, operation, received, _ in sorted(path, key=lambda r: r[2]):
        # Updates that go out while others wait for ECS's pace hold nobody up.
        if operation != "UpdateService" or received >= registered:
            stages[STAGES.get(operation, 0)].append((connection, operation))
    paced = max(0, len(stages[1]) - REGISTER_BURST)
    trips = depth(stages[0]) + depth(stages[1][:REGISTER_BURST]) + depth(stages[2])
    opened = [int(f[2]) for f in lines if f[0] == "connect" and int(f[2]) < accepted]
    late = any(ns > run["event_ns"] for ns in opened)
    # A new connection is two round trips, TCP's and TLS 1.3's; all of a wave open side by side.
    network_ms = (2 + 2 * late + trips) * ROUND_TRIP_MS + paced * 1000
    total_ms = (accepted - run["exec_ns"]) / 1e6
    shakes = [f[0] for f in lines if f[0] in ("handshake", "resumed") and int(f[2]) < accepted]
    return {
        "targets": targets,
        "total_ms": total_ms,
        "init_ms": (run["first_next_ns"] - run["exec_ns"]) / 1e6,
        "event_to_accepted_ms": (accepted - run["event_ns"]) / 1e6,
        "answer_ms": (run["post_ns"] - run["exec_ns"]) / 1e6,
        "network_ms": network_ms,
        "paced_ms": paced * 1000,
        "work_ms": total_ms - network_ms,
        "cpu_ms": run["cpu_us"] / 1e3,
        "init_cpu_ms": run["init_cpu_us"] / 1e3,
        "round_trips": trips,
        "requests": len(path),
        "connections": len(opened),
        "full_handshakes": shakes.count("handshake"),
        "resumed_handshakes": shakes.count("resumed"),
        "rss_peak_kb": run["rss_peak_kb"],
    }


def cold_once(out: Path, folder: Path, program: Path, targets: int, options: list[str]) -> dict[str, Any]:
    services = ["backend", *(f"s{index:02d}" for index in range(1, targets))]
    events = [event(name, index) for index, name in enumerate(services)]
    path = folder / "event.json"
    path.write_text(json.dumps(events if targets > 1 else events[0]))
    with aws_front(out, folder) as (endpoints, seen):
        env = {
            **endpoints,
            "ECR_STRATEGY": "cross_account",
            "ECR_ACCOUNT_ID": "111111111111",
            "ECR_ACCOUNT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "ASIABENCH00000000000",
            "AWS_SECRET_ACCESS_KEY": "bench/secret/access/key/0123456789abcdef",
            "AWS_SESSION_TOKEN": "bench-session-token" * 20,
        }
        run = runtime_api(out, program, env, "-a", "-n", "1", "-e", str(path), *options)[0]
    return dissect(run, seen, targets)


def middle(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return sorted(runs, key=lambda run: run["total_ms"])[len(runs) // 2] | {"runs": len(runs)}


def cold(out: Path, binary: Path) -> dict[str, Any]:
    results: dict[str, Any] = {}
    # Beyond a burst of 20, RegisterTaskDefinition is paced to one a second: fifty take half a minute.
    repeats = {1: 11, 10: 7, 50: 1}
    with tempfile.TemporaryDirectory() as name, control_group() as group:
        folder = Path(name)
        certificates(folder)
        program = function_folder(folder, binary)
        speeds: dict[str, list[str]] = {"full": []}
        if group is not None:
            procs, limit, off, on = group
            join = ["-g", str(procs)]
            speeds["init_full"] = [*join, "-w", f"{limit}={on}"]
            speeds["throttled"] = join
        for speed, options in speeds.items():
            for targets, count in repeats.items():
                runs = []
                for _ in range(count):
                    if group is not None:
                        limit.write_text(on if speed == "throttled" else off)
                    runs.append(cold_once(out, folder, program, targets, options))
                results[f"{speed}_{targets}"] = middle(runs)
    return results


# -- the table ------------------------------------------------------------------------------------


def first_line(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()[0].strip() if done.stdout else "unknown"


def machine() -> dict[str, str]:
    cpu = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
           if line.startswith(("model name", "CPU part"))]
    system = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    versions = dict(line.split() for line in (ROOT / "build" / "static" / "versions").read_text().splitlines())
    return {
        "cpu": f"{len(cpu)} × {cpu[0] if cpu else platform.machine()}",
        "system": system["PRETTY_NAME"].strip('"'),
        "kernel": platform.release(),
        "compiler": first_line("gcc", "--version"),
        "musl": first_line("dpkg-query", "-W", "-f", "${Version}\n", "musl-dev"),
        "libraries": ", ".join(f"{name} {version}" for name, version in versions.items()),
    }


def verdict(value: float, budget: float) -> str:
    return "yes" if value <= budget else "NO"


def budget_rows(r: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    rows = []
    if "start" in r:
        s = r["start"]
        rows.append(("exec to first `/next`", "≤ 1.25 × curlloop",
                     f"{s['ratio']:.2f} × ({s['slipway'] / 1e3:.2f} ms against {s['curlloop'] / 1e3:.2f} ms)",
                     verdict(s["ratio"], 1.25)))
    if "loop" in r:
        for key, name in (("loop_us_p50", "the loop, per invocation"),
                          ("cpu_us_per_invocation", "the same, CPU time")):
            s = r["loop"][key]
            rows.append((name, "≤ 1.2 × curlloop", f"{s['ratio']:.2f} × ({s['slipway']:.0f} µs against "
                         f"{s['curlloop']:.0f} µs)", verdict(s["ratio"], 1.2)))
    if "memory" in r:
        m = r["memory"]
        growth = m["rss_end_kb"] - m["rss_warm_kb"]
        rows.append(("resident at first `/next`", "≤ 3 MB",
                     f"{m['rss_first_kb'] / 1024:.2f} MB (curlloop {m['curlloop_rss_first_kb'] / 1024:.2f})",
                     verdict(m["rss_first_kb"], 3072)))
        rows.append((f"growth from invocation 1,000 to {m['invocations']:,}", "0", f"{growth} KiB "
                     f"(at {m['rss_end_kb'] / 1024:.2f} MB)", verdict(growth, 0)))
    if "zip" in r:
        z = r["zip"]
        rows.append(("zip, with CA certificates", "≤ 1.6 MB",
                     f"{z['zip_bytes'] / 1e6:.2f} MB (bootstrap {z['binary_bytes'] / 1e6:.2f} MB, "
                     f"{z['certificates']} certificates)", verdict(z["zip_bytes"], 1.6e6)))
    for c in [c for key, c in r.get("cold", {}).items() if key.startswith("full_")]:
        targets = c["targets"]
        rows.append((f"round trips to the last UpdateService, {targets} target{'s' * (targets > 1)}", "3",
                     str(c["round_trips"]), verdict(c["round_trips"], 3)))
    if "cold" in r:
        # Lambda throttles after the init phase; from exec on is in the other table, to compare with.
        for speed in ("full", "init_full"):
            if (c := r["cold"].get(f"{speed}_1")) is not None:
                rows.append((f"work in a cold deploy, {SPEEDS[speed]}", f"≤ {DEPLOY_BUDGET_MS} ms",
                             f"{c['work_ms']:.1f} ms", verdict(c["work_ms"], DEPLOY_BUDGET_MS)))
    return rows


SPEEDS = {
    "full": "a whole CPU",
    "init_full": "7 % of a CPU after init",
    "throttled": "7 % of a CPU from exec on",
}


def markdown(r: dict[str, Any]) -> str:
    text = ["# Measured", ""]
    text += [f"- {key}: {value}" for key, value in r["machine"].items()]
    text += ["", "| what | budget | measured | kept |", "| --- | --- | --- | --- |"]
    text += ["| " + " | ".join(row) + " |" for row in budget_rows(r)]
    if "cold" in r:
        text += ["", f"A cold deploy over TLS, {ROUND_TRIP_MS} ms away; milliseconds from exec until the last "
                 "UpdateService is accepted. Network: two round trips where connections are opened (in init, and for "
                 "many targets once more), those of the calls, and a second for each registration beyond the burst "
                 f"of {REGISTER_BURST} that ECS takes. Work is the rest.", "",
                 "| CPU | targets | total | network | work | init | CPU time | calls | their round trips | connections "
                 "| handshakes: full, resumed | peak memory |",
                 "| --- " * 12 + "|"]
        for key, c in r["cold"].items():
            speed = SPEEDS[key.rsplit("_", 1)[0]]
            text.append(f"| {speed} | {c['targets']} | {c['total_ms']:.0f} | {c['network_ms']} | {c['work_ms']:.1f} "
                        f"| {c['init_ms']:.0f} | {c['cpu_ms']:.1f} | {c['requests']} | {c['round_trips']} "
                        f"| {c['connections']} | {c['full_handshakes']}, {c['resumed_handshakes']} "
                        f"| {c['rss_peak_kb'] / 1024:.1f} MB |")
        if not any(key.startswith("throttled") for key in r["cold"]):
            text += ["", "Not measured at 7 % of a CPU: no control group can be made here (it takes root)."]
    return "\n".join(text) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=lambda path: Path(path).resolve())
    parser.add_argument("--binary", type=Path, default=ROOT / "build" / "static" / "bootstrap")
    parser.add_argument("--only", default=",".join(PARTS))
    arguments = parser.parse_args()
    binary = arguments.binary.resolve()
    try:
        os.nice(-19)  # other programs on the machine disturb less; takes root
    except PermissionError:
        pass
    parts = {"start": start, "loop": loop, "memory": memory, "zip": zip_size, "cold": cold}
    results: dict[str, Any] = {"machine": machine()}
    try:
        for name in arguments.only.split(","):
            print(f"bench: {name}", file=sys.stderr, flush=True)
            results[name] = parts[name](arguments.out, binary)
    except Failed as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    (arguments.out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (arguments.out / "results.md").write_text(markdown(results))
    print(markdown(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
