"""What DuckDB says about every column of a CSV file: FILE QUESTION (JSON) -> JSON on stdout.

The question names the nulls, the ranks of the quantiles, the dialect, and for each column the SQL type its values are
claimed to have. Everything is read as text first, so that DuckDB's own null rules play no part.
"""

import json
import sys

import duckdb

NUMBERS = ("BIGINT", "DECIMAL(38, 10)", "DOUBLE")
TIMES = ("DATE", "TIMESTAMP")


def main():
    file, question = sys.argv[1], json.loads(sys.argv[2])
    connection = duckdb.connect(config={"threads": 1})
    options = ", ".join(f"{name} = {literal(value)}" for name, value in question["dialect"].items())
    connection.execute(f"CREATE TABLE cells AS FROM read_csv({literal(file)}, header = true, all_varchar = true, {options})")
    names = [row[0] for row in connection.execute("DESCRIBE cells").fetchall()]
    rows = connection.execute("SELECT count(*) FROM cells").fetchone()[0]
    columns = [column(connection, name, kind, question) for name, kind in zip(names, question["types"], strict=True)]
    sniffed = connection.execute(f"DESCRIBE FROM read_csv({literal(file)}, header = true, sample_size = -1, {options})")
    answer = {"rows": rows, "columns": columns, "sniffed": [row[1] for row in sniffed.fetchall()]}
    json.dump(answer, sys.stdout, default=str)


def column(connection, name, kind, question):
    nulls = ", ".join(literal(null) for null in ["", *question["nulls"]])
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW cell AS SELECT {quoted(name)} AS text, TRY_CAST({quoted(name)} AS {kind}) AS typed "
        f"FROM cells WHERE {quoted(name)} IS NOT NULL AND {quoted(name)} NOT IN ({nulls})"
    )
    answer = one(
        connection,
        "SELECT count(*) AS values, count(typed) AS readable, count(DISTINCT text) AS distinct, "
        "min(length(text)) AS minLength, max(length(text)) AS maxLength, avg(length(text)) AS meanLength, "
        "max(strlen(text)) AS maxBytes, avg(strlen(text)) AS meanBytes, entropy(text) AS entropy FROM cell",
    )
    order = "typed" if kind in NUMBERS + TIMES else "text"
    answer |= one(connection, f"SELECT min({order})::VARCHAR AS min, max({order})::VARCHAR AS max FROM cell")
    if kind in NUMBERS:
        answer |= one(
            connection,
            "SELECT sum(typed)::VARCHAR AS sum, avg(typed) AS mean, stddev_samp(typed::DOUBLE) AS stddev, "
            "var_samp(typed::DOUBLE) AS variance, skewness(typed::DOUBLE) AS skewness, "
            "kurtosis(typed::DOUBLE) AS kurtosis, count(*) FILTER (typed = 0) AS zeros, "
            "count(*) FILTER (typed < 0) AS negatives FROM cell",
        )
    if kind in NUMBERS + TIMES:
        ranks = question["quantiles"]
        answer["quantiles"] = connection.execute(
            f"SELECT quantile_disc(typed, {ranks})::VARCHAR[] FROM cell WHERE typed IS NOT NULL"
        ).fetchone()[0]
    top = "SELECT text, count(*) AS n FROM cell GROUP BY text ORDER BY n DESC, encode(text) LIMIT 20"
    answer["top"] = connection.execute(top).fetchall()
    return answer


def one(connection, query):
    result = connection.execute(query)
    names = [description[0] for description in result.description]
    return dict(zip(names, result.fetchone(), strict=True))


def literal(value):
    return str(value).lower() if isinstance(value, bool) else "'" + str(value).replace("'", "''") + "'"


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


if __name__ == "__main__":
    main()
