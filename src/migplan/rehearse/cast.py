"""Who plays in a rehearsal: the version until the first checkpoint, and one from each on, out of the plan's schemas."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from migplan.core.records import record
from migplan.execute.manner import Manner
from migplan.planfile.folder import PlanFolder
from migplan.rehearse.application import Application
from migplan.rehearse.compliance import complying
from migplan.rehearse.generated import SLOTS, GeneratedApplication
from migplan.rehearse.passage import (
    Names,
    Renames,
    Stage,
    both_written,
    limited,
    of_the_checkpoint,
    renamings,
    run_to,
    stage,
    window_ends,
    with_counterparts,
)
from migplan.rehearse.recipes import Cook
from migplan.rehearse.script import read_application
from migplan.rehearse.shapes import TableShape
from migplan.rehearse.statistics import Statistics
from migplan.rehearse.timeline import Timeline
from migplan.rehearse.versions import Life, application, renamed_statistics, touched, unstable
from migplan.source.connect import Connection
from migplan.source.shadow.scratch import ScratchDatabase, scratch_database
from migplan.source.shadow.shadow import Shadow

Changing = Collection[tuple[str, str]]
"""Columns of the start, by table's title and name, whose values the plan changes by itself."""


@record(slots=False)
class Course:
    """The plan, and the database that it will be rehearsed on: runs without traffic go on copies of that."""

    folder: PlanFolder
    shadow: Shadow
    database: ScratchDatabase
    manner: Manner

    def stages(self) -> list[Stage]:
        """The schema at the start and at the end of each window."""
        with self.copy() as dry:
            with contextlib.closing(dry.connect()) as connection:
                found = [stage(connection)]
                for goal in window_ends(self.folder):
                    run_to(self.folder, dry.url, self.manner, Timeline(connection), goal)
                    found.append(stage(connection))
            return found

    @contextlib.contextmanager
    def copy(self, of: ScratchDatabase | None = None) -> Generator[ScratchDatabase]:
        """A copy of the database, or of another one; nobody may be connected to that."""
        with scratch_database(
            self.shadow.url, template=(of or self.database).name, time_zone=self.shadow.time_zone
        ) as found:
            yield found

    def run(self, database: ScratchDatabase, window: int) -> None:
        """The plan on such a copy, up to the end of its window number ``window`` (from 0 on)."""
        goal = window_ends(self.folder)[window]
        with contextlib.closing(database.connect()) as watch:
            run_to(self.folder, database.url, self.manner, Timeline(watch), goal)


@record(slots=False)
class Cast:
    """The generated applications. ``numbers`` are the first free row number by table, ``shapes`` the filled tables."""

    course: Course
    stages: Sequence[Stage]
    statistics: Statistics
    sessions: int
    numbers: Mapping[str, int]
    shapes: Mapping[int, TableShape]

    def generated(self) -> list[GeneratedApplication]:
        """One until the first checkpoint, and one for each checkpoint; at least two."""
        plan, windows = self.course.folder.plan, len(self.stages) - 1
        names = renamings(Renames.of(plan), self.stages[0], self.stages[-1])
        about = touched(plan, names)
        with self.course.copy() as dry:
            self.course.run(dry, windows - 1)
            with (
                contextlib.closing(self.course.database.connect()) as main,
                contextlib.closing(dry.connect()) as after,
            ):
                changing = unstable(main, self.stages[0], after, names)
                first = Cook(main, self.shapes, self.statistics)
                old = application("old", first, about, self.sessions, Life(self.numbers, (0, self._versions)))
                last = self._version(max(windows - 1, 1), after, names, about, changing)
        return _acquainted([old, *self._between(names, about, changing), last], names, changing)

    @property
    def _versions(self) -> int:
        return max(len(self.stages) - 1, 2)

    def _between(self, names: Names, about: set[str], changing: Changing) -> Iterator[GeneratedApplication]:
        """The versions from one checkpoint to another one, made where each begins."""
        if len(self.stages) <= 3:
            return
        with self.course.copy() as dry:
            for window in range(len(self.stages) - 3):
                self.course.run(dry, window)
                with self.course.copy(dry) as copy, contextlib.closing(copy.connect()) as here:
                    yield self._version(window + 1, here, names, about, changing)

    def _version(
        self, number: int, here: Connection, names: Names, about: set[str], changing: Changing
    ) -> GeneratedApplication:
        """The version that is deployed at a checkpoint, on a database where its statements can be tried."""
        plan, until, end = self.course.folder.plan, self.stages[number], self.stages[-1]
        last = number >= len(self.stages) - 2
        shapes = stage(here).shapes if last else limited(end.shapes, until)
        shapes = complying(here, shapes, of_the_checkpoint(plan, until, end))
        also: dict[str, dict[str, str]] = {}
        for title, column, expression in () if last else both_written(plan, until, self.stages[number + 1], end):
            also.setdefault(title, {})[column] = expression
        starts = {t: n + 3 * SLOTS * self.sessions * number for t, n in self._free(names, end).items()}
        life = Life(starts, (number, self._versions), until, {names[c] for c in changing if c in names}, also)
        cook = Cook(here, with_counterparts(plan, shapes), renamed_statistics(self.statistics, names))
        name = "new" if len(self.stages) <= 3 else f"new {number}"
        return application(name, cook, about, self.sessions, life)

    def _free(self, names: Names, end: Stage) -> dict[str, int]:
        """The first free row number of each table at the end, behind those of all that it was made of."""
        behind = max(self.numbers.values(), default=1)  # of a new table: the plan may fill it out of others
        found = {shape.title: behind for shape in end.shapes.values()} | dict(self.numbers)
        for old, new in {(old, new) for (old, _), (new, _) in names.items() if old != new}:
            found[new] = found.get(new, 1) + self.numbers.get(old, 1)
        return found


def _acquainted(found: Sequence[GeneratedApplication], names: Names, changing: Changing) -> list[GeneratedApplication]:
    """The versions, each with the others' columns as it calls them; not those whose values the plan changes."""
    old, *later = found
    back = {new: own for own, new in names.items() if own not in changing}
    forth = {own: new for own, new in names.items() if own not in changing}
    same = {new: new for own, new in names.items() if own not in changing}
    done = [replace(old, renamed={version.name: back for version in later})]
    for version in later:
        earlier = {v.name: same for v in done[1:]}
        done.append(replace(version, renamed={"old": forth, **earlier}))
    return done


def with_files(found: Sequence[GeneratedApplication], old: Path | None, new: Sequence[Path]) -> list[Application]:
    """What files say instead of generated applications; the last of ``new`` stands for all that follow."""
    chosen: list[Application] = list(found)
    if old is not None:
        chosen[0] = read_application("old", 0, old)
    for number in range(1, len(chosen)):
        if new:
            chosen[number] = read_application(chosen[number].name, number, new[min(number, len(new)) - 1])
    return chosen
