#!/usr/bin/env python3
"""Compares `data-inspector inspect` with other profilers: same files, same cores, one run. See README.md."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import install
import measure
import report
import tools

HERE = Path(__file__).resolve().parent
KINDS = ["numeric", "mixed", "wide", "bad"]
SEED = 1


def peers(threads):
    """By name: how to install, and the tools that come of it."""
    return {
        "duckdb": (lambda root: install.python_package(root, install.DUCKDB), lambda root: [tools.duckdb(root, threads)]),
        "polars": (lambda root: install.python_package(root, install.POLARS), lambda root: [tools.polars(root, threads)]),
        "xan": (
            install.xan,
            lambda root: [tools.xan(root, threads, "-a", "xan approx"), tools.xan(root, threads, "-A", "xan exact")],
        ),
        "qsv": (
            install.qsv,
            lambda root: [tools.qsv(root, threads, with_index) for with_index in (False, True)],
        ),
    }


def main():
    arguments = parse_arguments()
    generator, inspector = build(arguments.profile, arguments.ours)
    data_sets = [make_data(generator, kind, arguments.size) for kind in arguments.kinds]
    ours = tools.ours(inspector, arguments.threads)
    theirs, missing = find_peers(arguments.peers, arguments.threads)
    pin_to_cores(arguments.threads)
    environment = describe_environment(arguments, [ours, *theirs])
    results = []
    for data_set in data_sets:
        runs = measure_all(data_set, [ours, *theirs], arguments)
        results.append({**data_set, "tools": report.summarise(data_set, [ours, *theirs], runs, missing)})
        print(report.table(results[-1]), flush=True)
    save(arguments.out, environment, results)
    sys.exit(0 if all(report.ours_is_right(result) for result in results) else "data-inspector failed: see above")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    known = list(peers(1))
    parser.add_argument("--size", default="1G", help="of each file: bytes, or with K, M or G [%(default)s]")
    parser.add_argument("--kinds", type=lambda text: names(text, KINDS), default=KINDS, help=f"all, or some of {KINDS}")
    parser.add_argument("--peers", type=lambda text: names(text, known), default=known, help=f"all, none, or some of {known}")
    parser.add_argument("--rounds", type=int, default=3, help="times each tool reads each file [%(default)s]")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for one tool on one file [%(default)s]")
    parser.add_argument("--threads", type=int, default=2, help="threads and cores for every tool [%(default)s]")
    parser.add_argument("--profile", default="dist", help="cargo profile of our own binaries; dist is what is released, built by scripts/dist.sh [%(default)s]")
    parser.add_argument("--ours", type=Path, help="measure this data-inspector instead of the one just built")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder of the reports [bench/results]")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.threads < 1:
        parser.error("at least one round and one thread")
    return arguments


def names(text, allowed):
    chosen = {"all": allowed, "none": []}.get(text, text.split(","))
    if not set(chosen) <= set(allowed):
        raise argparse.ArgumentTypeError(f"choose from {','.join(allowed)}")
    return chosen


def pin_to_cores(count):
    """Children inherit it: threads that a tool starts beyond those asked for gain it nothing."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < count:
        print(f"warning: {count} threads on {len(cores)} cores", file=sys.stderr)
    os.sched_setaffinity(0, cores[:count])


def build(profile, inspector):
    """Paths of the generator and of the inspector, which is built too unless one is given."""
    as_released = profile == "dist" and not inspector
    command = ["scripts/dist.sh"] if as_released else ["cargo", "build", "--locked", "--profile", profile]
    command += ["--workspace", "--message-format", "json-render-diagnostics"]
    command += ["--bin", "bench-data", *([] if inspector else ["--bin", "data-inspector"])]
    output = subprocess.run(command, cwd=HERE.parent, check=True, stdout=subprocess.PIPE).stdout
    messages = [json.loads(line) for line in output.splitlines()]
    built = {message["target"]["name"]: message["executable"] for message in messages if message.get("executable")}
    return built["bench-data"], (inspector or Path(built["data-inspector"])).resolve()


