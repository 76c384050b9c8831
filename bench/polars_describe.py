"""Polars' describe of one lazily scanned CSV file, as a process of its own: FILE SCAN_CSV_OPTIONS (JSON)."""

import json
import sys

import polars

file, options = sys.argv[1:]
described = polars.scan_csv(file, **json.loads(options)).describe().to_dict(as_series=False)
statistics = described.pop("statistic")
first = dict(zip(statistics, next(iter(described.values()))))
rows = int(float(first["count"]) + float(first["null_count"]))
json.dump({"rows": rows, "statistics": statistics, "columns": described}, sys.stdout, default=str)
