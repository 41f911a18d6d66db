"""The command ``migplan`` as a process of its own, in a folder and an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support import forked

if TYPE_CHECKING:
    from pathlib import Path

MIGPLAN = (sys.executable, "-m", "migplan")
LEFT_OUT = ("PG", "MIGPLAN_TARGET", "XDG_", "NO_COLOR", "PYTHONDONTWRITEBYTECODE")
SECRET = "s3cret-w0rd"
"""Every password in these tests: it may appear nowhere."""


@dataclass(frozen=True)
class Command:
    """``folder`` is where it runs; ``home`` holds its cache."""

    folder: Path
    home: Path
    variables: dict[str, str] = field(default_factory=dict[str, str])

    def environment(self, **variables: str) -> dict[str, str]:
        """This process's, without what says something of databases, or keeps Python from keeping compiled modules."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(LEFT_OUT)}
        return {**kept, "HOME": str(self.home), **self.variables, **variables}

    def write(self, name: str, text: str | bytes) -> str:
        """A file in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return name

    def __call__(self, *arguments: str, env: dict[str, str] | None = None, **how: Any) -> Ended:
        """Run to the end, with stdin closed; from nothing where something is said of ``how``, or to Python."""
        if not how and not any(name.startswith("PYTHON") for name in env or ()):
            return self._ended(*forked.run(arguments, self.folder, self.environment(**(env or {}))))
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **how}
        done = subprocess.run(
            [*MIGPLAN, *arguments],
            cwd=self.folder,
            env=self.environment(**(env or {})),
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
            **how,
        )
        return self._ended(done.returncode, done.stdout or "", done.stderr or "")

    def _ended(self, status: int, out: str, err: str) -> Ended:
        ended = Ended(status, out, err)
        assert SECRET not in ended.out + ended.err
        assert "Traceback" not in ended.err
        return ended

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """Start it, for what has to happen while it runs."""
        return subprocess.Popen(
            [*MIGPLAN, *arguments],
            cwd=self.folder,
            env=self.environment(**env),
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def left(self) -> list[str]:
        """What lies in the folder, hidden files as well."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*"))


@dataclass(frozen=True)
class Ended:
    """A run's exit status and what it printed."""

    status: int
    out: str
    err: str

    def refused(self, *said: str, status: int = 1) -> None:
        """It said what is wrong, at which place, and what to do next; nothing went to stdout."""
        assert self.status == status, self.err
        assert self.err.startswith("error: "), self.err
        assert "\nhint: " in self.err, self.err
        assert self.out == ""
        for text in said:
            assert text in self.err, self.err
