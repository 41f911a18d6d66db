"""Running a command or a function, and what it took."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_KILOBYTE = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Taken:
    """``wall`` and ``cpu`` (user and system, without the server's) in seconds, ``memory`` at its peak in bytes."""

    wall: float
    cpu: float
    memory: int = 0


def command(*words: str | Path, environment: Mapping[str, str] | None = None) -> Taken:
    """What a command took; it must succeed. ``environment`` is added to the present one.

    Compiled modules are kept, as an installed command has them, whatever the environment says.
    """
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, env={**kept, **(environment or {})})
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, words)
    return Taken(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * _KILOBYTE)


def call(function: Callable[[], object]) -> Taken:
    """What a function took, in this process."""
    start, cpu = time.perf_counter(), time.process_time()
    function()
    return Taken(time.perf_counter() - start, time.process_time() - cpu)


@dataclass
class Series:
    """Measurements by name."""

    taken: dict[str, list[Taken]] = field(default_factory=dict[str, list[Taken]])

    def add(self, name: str, taken: Taken) -> None:
        """One more measurement."""
        self.taken.setdefault(name, []).append(taken)

    def wall(self, name: str) -> float:
        """The median, in seconds."""
        return statistics.median(t.wall for t in self.taken[name])

    def memory(self, name: str) -> int:
        """The largest peak, in bytes."""
        return max(t.memory for t in self.taken[name])

    def table(self) -> list[str]:
        """A line a name: medians and the least, in seconds."""
        width = max(map(len, self.taken))
        return [
            f"{name:<{width}}  wall {self.wall(name):7.3f} (least {min(t.wall for t in taken):.3f})"
            f"  cpu {statistics.median(t.cpu for t in taken):7.3f}"
            for name, taken in self.taken.items()
        ]
