#!/usr/bin/env python3
"""Side by side with other GraphQL servers: one event to many subscribers, a nested query, a mutation.

    python3 bench/fanout.py                          # everything; writes bench/results/fanout.json and fanout.md
    python3 bench/fanout.py --subscribers 100 --peers none --out /tmp/out
    python3 bench/fanout.py --ours target/release/data-inspector --load target/release/fanout-load

Needs what `make test` needs. All servers work on the same PostgreSQL and Kafka, one after the other, and are loaded by
the same program (`bench/fanout/src`), which checks every message byte for byte: a wrong or missing one ends the run.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from fanout_report import write_report  # noqa: E402
from fanout_servers import SERVERS, Services  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
FEATURES = "data-inspector-api/cluster,data-inspector-fanout/cluster"

NESTED = """query { inspections(first: 20) { nodes { id state priority version file { id name } createdBy { id name }
  events(first: 5) { nodes { ... on InspectionEvent { seq inspectionId } } } } } }"""
# The peers have one type of event, and no interface.
NESTED_OF_PEERS = NESTED.replace("... on InspectionEvent { seq inspectionId }", "seq inspectionId")
CREATE = """mutation($input: CreateInspectionInput!) { createInspection(input: $input) {
  inspection { id state } deduplicated userErrors { code } } }"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", default="100,500,2000", help="how many, one run each")
    parser.add_argument("--events", type=int, default=100, help="events of a run, ten a second")
    parser.add_argument("--peers", default="mercurius,yoga", help="which, or none")
    parser.add_argument("--parts", default="delay,burst,stuck,killed,query,mutation")
    parser.add_argument("--ours", help="a program of ours that is built already")
    parser.add_argument("--load", help="the load program, built already")
    parser.add_argument("--out", default=str(ROOT / "bench/results"))
    parser.add_argument("--page", help="where the page goes, e.g. docs/fanout.md")
    return parser.parse_args()


def build(given):
    if not (given.ours and given.load):
        command = ["cargo", "build", "--release", "--locked", "--bin", "data-inspector", "--bin", "fanout-load"]
        subprocess.run([*command, "--features", FEATURES], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
    return given.ours or str(target / "data-inspector"), given.load or str(target / "fanout-load")


def install_peers():
    folder = Path(__file__).parent / "fanout/peers"
    if not (folder / "node_modules/.package-lock.json").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True)


class Bench:
    def __init__(self, services, load):
        self.services, self.load = services, load

    def follow(self, kind, subscribers, *options):
        """Starts a server anew and loads it with subscribers."""
        with SERVERS[kind](self.services) as server:
            command = [self.load, "follow", "--address", server.address, "--path", server.socket_path]
            command += ["--token", self.services.token, "--database", self.services.database]
            command += ["--brokers", self.services.kafka, "--workspace", self.services.workspace]
            command += ["--pid", str(server.pid), "--subscribers", str(subscribers), *map(str, options)]
            return self.run(command, f"{kind}: {subscribers} subscribers {options}")

    def request(self, kind, body, connections=16):
        with SERVERS[kind](self.services) as server:
            command = [self.load, "request", "--address", server.address, "--token", self.services.token]
            command += ["--body", json.dumps(body)]
            self.run([*command, "--seconds", "2", "--connections", str(connections)], f"{kind}: warming up")
            measured = self.run([*command, "--connections", str(connections)], f"{kind}: requests")
            with self.services.statements() as counted:
                one = self.run([*command, "--connections", "1", "--seconds", "1"], f"{kind}: counting statements")
            measured["statements"] = counted.statements / max(1, round(one["perSecond"]))
            return measured

    @staticmethod
    def run(command, what):
        print(f"{what} ...", file=sys.stderr, flush=True)
        ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if ended.returncode:
            raise SystemExit(f"{what}: the run ended with {ended.returncode}; nothing is compared")
        return json.loads(ended.stdout)


def measure(bench, kinds, given):
    parts, results = given.parts.split(","), {}
    counts = [int(count) for count in given.subscribers.split(",")]

    def of_all(name, one):
        results[name] = {kind: one(kind) for kind in kinds}

    if "delay" in parts:
        for count in counts:
            of_all(f"delay{count}", lambda kind: bench.follow(kind, count, "--events", given.events))
    if "burst" in parts:
        of_all("burst", lambda kind: bench.follow(kind, 500, "--events", 10, "--burst", 200))
    if "stuck" in parts:
        of_all("stuck", lambda kind: bench.follow(kind, 500, "--events", 50, "--stuck", 5, "--burst", 400))
    if "killed" in parts:
        of_all("killed", lambda kind: bench.follow(kind, 500, "--events", 20, "--killed", 20))
    if "query" in parts:
        of_all("query", lambda kind: bench.request(kind, {"query": NESTED if kind == "ours" else NESTED_OF_PEERS}))
    if "mutation" in parts:
        of_all("mutation", lambda kind: bench.request(kind, mutation(bench.services.file_id)))
    return results


def mutation(file_id):
    return {"query": CREATE, "variables": {"input": {"fileId": file_id, "idempotencyKey": "bench-{number}"}}}


def check(results):
    """All answered the same, and nobody's messages were wrong; else nothing is compared."""
    for name, by_kind in results.items():
        for kind, measured in by_kind.items():
            if measured.get("wrong"):
                raise SystemExit(f"{name}, {kind}: {measured['wrong']} wrong messages: {measured['firstWrong']}")
        counts = {kind: measured["paced"]["messages"] for kind, measured in by_kind.items() if "paced" in measured}
        if len(set(counts.values())) > 1:
            raise SystemExit(f"{name}: different numbers of messages: {counts}")
    for kind, measured in results.get("mutation", {}).items():
        payload = measured["answer"]["data"]["createInspection"]
        if payload["userErrors"] or payload["deduplicated"]:
            raise SystemExit(f"the mutation of {kind} made nothing: {payload}")
    for kind, measured in results.get("query", {}).items():
        if measured["answer"]["data"] != results["query"]["ours"]["answer"]["data"]:
            raise SystemExit(f"the nested query of {kind} has another answer than ours")


def main():
    given = arguments()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    ours, load = build(given)
    peers = [] if given.peers == "none" else given.peers.split(",")
    if peers:
        install_peers()
    with tempfile.TemporaryDirectory() as folder, Services(ROOT, Path(folder), ours) as services:
        results = measure(Bench(services, load), ["ours", *peers], given)
    out = Path(given.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "fanout.json").write_text(json.dumps(results, indent=1) + "\n")
    check(results)
    page = Path(given.page) if given.page else out / "fanout.md"
    write_report(page, results, ["ours", *peers])
    print(page.read_text())


if __name__ == "__main__":
    main()
