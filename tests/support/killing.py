"""A run of migplan that is killed with SIGKILL at every place where it is about to change something, once at each.

``Killer`` starts this module as a process of its own, which forks one process a run: imported once, killed often. A
place is known by its unit and its statement, so that the runs after it get further. CONCURRENTLY is killed in its middle
as well: a session holds it up, its backend is ended, then the process.
"""

from __future__ import annotations

import functools
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import psycopg
from tests.support.live import back_to, to_the_end

from migplan.execute import apply as apply_of_plans
from migplan.execute.units.runner import Runner
from migplan.planfile.folder import PlanFolder, read_folder

if TYPE_CHECKING:
    from migplan.planfile.units import Unit

_READS = re.compile(r"\s*(select|set|show|begin(?!;)|rollback|with\s+recursive)\b", re.I)
_SETTINGS = re.compile(r"^BEGIN;|^SET LOCAL [^;]*;", re.M)
_CONCURRENTLY = re.compile(
    r"""(?:create\s+(?:unique\s+)?index\s+concurrently\s+\S+\s+on\s+(?P<build>\S+)
    | drop\s+index\s+concurrently\s+(?:if\s+exists\s+)?(?P<drop>\S+)
    | alter\s+table\s+only\s+(?P<parent>\S+)\s+detach\s+partition\s+\S+\s+concurrently)""",
    re.I | re.X,
)
_VERB = re.compile(r"(?:retire:|again:)?\w+:\w+")
_BETWEEN = re.compile(r"with lazily|(insert into|delete from) migplan\.backfill", re.I)
"""What the ledger notes between statements, whatever these are."""
_OF_ONE_RUN = ("attempt", "run", "restore_point")
"""Tables whose rows are others in every run."""
_CHANGING = ("run", "attempt", "seconds")
"""Parameters that are others in every run."""


