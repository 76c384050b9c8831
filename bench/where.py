#!/usr/bin/env python3
"""Where the time of a cell goes: samples the engine's benchmark with perf, and adds up by the source that the code
was written in (library code counts where it was inlined). Prints the table of docs/speed.md.

    cargo bench -p data-inspector-engine --profile dist --no-run     # prints the name of the executable
    bench/where.py EXECUTABLE mixed numeric
"""

import argparse
import re
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

# The first one that fits; a place is `function file` of engine source, or the name of a library's function.
PARTS = [
    ("the generator of the benchmark", r"data_inspector_bench|bench/src"),
    ("search: needles, UTF-8, control characters, lines", r"/simd\.rs|find_all|memchr::|simdutf8|/suspects\.rs|advance /ledger"),
    ("state at the ends of leaves", r"/lanes\.rs|/scan\.rs"),
    ("cut records and cells", r"/records|/runaway\.rs|/leaf_counter\.rs|/automaton\.rs"),
    ("hash", r"xxhash"),
    ("read: numbers, dates, words", r"/cell|/calendar|/numbers\.rs|short_number|read_form"),
    ("frequent values", r"/frequent\.rs"),
    ("different values", r"/distinct\.rs|settle_hashes"),
    ("quantiles", r"/dyadic\.rs|/ranked\.rs"),
    ("sums of powers", r"/exact_sum|measure_number"),
    ("shapes and what hides in texts", r"/text/|shape_of"),
    ("meanings", r"/semantic"),
    ("extremes", r"/extreme\.rs|extend_text_range"),
    ("order", r"/order\.rs"),
    ("facts about rows", r"/row_facts"),
    ("rows that are no data, and defects", r"/leaf_counter/|/ledger\.rs|/shift\.rs"),
    ("the loop over the cells: counts, lengths, queues", r"/column|count_starts_of_chars|widely"),
    ("survey and report", r"/survey|/finish|/partial\.rs"),
    ("memory: copies, clears, allocation", r"mem(move|cpy|set|cmp)|malloc|free|alloc|raw_vec"),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("executable", type=Path, help="of the engine's benchmark")
    parser.add_argument("kinds", nargs="+", help="data sets")
    parser.add_argument("--mib", default="64", help="size of each [%(default)s]")
    arguments = parser.parse_args()
    columns = [of_kind(arguments.executable, kind, arguments.mib) for kind in arguments.kinds]
    print("| ns per cell |", " | ".join(arguments.kinds), "|\n|---|" + "---|" * len(columns))
    for part in [name for name, _ in PARTS[1:]] + ["other", "**all**"]:
        print(f"| {part} |", " | ".join(f"{column.get(part, 0):.1f}" for column in columns), "|")


def of_kind(executable, kind, mib):
    """Nanoseconds per cell by part."""
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/perf.data"
        call = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "5000", "-o", data]
        call += [executable, "--mib", mib, "--rounds", "8", kind]
        shown = subprocess.run(call, check=True, capture_output=True, text=True).stdout
        script = ["perf", "script", "-i", data, "-F", "ip,sym,symoff"]
        samples = subprocess.run(script, check=True, capture_output=True, text=True).stdout
    per_cell = float(shown.split()[-1])
    parts = Counter()
    for place, count in places(executable, samples).items():
        parts[next((name for name, pattern in PARTS if re.search(pattern, place)), "other")] += count
    del parts[PARTS[0][0]]
    total = parts.total()
    return {name: count * per_cell / total for name, count in parts.items()} | {"**all**": per_cell}


def places(executable, samples):
    """How many samples are in each place."""
    found = Counter(re.findall(r"^\s*([0-9a-f]+) (.*?)(?:\+0x([0-9a-f]+))?$", samples, re.M))
    listed = subprocess.run(["nm", "-C", executable], check=True, capture_output=True, text=True).stdout
    addresses = Counter()
    symbols = {}
    for address, name in re.findall(r"^([0-9a-f]+) [tT] (.*)$", listed, re.M):
        addresses[name] += 1
        symbols[name] = int(address, 16)
    # Where the executable was loaded, by a symbol that is there once.
    base = next(
        int(ip, 16) - int(offset, 16) - symbols[name]
        for ip, name, offset in found
        if offset and addresses[name] == 1 and name.startswith("data_inspector_engine")
    )
    asked = "\n".join(hex(int(ip, 16) - base) for ip, _, _ in found)
    call = ["addr2line", "-a", "-f", "-i", "-C", "-e", executable]
    answered = subprocess.run(call, input=asked, check=True, capture_output=True, text=True).stdout
    frames = re.split(r"^0x[0-9a-f]+\n", answered, flags=re.M)[1:]
    counted = Counter()
    for (_, symbol, _), lines, count in zip(found, frames, found.values()):
        lines = lines.splitlines()
        frames_of = zip(lines[::2], lines[1::2])
        ours = [f"{name} {file}" for name, file in frames_of if re.search(r"/(engine|bench)/src/", file)]
        hashes = any("/xxhash" in line for line in lines)
        counted["xxhash" if hashes else ours[0] if ours else symbol] += count
    return counted


if __name__ == "__main__":
    main()
