"""DuckDB's SUMMARIZE of one CSV file, as a process of its own: FILE THREADS READ_CSV_OPTIONS."""

import json
import sys

import duckdb

file, threads, options = sys.argv[1:]
connection = duckdb.connect(config={"threads": int(threads)})
result = connection.execute(f"SUMMARIZE SELECT * FROM read_csv('{file}'{options})")
names = [column[0] for column in result.description]
columns = [dict(zip(names, row)) for row in result.fetchall()]
json.dump({"rows": columns[0]["count"], "columns": columns}, sys.stdout, default=str)