@dataclass
class Killer:
    """Runs of one plan on one database, one after the other, each killed at a place where none was killed before; with
    ``once``, in a unit where none was, or at a place that says ``besides``; or ``after`` so many places.

    ``sparing`` leaves out what is alike in all plans: of a transaction, which the server takes back, all places but its
    COMMIT, of those for steps of the same sort all but one, and what the ledger notes between statements.
    """

    folder: Path
    once: bool = False
    besides: str | None = None
    sparing: bool = False
    places: list[str] = field(default_factory=list[str])

    def __enter__(self) -> Killer:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.killing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=30)

    def run(self, url: str, direction: str, *, kill: bool = True, after: int | None = None) -> str | None:
        """One run; the place at which it was killed, or None when it came to its end. Fails with what else ended it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {"folder": str(self.folder), "url": url, "direction": direction, "kill": kill}
        job |= {"places": self.places, "once": self.once, "besides": self.besides}
        job |= {"sparing": self.sparing, "after": after}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert answer["error"] is None, f"{answer['error']}\nafter {self.places[-1:]}"
        if answer["place"] is not None:
            self.places.append(answer["place"])
        return answer["place"]


def _nothing_seen(*_: object) -> tuple[()]:
    """What a run looks at before it begins changes nothing, and was a quarter of the time of each."""
    return ()


def _serve() -> None:
    cast("Any", apply_of_plans).preflight = _nothing_seen
    for line in sys.stdin:
        job = json.loads(line)
        said, says = os.pipe()
        folder = _read_folder(Path(job["folder"]))
        child = os.fork()
        if child == 0:
            os.close(said)
            os._exit(_child(job, folder, says))
        os.close(says)
        with os.fdopen(said) as pipe:
            heard = pipe.read()
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        ended = os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
        answer = {"place": heard if killed else None, "error": None if killed or ended else heard or str(status)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


_read_folder = functools.cache(read_folder)


def _child(job: dict[str, Any], folder: PlanFolder, says: int) -> int:
    try:
        if job["kill"]:
            _Trap(job, says).set()
        run = to_the_end if job["direction"] == "up" else back_to
        run(folder, job["url"])
    except BaseException:
        os.write(says, traceback.format_exc().encode())
        return 1
    return 0


class _Trap:
    """Ends the process at the first place that isn't known yet, or after so many, known or not."""

    def __init__(self, job: dict[str, Any], says: int) -> None:
        self._known = frozenset[str](job["places"])
        self._units = {place.partition(" |")[0] for place in self._known} if job["once"] else set[str]()
        self._besides: str | None = job["besides"]
        self._after: int | None = job["after"]
        self._sparing: bool = job["sparing"]
        self._says = says
        self._url: str = job["url"]
        self._unit = ""
        self._sort = ""
        self._last = ""

    def set(self) -> None:
        """Stand between migplan and the server."""
        execute, run = psycopg.Connection[Any].execute, Runner.run

        def watched_run(runner: Runner, unit: Any) -> None:
            self._unit = unit.name
            self._sort = _sort(unit) if self._sparing and unit.transactional else ""
            run(runner, unit)

        def watched_execute(connection: Any, query: Any, params: Any = None, **how: Any) -> Any:
            text = query.decode() if isinstance(query, bytes) else str(query)
            if self._unit and not _READS.match(text):
                told = self._told(text, params)
                if not self._spared(text):
                    self._at(f"{self._sort or f'{self._unit} | {told}'} | {_one_line(text)}")
                found = _CONCURRENTLY.match(text.strip())
                place = f"{self._unit} | in the middle of {_one_line(text)}"
                if found is not None and self._wanted(place):
                    self._in_the_middle(connection, execute, text, found, place)
            return execute(connection, query, params, **how)

        cast("Any", Runner).run = watched_run
        cast("Any", psycopg.Connection).execute = watched_execute

    def _spared(self, text: str) -> bool:
        if self._sort:
            return text.strip().upper() != "COMMIT"
        return self._sparing and _BETWEEN.match(text) is not None

    def _told(self, text: str, params: Any) -> str:
        """What tells this statement from others of the same text; of COMMIT, the statement before it."""
        if text.strip().upper() == "COMMIT":
            return self._last
        if isinstance(params, dict):
            given = str({k: v for k, v in cast("dict[str, Any]", params).items() if k not in _CHANGING})
        else:
            given = "" if any(f"migplan.{table}" in text for table in _OF_ONE_RUN) else str(params)
        self._last = f"{_one_line(text)} {given}"
        return given

    def _at(self, place: str) -> None:
        if self._wanted(place):
            self._die(place)

    def _wanted(self, place: str) -> bool:
        if self._after is None:
            besides = self._besides is not None and self._besides in place
            return place not in self._known and (besides or self._unit not in self._units)
        self._after -= 1
        return self._after < 0

    def _die(self, place: str) -> None:
        os.write(self._says, place.encode())
        os.kill(os.getpid(), signal.SIGKILL)

    def _in_the_middle(self, connection: Any, execute: Any, text: str, found: re.Match[str], place: str) -> None:
        with psycopg.connect(self._url) as holding, psycopg.connect(self._url, autocommit=True) as looking:
            _hold_up(holding, execute, found)
            threading.Thread(target=self._end, args=(looking, execute, connection.info.backend_pid, place)).start()
            try:
                execute(connection, text.encode())
            except psycopg.OperationalError:
                time.sleep(60)
        raise AssertionError(f"nobody ended {text}")

    def _end(self, looking: Any, execute: Any, pid: int, place: str) -> None:
        while not execute(looking, "SELECT 1 WHERE pg_blocking_pids(%s) <> '{}'", (pid,)).fetchone():
            time.sleep(0.01)
        execute(looking, "SELECT pg_terminate_backend(%s)", (pid,))
        while execute(looking, "SELECT 1 FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone():
            time.sleep(0.01)
        self._die(place)


def _hold_up(holding: Any, execute: Any, found: re.Match[str]) -> None:
    """A transaction that the statement waits for when it has begun."""
    if found["parent"]:
        execute(holding, f"SELECT 1 FROM ONLY {found['parent']} LIMIT 1".encode())
        return
    table = found["build"]
    if table is None:
        row = execute(
            holding,
            "SELECT indrelid::regclass::text FROM pg_index WHERE indexrelid = to_regclass(%s)",
            (found["drop"],),
        ).fetchone()
        holding.rollback()
        table = row[0]
    execute(holding, f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE".encode())


def _sort(unit: Unit) -> str:
    """What steps a transaction holds, by their verbs, on which way."""
    verbs = (_VERB.match(step) for step in unit.steps)
    way = "back" if ".down." in unit.file else "there"
    return f"{way} by {', '.join(dict.fromkeys(verb[0] for verb in verbs if verb))}"


def _one_line(text: str) -> str:
    return " ".join(_SETTINGS.sub("", text).split())[:110]


if __name__ == "__main__":
    _serve()