def make_data(generator, kind, size):
    """The file and what is known of it; made again when the generator has changed."""
    path = HERE / "data" / f"{kind}-{size}-{SEED}.csv"
    facts = path.with_suffix(".json")
    path.parent.mkdir(exist_ok=True)
    newest_source = max(source.stat().st_mtime for source in (HERE / "src").iterdir())
    if not facts.exists() or facts.stat().st_mtime < newest_source:
        print(f"making {path.name}", file=sys.stderr)
        command = [generator, kind, "--size", size, "--seed", str(SEED), path]
        facts.write_bytes(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return {"kind": kind, "path": str(path), **json.loads(facts.read_text())}


def find_peers(names, threads):
    """The tools that can run, and for each of the others why it cannot."""
    root = Path(os.environ.get("BENCH_PEERS", HERE / "peers")).resolve()
    found, missing = [], {}
    for name in names:
        make_ready, make_tools = peers(threads)[name]
        try:
            make_ready(root)
            found += make_tools(root)
        except (OSError, subprocess.CalledProcessError) as error:
            missing[name] = f"not installed: {error}"
    return found, missing


def measure_all(data_set, contestants, arguments):
    """Runs by name of tool. Each round starts with another tool; who fails once is not asked again."""
    read_once(data_set["path"])
    runs = {tool.name: [] for tool in contestants}
    for number in range(arguments.rounds):
        start = number % len(contestants)
        for tool in contestants[start:] + contestants[:start]:
            if any(run["problem"] for run in runs[tool.name]):
                continue
            print(f"round {number + 1}/{arguments.rounds}: {data_set['kind']}, {tool.name}", file=sys.stderr)
            runs[tool.name].append(measure_once(tool, data_set, arguments.timeout))
    return runs


def measure_once(tool, data_set, timeout):
    """Times add up over the tool's steps; the peak is that of its hungriest step.

    The file is a hard link in an empty directory: indexes and caches that a tool leaves beside it go with the
    directory, so that no round profits from the one before.
    """
    with tempfile.TemporaryDirectory(dir=HERE / "data") as directory:
        directory = Path(directory)
        (directory / tools.FILE).hardlink_to(data_set["path"])
        total = {"seconds": 0.0, "cpuSeconds": 0.0, "peakBytes": 0, "rows": None, "problem": ""}
        outputs = []
        for step, command in enumerate(tool.steps(data_set["kind"])):
            outputs.append(directory / f"step-{step}.out")
            run = measure.run(command, directory, outputs[-1], tool.environment, timeout - total["seconds"])
            total["seconds"] += run.seconds
            total["cpuSeconds"] += run.cpu_seconds
            total["peakBytes"] = max(total["peakBytes"], run.peak_bytes)
            if run.problem:
                return {**total, "problem": run.problem}
        return {**total, "rows": tool.rows(outputs)}


def read_once(path):
    """So that the first tool does not pay for the disk."""
    with open(path, "rb") as file:
        while file.read(1 << 20):
            pass


def describe_environment(arguments, contestants):
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        models = [line.split(":", 1)[1].strip() for line in cpuinfo if line.startswith("model name")]
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"warning: the machine is busy (load {load:.1f}), all figures will look worse than they should", file=sys.stderr)
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": output_of(["git", "-C", HERE, "describe", "--always", "--dirty"]),
        "cpu": models[0] if models else platform.machine(),
        "memoryGib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "kernel": platform.release().split("-")[0],
        "loadBefore": load,
        "threads": arguments.threads,
        "rounds": arguments.rounds,
        "profile": arguments.profile,
        "tools": {tool.name: {"does": tool.does, "version": output_of(tool.version)} for tool in contestants},
    }


def output_of(command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout.split("\n")[0].split(";")[0].strip() or "unknown"


def save(folder, environment, results):
    folder.mkdir(parents=True, exist_ok=True)
    name = environment["at"].replace(":", "").replace("-", "")
    document = {"environment": environment, "results": results}
    (folder / f"{name}.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    (folder / f"{name}.md").write_text(report.markdown(environment, results))
    shutil.copyfile(folder / f"{name}.md", folder / "latest.md")
    print(f"saved {folder / name}.json and .md", file=sys.stderr)


if __name__ == "__main__":
    main()
