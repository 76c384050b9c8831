"""The page about what was measured."""

import datetime
import os
import platform

HEAD = """# Fan-out: side by side with Mercurius and GraphQL Yoga

Made by `python3 bench/fanout.py --page docs/fanout.md`; not written by hand. What is measured and how is in
`bench/fanout/README.md`.

"""


def write_report(page, results, kinds):
    cores, when = os.cpu_count(), datetime.date.today().isoformat()
    kernel = platform.release().split("-")[0]
    lines = [f"{when}, {cores} cores, {platform.machine()}, Linux {kernel}; server, load, PostgreSQL and Kafka on the same cores.\n"]
    for name, by_kind in results.items():
        title, columns = SECTIONS["delay" if name.startswith("delay") else name]
        lines.append(f"\n## {title.format(name.removeprefix('delay'))}\n")
        lines.append("| server | " + " | ".join(head for head, _ in columns) + " |")
        lines.append("|---|" + "---:|" * len(columns))
        for kind in kinds:
            cells = [show(of, by_kind[kind]) for _, of in columns]
            lines.append(f"| {kind} | " + " | ".join(cells) + " |")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(HEAD + "\n".join(lines) + "\n")


def show(of, measured):
    value = of(measured)
    return f"{value:,.1f}" if isinstance(value, float) and value < 1000 else f"{value:,.0f}"


MIB, KIB = 1 << 20, 1 << 10
DELAY = [
    ("p50 ms", lambda of: of["paced"]["p50Ms"]),
    ("p99 ms", lambda of: of["paced"]["p99Ms"]),
    ("last ms", lambda of: of["paced"]["lastMs"]),
]
SECTIONS = {
    "delay": (
        "{} subscribers, ten events a second",
        [*DELAY, ("KiB each", lambda of: of["bytesPerSubscriber"] / KIB), ("messages", lambda of: of["paced"]["messages"])],
    ),
    "burst": (
        "Saturation: 200 events at once to 500 subscribers",
        [
            ("messages/s", lambda of: of["burst"]["messagesPerSecond"]),
            ("p99 ms", lambda of: of["burst"]["p99Ms"]),
            ("MiB at the end", lambda of: of["bytesAtTheEnd"] / MIB),
        ],
    ),
    "stuck": (
        "500 subscribers, of whom 25 do not read",
        [
            *DELAY,
            ("messages/s of the others", lambda of: of["burst"]["messagesPerSecond"]),
            ("closed of 25", lambda of: of["stuck"]["closed"]),
            ("MiB", lambda of: of["stuck"]["bytes"] / MIB),
        ],
    ),
    "killed": (
        "500 subscribers, of whom 100 are killed and come back 20 events later",
        [
            ("events missed", lambda of: of["killed"]["missed"]),
            ("of them lost", lambda of: of["killed"]["lost"]),
            ("all back after s", lambda of: of["killed"]["backAfterSeconds"]),
        ],
    ),
    "query": (
        "A nested query, 16 connections",
        [
            ("requests/s", lambda of: of["perSecond"]),
            ("p50 ms", lambda of: of["p50Ms"]),
            ("p99 ms", lambda of: of["p99Ms"]),
            ("statements each", lambda of: of["statements"]),
        ],
    ),
    "mutation": (
        "A mutation, 16 connections",
        [
            ("requests/s", lambda of: of["perSecond"]),
            ("p50 ms", lambda of: of["p50Ms"]),
            ("p99 ms", lambda of: of["p99Ms"]),
            ("statements each", lambda of: of["statements"]),
        ],
    ),
}
