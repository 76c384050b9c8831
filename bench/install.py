"""Finds the peers under one folder (`bin/` and `venv/`) and installs those that are missing, at fixed versions."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

DUCKDB = "duckdb==2.0.0"
POLARS = "polars==2.1.0"
XAN = "0.61.0"
QSV = "16.1.0"


def python_package(root, requirement):
    python = root / "venv/bin/python"
    if not python.exists():
        call(sys.executable, "-m", "venv", root / "venv")
    module = requirement.split("==")[0]
    if subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode != 0:
        call(python, "-m", "pip", "install", "--quiet", requirement)


def xan(root):
    if not (root / "bin/xan").exists():
        cargo_install(root, "--version", XAN, "xan")


def qsv(root):
    """The published source does not compile: a method it calls is in no published version of the library. The
    call keeps the order of keys in `qsv json`, which is not measured here, so it is left out."""
    if (root / "bin/qsvlite").exists():
        return
    source = root / f"src/qsv-{QSV}"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(registry_source(f"qsv@{QSV}"), source)
    module = source / "src/cmd/json.rs"
    module.write_text(module.read_text().replace(".preserve_key_order(true)", ""))
    cargo_install(root, "--path", source, "--features", "lite", "--bin", "qsvlite")


def registry_source(package):
    """Where cargo keeps the unpacked source of a published package; `cargo info` fetches it."""
    call("cargo", "info", "--quiet", package, stdout=subprocess.DEVNULL)
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    found = sorted(home.glob(f"registry/src/*/{package.replace('@', '-')}"))
    if not found:
        raise FileNotFoundError(f"no source of {package} under {home}")
    return found[-1]


def cargo_install(root, *what):
    build = root / "target"
    call("cargo", "install", "--locked", "--root", root, *what, environment={"CARGO_TARGET_DIR": str(build)})
    shutil.rmtree(build)


def call(*command, environment=None, stdout=sys.stderr):
    print("+", *command, file=sys.stderr)
    subprocess.run(command, check=True, stdout=stdout, env={**os.environ, **(environment or {})})
