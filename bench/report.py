"""Turns runs into one line per tool, and lines into a table."""

from statistics import median

HEAD = ["tool", "median s", "min–max s", "CPU s", "MB/s", "peak MiB", "time × ours", "memory × ours", "rows"]


def summarise(data_set, contestants, runs, missing):
    """One entry per tool, ours first; peers that could not be installed last."""
    entries = [entry_of(tool.name, runs[tool.name], data_set["bytes"]) for tool in contestants]
    ours = entries[0]
    for entry in entries:
        if not entry["problem"] and not ours["problem"]:
            entry["timeRatio"] = entry["seconds"] / ours["seconds"]
            entry["memoryRatio"] = entry["peakBytes"] / ours["peakBytes"]
    return entries + [{"name": name, "runs": [], "problem": problem} for name, problem in missing.items()]


def entry_of(name, runs, file_bytes):
    """The figures of a tool, or only its problem: one failed run makes the others worthless."""
    problem = runs[-1]["problem"]
    if problem:
        return {"name": name, "runs": runs, "problem": problem}
    seconds = median(run["seconds"] for run in runs)
    return {
        "name": name,
        "runs": runs,
        "problem": "",
        "seconds": seconds,
        "cpuSeconds": median(run["cpuSeconds"] for run in runs),
        "bytesPerSecond": file_bytes / seconds,
        "peakBytes": max(run["peakBytes"] for run in runs),
        "rows": runs[-1]["rows"],
    }


def ours_is_right(result):
    ours = result["tools"][0]
    return not ours["problem"] and ours["rows"] == result["rows"]


def table(result):
    """A heading and a table that reads well as text and as Markdown."""
    lines = [HEAD, *(line(entry, result["rows"]) for entry in result["tools"])]
    widths = [max(len(row[i]) for row in lines if len(row) == len(HEAD)) for i in range(len(HEAD))]
    text = [f"### {result['kind']}: {result['bytes'] / 1e6:,.1f} MB, {result['rows']:,} rows, {result['columns']} columns", ""]
    for number, row in enumerate(lines):
        text.append("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
        if number == 0:
            text.append("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    problems = [f"* {entry['name']}: {entry['problem']}" for entry in result["tools"] if entry["problem"]]
    return "\n".join([*text, "", *problems, ""])


def line(entry, true_rows):
    if entry["problem"]:
        return [entry["name"], *["–"] * (len(HEAD) - 2), "see below"]
    seconds = [run["seconds"] for run in entry["runs"]]
    return [
        entry["name"],
        f"{entry['seconds']:.2f}",
        f"{min(seconds):.2f}–{max(seconds):.2f}",
        f"{entry['cpuSeconds']:.2f}",
        f"{entry['bytesPerSecond'] / 1e6:,.0f}",
        f"{entry['peakBytes'] / 2**20:,.0f}",
        f"{entry['timeRatio']:.2f}" if "timeRatio" in entry else "–",
        f"{entry['memoryRatio']:.2f}" if "memoryRatio" in entry else "–",
        "all" if entry["rows"] == true_rows else f"{entry['rows']:,} of {true_rows:,}",
    ]


def markdown(environment, results):
    head = [
        f"# Comparison of {environment['at']}",
        "",
        f"Commit {environment['commit']}, {environment['cpu']}, {environment['memoryGib']} GiB, kernel "
        f"{environment['kernel']}, load before {environment['loadBefore']:.2f}; {environment['threads']} threads, "
        f"{environment['rounds']} rounds, profile {environment['profile']}.",
        "",
        "| tool | version | what it was asked |",
        "|---|---|---|",
        *(f"| {name} | {tool['version']} | `{tool['does']}` |" for name, tool in environment["tools"].items()),
        "",
    ]
    return "\n".join(head + [table(result) for result in results])
