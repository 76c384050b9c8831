#!/usr/bin/env python3
"""Writes customers.csv beside this script: a small, realistic, messy customer export.

The same bytes on every machine: one seeded generator, used only through `random()`, whose sequence Python
guarantees. The defects are listed in `DEFECTS`; everything else is a clean RFC 4180 file.

    python3 samples/make_customers.py
"""

import datetime
import pathlib
import random

ROWS = 300

# `email` twice: the export joined the account's and the billing address under one name.
HEADER = [
    "customer_id", "name", "email", "country", "postal_code", "segment", "signup_date",
    "last_order_at", "orders", "revenue_eur", "newsletter", "email", "notes",
]

FIRST = [
    "Anna", "Łukasz", "Zoë", "Jürgen", "Chloé", "Søren", "Márta", "José", "Ingrid", "Théo", "Žofie",
    "Giulia", "Björn", "Aoife", "Nuno", "Elif", "Радка", "Ελένη", "美咲", "Noor",
]
LAST = [
    "Müller", "Kowalska", "Dubois", "Rossi", "Sørensen", "Nagy", "García", "Novák", "O'Brien", "de Vries",
    "Åkesson", "Silva", "Yılmaz", "Schröder", "Petit", "Bianchi", "Димитрова", "Παπαδοπούλου", "佐藤", "Weiß",
]
ASCII_NAME = [
    "anna", "lukasz", "zoe", "juergen", "chloe", "soren", "marta", "jose", "ingrid", "theo", "zofie",
    "giulia", "bjorn", "aoife", "nuno", "elif", "radka", "eleni", "misaki", "noor",
]
COUNTRY = [("DE", 0.34), ("FR", 0.21), ("PL", 0.14), ("NL", 0.11), ("IT", 0.08), ("SE", 0.06), ("IE", 0.04), ("JP", 0.02)]
SEGMENT = [("retail", 0.55), ("business", 0.30), ("public", 0.10), ("partner", 0.05)]
NOTES = [
    ("", 0.62), ("NA", 0.12), ("prefers invoices by post", 0.08), ("VIP, call before delivery", 0.06),
    ("moved in 2023", 0.05), ("asked for \"net 60\" terms", 0.04), ("leave at the door\nring twice", 0.03),
]

# row number (from 1) -> what is wrong with it
DEFECTS = {
    23: "stray quote",
    58: "text after closing quote",
    91: "one cell too few",
    147: "invalid UTF-8",
    204: "one cell too many",
}

rng = random.Random(20240229)


def below(limit):
    """An integer in 0..limit."""
    return int(rng.random() * limit)


def weighted(choices):
    """One of `choices`, pairs of value and weight."""
    point = rng.random() * sum(weight for _, weight in choices)
    for value, weight in choices:
        point -= weight
        if point < 0:
            return value
    return choices[-1][0]


def quoted(cell):
    """The cell as RFC 4180 writes it."""
    if any(character in cell for character in ',"\n'):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def customer(number):
    """The cells of one clean record."""
    first = below(len(FIRST))
    signup = datetime.date(2019, 1, 1) + datetime.timedelta(days=below(365 * 5))
    orders = int(rng.random() * rng.random() * 60)
    # A sum of uniforms: bell-shaped, without a function whose last digit depends on the machine.
    per_order = 20 + 15 * sum(rng.random() for _ in range(6))
    last_order = ""
    if orders > 0:
        moment = datetime.datetime(2024, 1, 1) + datetime.timedelta(minutes=below(366 * 24 * 60))
        last_order = moment.isoformat() + "Z"
    billing = "" if rng.random() < 0.7 else f"billing{below(40)}@example.org"
    revenue = f"{orders * per_order:.2f}" if rng.random() > 0.05 else "NA"
    return [
        f"C-{number:05}",
        f"{FIRST[first]} {LAST[below(len(LAST))]}",
        f"{ASCII_NAME[first]}.{number}@example.com" if rng.random() > 0.06 else "",
        weighted(COUNTRY),
        f"{below(99_000) + 1_000:05}",
        weighted(SEGMENT),
        signup.isoformat(),
        last_order,
        str(orders),
        revenue,
        "yes" if rng.random() < 0.4 else "no",
        billing,
        weighted(NOTES),
    ]


def record(number):
    """One line of the file, spoilt where `DEFECTS` says so."""
    cells = customer(number)
    defect = DEFECTS.get(number)
    if defect == "one cell too few":
        cells.pop()
    if defect == "one cell too many":
        cells[-1:] = ["moved to Lyon", " see ticket 4711"]
    fields = [quoted(cell) for cell in cells]
    if defect == "stray quote":
        fields[-1] = 'ordered two 27" monitors'
    if defect == "text after closing quote":
        fields[1] = '"Café Größenwahn" GmbH'
    line = ",".join(fields).encode()
    if defect == "invalid UTF-8":
        line = line.replace(fields[1].encode(), "José Muñoz".encode("utf-8").replace("ñ".encode(), b"\xf1"))
    return line + b"\n"


def main():
    lines = [",".join(HEADER).encode() + b"\n"]
    lines += [record(number) for number in range(1, ROWS + 1)]
    pathlib.Path(__file__).with_name("customers.csv").write_bytes(b"".join(lines))


if __name__ == "__main__":
    main()
