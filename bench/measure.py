"""Runs one command as a child process and says what it took: time, processor time, memory."""

import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass

POLL_SECONDS = 0.05
MEMORY_SHARE = 0.75  # of what is free when the command starts; above that the machine itself is in danger


@dataclass
class Run:
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    problem: str  # empty if the command succeeded


def run(command, directory, output, environment, timeout_seconds):
    """Runs `command` in `directory` with stdout in the file `output`.

    The peak is the kernel's count of resident bytes for the process. It is never below this runner's own
    (about 15 MB): a child starts as a copy of its parent.
    """
    errors = output.with_suffix(".err")
    with open(output, "wb") as out, open(errors, "wb") as err:
        start = time.monotonic()
        child = subprocess.Popen(
            command, cwd=directory, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        guard = Guard(child.pid, start + timeout_seconds)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - start
        guard.done.set()
        child.returncode = os.waitstatus_to_exitcode(status)
    problem = guard.verdict or describe_failure(child.returncode, errors)
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, problem)


class Guard:
    """Kills a process that takes too long or too much memory, and then says so in `verdict`."""

    def __init__(self, pid, deadline):
        self.done = threading.Event()
        self.verdict = ""
        threading.Thread(target=self.watch, args=(pid, deadline, available_bytes() * MEMORY_SHARE), daemon=True).start()

    def watch(self, pid, deadline, limit_bytes):
        while not self.done.wait(POLL_SECONDS):
            resident = resident_bytes(pid)
            if time.monotonic() > deadline:
                self.stop(pid, "stopped: out of time")
            elif resident > limit_bytes:
                self.stop(pid, f"stopped: out of memory at {resident / 2**30:.1f} GiB")

    def stop(self, pid, verdict):
        self.verdict = verdict
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended by itself in this very moment
        self.done.set()


def describe_failure(exit_code, errors):
    if exit_code == 0:
        return ""
    if exit_code < 0:
        return f"killed by {signal.Signals(-exit_code).name}"
    lines = [line.strip() for line in errors.read_text(errors="replace").splitlines() if line.strip()]
    reason = next((line for line in lines if "rror" in line), lines[-1] if lines else "no message")
    return f"exit {exit_code}: {reason[:160]}"


def resident_bytes(pid):
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def available_bytes():
    with open("/proc/meminfo", encoding="ascii") as meminfo:
        for line in meminfo:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/meminfo has no MemAvailable")
