"""Pollock: how much of a polluted file arrives when nobody says how to read it, ours and DuckDB's side by side.

The pollutions are those of Vitagliano, Hameed, Jiang, Reisener, Wu and Naumann, "Pollock: A Data Loading Benchmark"
(PVLDB 16(8), 2023), section 4, applied here to a table of our own; so the figures are comparable with each other, not with
the published ones. Measures are those of section 5: for each file, whether it loads (0 or 1), and precision, recall and F1
of the header's cells, of the records and of the cells, as multisets. Their sum is at most 10. "Simple" is the mean over
files; "weighted" is the mean over kinds of pollution, so that kinds with hundreds of files count as much as the others.
(The paper weighs kinds by how often they occurred in a survey of 3,712 files, which was not published with weights per kind.)

    python3 bench/pollock.py [--out docs/pollock.md]
"""

import argparse
import collections
import json
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
MEASURES = 10
# As the authors of the benchmark run DuckDB's automatic mode; on one thread, since it refuses to pad rows of files with
# line ends in quotes on several; and all_varchar, so that values are compared as they are written.
LENIENT = "strict_mode = false, ignore_errors = true, null_padding = true, parallel = false, all_varchar = true"


def table():
    """A header and 84 records of 9 columns: dates, times, numbers, codes, texts with delimiters, quotes and line ends."""
    names = ["DATE", "TIME", "Qty", "PRODUCTID", "Price", "ProductType", "ProductDescription", "URL", "Comments"]
    kinds = ["Laptop", "Phone", "Tablet, large", "Screen"]
    rows = []
    for i in range(84):
        text = f'The {kinds[i % 4].lower()} no. {i}, "best" of its kind' if i % 5 == 0 else f"A plain product of series {i}"
        note = "first line\nsecond line" if i % 12 == 0 else ("" if i % 3 else f"checked by {'AB'[i % 2]}")
        rows.append([
            f"2018-{i % 12 + 1:02}-{i % 28 + 1:02}", f"{i % 24:02}:{i * 7 % 60:02}", str(i % 9 + 1), f"P-{1000 + i}",
            f"{i * 3.5 + 0.99:.2f}", kinds[i % 4], text, f"https://shop.example.com/p/{i}?a=1&b={i % 7}", note,
        ])
    return [names], rows


class Polluted:
    """A file to be written: what is in it, how, and what a reader should find."""

    def __init__(self, **style):
        self.header, self.rows = table()
        self.before, self.after = [], []
        self.style = {"delimiter": ",", "quote": '"', "escape": '"', "end": "\r\n", "last": True} | style
        # By index of the written record: a style of its own, delimiters by place, text before the cells.
        self.own = collections.defaultdict(dict)

    def line(self, record, style):
        delimiter, quote, escape, end = (style[key] for key in ("delimiter", "quote", "escape", "end"))
        cells = [f"{quote}{cell.replace(quote, escape + quote)}{quote[::-1]}" for cell in record]
        for place, text in style.get("prefix", {}).items():
            cells[place] = text + cells[place] if not style.get("inside") else cells[place][:1] + text + cells[place][1:]
        parts = []
        for place, cell in enumerate(cells):
            own = "" if place == 0 else style.get("between", {}).get(place, delimiter)
            parts.append(own + cell)
        return "".join(parts) + end

    def bytes(self):
        records = self.before + self.header + self.rows + self.after
        lines = [self.line(record, self.style | self.own[i]) for i, record in enumerate(records)]
        text = "".join(lines)
        if not self.style["last"]:
            text = text.removesuffix(self.style["end"])
        return (text + self.style.get("tail", "")).encode(self.style.get("encoding", "utf-8"))


def pollutions():
    """Kind of pollution, name of the file, the file."""
    yield "none", "source", Polluted()
    file = Polluted()
    file.header, file.rows = [], []
    yield "no payload", "empty", file
    yield "final line ending", "none", Polluted(last=False)
    yield "final line ending", "two", Polluted(tail="\r\n")
    file = Polluted()
    file.header = []
    yield "no header", "no_header", file
    for extra in (1, 2):
        file = Polluted()
        file.header = file.header * (1 + extra)
        yield "header of several rows", f"header_{extra + 1}", file
    for rows in (1, 3):
        for empty in (False, True):
            for delimited in (False, True):
                for where in ("preamble", "footnote"):
                    file = Polluted()
                    lines = [["PREAMBLE"] + [""] * (8 if delimited else 0)] * rows
                    gap = [[""] * (9 if delimited else 1)] if empty else []
                    if where == "preamble":
                        file.before = lines + gap
                    else:
                        file.after = gap + lines
                    yield where, f"{where}_{rows}_{'empty_' if empty else ''}{'delimited' if delimited else 'bare'}", file
    for columns in (5, 9, 12):
        file = Polluted()
        names = [f"second_{i}" for i in range(columns)]
        file.after = [names] + [[f"v{row}_{i}" for i in range(columns)] for row in range(10)]
        yield "several tables", f"tables_{columns}", file
    for rows in (0, 1):
        file = Polluted()
        file.rows = file.rows[:rows]
        yield "few records", f"records_{rows}", file
    for delimiter in (";", "\t", " ", ", ", "|", "||", ":", "::", "\t\t", "^"):
        yield "field delimiter", "delimiter_" + delimiter.encode().hex(), Polluted(delimiter=delimiter)
    yield "quote", "quote_single", Polluted(quote="'", escape="'")
    yield "escape", "escape_backslash", Polluted(escape="\\")
    yield "escape", "escape_slash", Polluted(escape="/")
    yield "escape", "escape_none", Polluted(escape="")
    for end in ("\n", "\r"):
        yield "record delimiter", "end_" + end.encode().hex(), Polluted(end=end)
    for encoding in ("utf-8-sig",):
        yield "encoding", encoding, Polluted(encoding=encoding)
    for row in range(1, 85):
        file = Polluted()
        file.own[row]["between"] = {place: ";" for place in range(1, 9)}
        yield "other delimiter in a row", f"row_delimiter_{row}", file
        for place in range(9):
            file = Polluted()
            file.own[row]["prefix"] = {place: ","}
            yield "more delimiters in a row", f"row_more_{row}_{place}", file
            if place:
                file = Polluted()
                file.own[row]["between"] = {place: ""}
                yield "fewer delimiters in a row", f"row_fewer_{row}_{place}", file
            file = Polluted()
            file.own[row] |= {"prefix": {place: '"'}, "inside": True}
            yield "stray quote in a cell", f"row_quote_{row}_{place}", file


