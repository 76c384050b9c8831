"""Who is compared: how each tool is called, and how many rows it says the file has.

Every tool gets the same file under the name `data.csv` in an empty directory, the same number of threads, and on
the file of bad rows those of its options that let it read most of it.
"""

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

HERE = Path(__file__).resolve().parent
FILE = "data.csv"


@dataclass
class Tool:
    name: str
    does: str
    steps: Callable  # kind of file -> commands, run one after the other
    rows: Callable  # paths of the steps' outputs -> number of rows
    version: list = field(default_factory=list)  # a command that prints it
    environment: dict = field(default_factory=dict)


def ours(binary, threads):
    command = [binary, "inspect", FILE, "--json", "--threads", str(threads)]
    return Tool(
        name="data-inspector",
        does="inspect --json",
        steps=lambda kind: [command],
        rows=lambda outputs: json.loads(outputs[0].read_text())["rowCount"],
        version=[binary, "--version"],
    )


def duckdb(root, threads):
    # `null_padding` would keep the short rows too, but detection and the parallel reader refuse it on this file.
    options = {"bad": ", ignore_errors = true, strict_mode = false"}
    python = root / "venv/bin/python"
    script = HERE / "duckdb_summarize.py"
    return Tool(
        name="duckdb",
        does="SUMMARIZE SELECT * FROM read_csv(…)",
        steps=lambda kind: [[python, script, FILE, str(threads), options.get(kind, "")]],
        rows=rows_of_script,
        version=[python, "-c", "import duckdb; print(duckdb.__version__)"],
    )


def polars(root, threads):
    options = {"bad": {"ignore_errors": True, "truncate_ragged_lines": True, "encoding": "utf8-lossy"}}
    python = root / "venv/bin/python"
    script = HERE / "polars_describe.py"
    return Tool(
        name="polars",
        does="scan_csv(…, try_parse_dates=True).describe()",
        steps=lambda kind: [[python, script, FILE, json.dumps({"try_parse_dates": True, **options.get(kind, {})})]],
        rows=rows_of_script,
        version=[python, "-c", "import polars; print(polars.__version__)"],
        environment={"POLARS_MAX_THREADS": str(threads)},
    )


def xan(root, threads, statistics, name):
    binary = root / "bin/xan"
    return Tool(
        name=name,
        does=f"stats {statistics}",
        steps=lambda kind: [[binary, "stats", statistics, "--threads", str(threads), FILE]],
        rows=rows_of_xan,
        version=[binary, "--version"],
    )


def qsv(root, threads, with_index):
    """Only with an index does it work in parallel; making one is then part of the job."""
    binary = root / "bin/qsvlite"
    jobs = ["--jobs", str(threads), FILE]
    index = [[binary, "index", FILE]] if with_index else []
    return Tool(
        name="qsv indexed" if with_index else "qsv",
        does=("index, " if with_index else "") + "stats --everything --infer-dates, frequency",
        steps=lambda kind: [
            *index,
            [binary, "stats", "--everything", "--infer-dates", *jobs],
            [binary, "frequency", *jobs],
        ],
        rows=rows_of_qsv,
        version=[binary, "--version"],
    )


def rows_of_script(outputs):
    return json.loads(outputs[0].read_text())["rows"]


def rows_of_xan(outputs):
    first = next(csv.DictReader(outputs[0].open(newline="")))
    return int(first["count"]) + int(first["count_empty"])


def rows_of_qsv(outputs):
    """The counts of a column's values, all others together being one line, add up to the number of rows."""
    lines = list(csv.DictReader(outputs[-1].open(newline="")))
    return sum(int(line["count"]) for line in lines if line["field"] == lines[0]["field"])
