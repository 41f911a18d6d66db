"""A rehearsal: the plan runs on a filled scratch database while the applications of its windows work."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from migplan.core.errors import ExecutionError, MigplanError
from migplan.core.model import Catalog
from migplan.core.settings import Settings
from migplan.execute.apply import apply as run
from migplan.execute.backfill_job import Pace
from migplan.execute.journey import Stop, stops
from migplan.execute.order import Intent, Order, Permissions
from migplan.execute.retry import Patience
from migplan.execute.runner import Manner
from migplan.planfile.folder import PlanFolder
from migplan.prove.rebuilt import rebuild_live
from migplan.rehearse.application import Application
from migplan.rehearse.clients import Crowd, Sample
from migplan.rehearse.generated import GeneratedApplication
from migplan.rehearse.recipes import Cook
from migplan.rehearse.report import RehearsalModel, TableModel, measured
from migplan.rehearse.rows import Filled, fill, wanted_rows
from migplan.rehearse.script import read_application
from migplan.rehearse.statistics import Statistics
from migplan.rehearse.timeline import Period, Timeline
from migplan.rehearse.versions import (
    Names,
    application,
    renamed_statistics,
    renamings,
    stage,
    touched,
    unstable,
)
from migplan.source.connect import Connection
from migplan.source.managed import Managed
from migplan.source.scratch import ScratchDatabase, scratch_database
from migplan.source.shadow import Shadow

_DEADLINE = 120.0
"""Seconds for which a lock is tried for."""


@dataclass(frozen=True)
class Wishes:
    """What is asked for: times in seconds, ``rate`` in operations a second and session (0: as many as it can).

    ``old`` and ``new`` are files instead of generated applications; ``new`` one for each checkpoint, the last one for
    all that follow. ``most_rows`` bounds each table.
    """

    max_stall: float
    scale: float = 1.0
    most_rows: int = 100_000
    sessions: int = 4
    rate: float = 50.0
    before: float = 3.0
    overlap: float = 2.0
    old: Path | None = None
    new: Sequence[Path] = ()


@dataclass(frozen=True)
class Live:
    """What is rehearsed of: the live catalog, what of it is managed, and what its planner knows of the rows."""

    catalog: Catalog
    managed: Managed
    statistics: Statistics


def rehearse(folder: PlanFolder, live: Live, shadow: Shadow, settings: Settings, wishes: Wishes) -> RehearsalModel:
    """Rehearse a plan. What went wrong under traffic is in the result.

    Raises ``ExecutionError`` where the plan fails without any traffic, or an application before the plan begins;
    ``ProofError`` where the live schema can't be rebuilt.
    """
    with shadow.scratch() as database:
        with contextlib.closing(database.connect()) as connection:
            rebuild_live(live.catalog, connection, managed=live.managed, settings=settings)
            cook = Cook(connection, stage(connection).shapes, live.statistics)
            filled = fill(cook, wanted_rows(cook.shapes, live.statistics, wishes.scale, wishes.most_rows))
        manner = Manner(Patience(_DEADLINE), Pace(settings.batch_rows, 1, None, settings.lock_timeout))
        applications = _applications(folder, live, shadow, database, filled, cook, manner, wishes)
        return _Performance(folder, database, manner, wishes, applications).play(shadow, live, filled, cook)


def _applications(
    folder: PlanFolder,
    live: Live,
    shadow: Shadow,
    database: ScratchDatabase,
    filled: Filled,
    cook: Cook,
    manner: Manner,
    wishes: Wishes,
) -> list[Application]:
    """The version until the first checkpoint, and one from each on: out of the schemas of a run without traffic."""
    numbers = {cook.shapes[oid].title: n for oid, n in filled.next.items()}
    needed = 3 * 6 * wishes.sessions
    with (
        scratch_database(shadow.url, template=database.name) as dry,
        contextlib.closing(database.connect()) as main,
        contextlib.closing(dry.connect()) as after,
    ):
        start = stage(main)
        stages = [start]
        for goal in _window_ends(folder):
            _apply(folder, dry.url, manner, Timeline(after), goal)
            stages.append(stage(after))
        names = renamings(folder.plan, start, stages[-1])
        changing = unstable(main, start, after, names)
        about = touched(folder.plan, names)
        first = Cook(main, start.shapes, live.statistics)
        old = application("old", first, about, wishes.sessions, numbers, changing=())
        renamed = {names[key] for key in changing if key in names}
        known = renamed_statistics(live.statistics, names)
        later = _renamed_numbers(numbers, names)
        last = Cook(after, stages[-1].shapes, known)
        found: list[GeneratedApplication] = [old]
        for number in range(1, max(len(stages) - 1, 2)):
            starts = {t: later.get(t, 1) + needed * number for t in {s.title for s in last.shapes.values()}}
            name = "new" if len(stages) <= 3 else f"new {number}"
            version = application(name, last, about, wishes.sessions, starts, until=stages[number], changing=renamed)
            found.append(replace(version, renamed=_seen_by_new(found, names, changing, renamed)))
        found[0] = replace(old, renamed={v.name: _reversed(names, changing) for v in found[1:]})
    chosen: list[Application] = list(found)
    if wishes.old is not None:
        chosen[0] = read_application("old", 0, wishes.old)
    for number in range(1, len(chosen)):
        if wishes.new:
            file = wishes.new[min(number, len(wishes.new)) - 1]
            chosen[number] = read_application(chosen[number].name, number, file)
    return chosen


def _seen_by_new(
    earlier: Sequence[GeneratedApplication],
    names: Names,
    changing: set[tuple[str, str]],
    renamed: set[tuple[str, str]],
) -> dict[str, Names]:
    """The columns of each earlier version as the next ones call them, without those whose values the plan changes."""
    found: dict[str, Names] = {"old": {old: new for old, new in names.items() if old not in changing}}
    same = {new: new for new in names.values() if new not in renamed}
    return found | {version.name: same for version in earlier[1:]}


def _reversed(names: Names, changing: set[tuple[str, str]]) -> Names:
    return {new: old for old, new in names.items() if old not in changing}


def _renamed_numbers(numbers: Mapping[str, int], names: Names) -> dict[str, int]:
    return dict(numbers) | {new: numbers[old] for (old, _), (new, _) in names.items() if old in numbers}


def _window_ends(folder: PlanFolder) -> list[Stop]:
    """The last boundary of every window. The first one has nothing to do where the plan begins with a checkpoint."""
    found = {stop.window: stop for stop in stops(folder.plan)}
    return [found[window] for window in sorted(found)]


def _apply(folder: PlanFolder, url: str, manner: Manner, teller: Timeline, goal: Stop) -> None:
    """The plan up to a boundary, as if every application were deployed at its moment."""

    def agree(intent: Intent) -> None:
        """A rehearsal loses nothing."""

    if goal.phases == 0:
        return
    allowed = Permissions(data_loss=True, assume_deployed=True, despite_preflight=True)
    run(folder, Order(url, manner, teller, agree, allowed), goal)


@dataclass
class _Performance:
    """The run under traffic."""

    folder: PlanFolder
    database: ScratchDatabase
    manner: Manner
    wishes: Wishes
    applications: Sequence[Application]

    def play(self, shadow: Shadow, live: Live, filled: Filled, cook: Cook) -> RehearsalModel:
        """All of it, from the first session to the last comparison."""
        wishes, url = self.wishes, self.database.url
        crowds = [Crowd.of(a, url, wishes.sessions, wishes.rate) for a in self.applications]
        lost: list[str] = []
        failure: str | None = None
        with contextlib.closing(self.database.connect()) as watch:
            timeline = Timeline(watch)
            try:
                self._warm_up(crowds[0], timeline)
                failure = self._run(crowds, timeline, watch, lost)
            finally:
                for crowd in crowds:
                    crowd.stop()
            timeline.end()
            samples = [s for crowd in crowds for client in crowd.clients for s in client.samples]
            lost += [text for crowd in crowds for actor in crowd.actors for text in actor.lost()]
        return self._judged(shadow, live, filled, cook, timeline, samples, lost, failure)

    def _warm_up(self, crowd: Crowd, timeline: Timeline) -> None:
        """The old application alone: what its latencies are held against."""
        timeline.begin("baseline", "baseline", "the old application alone")
        crowd.start()
        time.sleep(self.wishes.before)
        failed = Counter(s.error for client in crowd.clients for s in list(client.samples) if s.error is not None)
        if failed:
            error, count = failed.most_common(1)[0]
            raise ExecutionError(
                f"the old application fails before the plan begins, {count} times: {error}",
                hint="Mend its statements (--old FILE.sql); nothing of the plan has been rehearsed.",
            )

    def _run(self, crowds: Sequence[Crowd], timeline: Timeline, watch: Connection, lost: list[str]) -> str | None:
        """Window after window with a deploy behind each; why the plan stopped, if it did."""
        working = crowds[0]
        ends = _window_ends(self.folder)
        for number, goal in enumerate(ends):
            try:
                _apply(self.folder, self.database.url, self.manner, timeline, goal)
            except MigplanError as error:
                return str(error)
            if number < len(ends) - 1 or len(ends) == 1:
                following = crowds[number + 1]
                title = f"checkpoint {number + 1}: both applications" if len(ends) > 1 else "the new application too"
                timeline.begin("deploy", f"checkpoint {number + 1}", title)
                following.start()
                time.sleep(self.wishes.overlap)
                with self._silent(following):
                    working.stop()
                    lost += _compared(watch, (working, working), (following, working), (working, following))
                working = following
        timeline.begin("deploy", "end", "the last application alone")
        time.sleep(self.wishes.overlap / 2)
        working.stop()
        lost += _compared(watch, (working, working))
        if not lost:
            lost += _compared(watch, *((working, crowd) for crowd in crowds if crowd is not working))
        return None

    @contextlib.contextmanager
    def _silent(self, crowd: Crowd) -> Generator[None]:
        """What is compared must not be written meanwhile."""
        crowd.stop()
        yield
        crowd.start()

    def _judged(
        self,
        shadow: Shadow,
        live: Live,
        filled: Filled,
        cook: Cook,
        timeline: Timeline,
        samples: Sequence[Sample],
        lost: Sequence[str],
        failure: str | None,
    ) -> RehearsalModel:
        begun = _begun(timeline.periods)
        during = [s for s in samples if s.ended > begun]
        errors = dict(Counter(f"{s.application}: {s.error}" for s in during if s.error is not None))
        stall = round(max((s.seconds for s in during), default=0.0), 4) if during else None
        limit = self.wishes.max_stall
        return RehearsalModel(
            plan=self.folder.plan.name,
            server=f"{shadow.what} (PostgreSQL {shadow.major})",
            passed=not errors and not lost and failure is None and (stall is None or stall <= limit),
            failure=failure,
            max_stall=limit,
            longest_stall=stall,
            operations=len(samples),
            errors=errors,
            lost_writes=dict(Counter(lost)),
            periods=measured(timeline.periods, samples),
            tables=[
                TableModel(
                    name=cook.shapes[oid].title,
                    rows=rows,
                    live_rows=_live_rows(live.statistics, cook, oid),
                )
                for oid, rows in filled.rows.items()
            ],
            applications={a.name: list(a.about) for a in self.applications},
            gaps=list(dict.fromkeys(filled.gaps)),
            said=timeline.said,
        )


def _compared(watch: Connection, *pairs: tuple[Crowd, Crowd]) -> list[str]:
    """What the first of each pair doesn't find as the second one wrote it last."""
    found: list[str] = []
    for reader, writer in pairs:
        try:
            found += reader.application.missing(watch, writer.actors)
        except psycopg.Error as error:
            found.append(f"the {reader.application.name} application can't read any more: {error.diag.message_primary}")
    return found


def _begun(periods: Sequence[Period]) -> float:
    """When the plan began."""
    return next((p.began for p in periods if p.kind != "baseline"), 0.0)


def _live_rows(statistics: Statistics, cook: Cook, oid: int) -> int:
    shape = cook.shapes[oid]
    parts = [s for s in cook.shapes.values() if s.root == oid and s.bound is not None] if shape.partitioned else [shape]
    known = [statistics.rows.get(p.title, -1) for p in parts]
    return -1 if any(n < 0 for n in known) else sum(known)