def f1(wanted, found):
    if not wanted:
        return [1.0, 1.0, 1.0]
    common = sum((collections.Counter(wanted) & collections.Counter(found)).values())
    if not common:
        return [0.0, 0.0, 0.0]
    precision, recall = common / len(found), common / len(wanted)
    return [precision, recall, 2 * precision * recall / (precision + recall)]


def normal(cell):
    return (cell or "").replace("\r\n", "\n").strip()


def score(polluted, answer):
    """The sum of the ten measures. Preambles, footnotes and second tables are no data of the table."""
    if answer.get("error"):
        return 0.0
    header = [normal(cell) for row in polluted.header for cell in row]
    rows = [[normal(cell) for cell in row] for row in polluted.rows]
    found_header = [normal(cell) for cell in answer["header"] or []]
    found = [[normal(cell) for cell in row] for row in answer["rows"]]
    cells = lambda table: [cell for row in table for cell in row]
    measures = f1(header, found_header) + f1(list(map(tuple, rows)), list(map(tuple, found))) + f1(cells(rows), cells(found))
    return 1.0 + sum(measures)


def ours(paths, program):
    if program is None:
        build = ["cargo", "build", "--release", "--locked", "--package", "data-inspector-engine", "--example", "rows"]
        subprocess.run(build, cwd=ROOT, check=True)
        metadata = subprocess.run(["cargo", "metadata", "--format-version=1", "--no-deps"], cwd=ROOT, check=True,
                                  capture_output=True, text=True)
        program = pathlib.Path(json.loads(metadata.stdout)["target_directory"]) / "release/examples/rows"
    ran = subprocess.run([program, *paths], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def duckdb(paths, options):
    import duckdb as library
    connection = library.connect()
    answers = []
    for path in paths:
        try:
            relation = connection.execute(f"SELECT * FROM read_csv('{path}', {options})")
            header = [column[0] for column in relation.description]
            answers.append({"header": header, "rows": [list(row) for row in relation.fetchall()]})
        except library.Error as error:
            answers.append({"error": str(error).splitlines()[0]})
    return library.__version__, answers


def report(version, kinds):
    count = sum(len(scores) for scores in kinds.values())
    mean = lambda values: sum(values) / len(values)
    of = lambda scores: [mean([each[i] for each in scores]) for i in range(3)]
    simple = of([each for scores in kinds.values() for each in scores])
    weighted = of([of(scores) for scores in kinds.values()])
    row = lambda name, files, values: f"| {name} | {files} | " + " | ".join(f"{value:.3f}" for value in values) + " |"
    lines = [
        "# Pollock", "",
        "How much of a polluted file arrives when nobody says how to read it: 10 is everything. Made by",
        "`target/test-venv/bin/python bench/pollock.py`, whose first lines say what is measured and what differs from the",
        "published benchmark.", "",
        f"| | files | Data Inspector | DuckDB {version} | best of DuckDB |", "|---|---:|---:|---:|---:|",
        row("simple: mean over files", count, simple), row("weighted: mean over kinds", f"{len(kinds)} kinds", weighted), "",
        "| pollution | files | Data Inspector | DuckDB | best of DuckDB |", "|---|---:|---:|---:|---:|",
    ]
    lines += [row(kind, len(scores), of(scores)) for kind, scores in kinds.items()]
    lines += ["",
              "DuckDB runs with its own sniffer and, as the authors of the benchmark run its automatic mode, with",
              f"`{LENIENT}`.",
              "*Best of DuckDB* takes for each file the better of that and of its defaults, which refuse most of these files. A",
              "reader that refuses a file gets 0 for it."]
    return "\n".join(lines) + "\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--out", type=pathlib.Path, default=ROOT / "docs/pollock.md")
    arguments.add_argument("--rows", type=pathlib.Path, help="the example `rows` of the engine, if it is built already")
    arguments.add_argument("--verbose", action="store_true", help="print the files that lose something")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for kind, name, polluted in pollutions():
            path = pathlib.Path(folder) / f"{name}.csv"
            path.write_bytes(polluted.bytes())
            files.append((kind, path, polluted))
        paths = [path for _, path, _ in files]
        version, lenient = duckdb(paths, LENIENT)
        _, strict = duckdb(paths, "all_varchar = true")
        kinds = {}
        for (kind, path, polluted), *answers in zip(files, ours(paths, options.rows), lenient, strict):
            our, their, other = (score(polluted, answer) for answer in answers)
            kinds.setdefault(kind, []).append((our, their, max(their, other)))
            if options.verbose and our < MEASURES:
                print(f"{path.name:40} {our:7.3f} {their:7.3f} {other:7.3f}", answers[0].get("error", ""))
    text = report(version, kinds)
    options.out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
