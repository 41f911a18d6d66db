"""Commands of the operator's own, before and after each window: a failing one stops the run at the boundary."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping

from migplan.core.records import record


@record
class Hooks:
    """Shell commands; ``timeout`` in seconds for each of their runs."""

    before: str | None = None
    smoke: str | None = None
    timeout: float = 600.0


def run_hook(command: str, timeout: float, facts: Mapping[str, str], say: Callable[[str], None]) -> str | None:
    """Run a command with ``facts`` in its environment, saying what it prints; why it failed, or None.

    Whatever it started ends with it: in time, by its timeout, or when the operator interrupts.
    """
    process = subprocess.Popen(
        command,
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, **facts},
        start_new_session=True,
    )
    late = threading.Event()
    timer = threading.Timer(timeout, lambda: (late.set(), _end(process)))
    timer.start()
    try:
        assert process.stdout is not None
        with process.stdout as printed:
            for line in printed:
                say(line.rstrip())
        status = process.wait()
    finally:
        timer.cancel()
        timer.join()
        _end(process)
        process.wait()
    if late.is_set():
        return f"it took more than {timeout:.0f} s"
    return f"exit status {status}" if status else None


def _end(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
