"""A rehearsal: the plan runs on a filled scratch database while the applications of its windows work."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from migplan.core.errors import ExecutionError, MigplanError
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.execute.backfills.backfill_job import Pace
from migplan.execute.failures.retry import Patience
from migplan.execute.manner import Manner
from migplan.planfile.folder import PlanFolder
from migplan.prove.rebuilt import rebuild_live
from migplan.rehearse.application import Application
from migplan.rehearse.cast import Cast, Course, with_files
from migplan.rehearse.clients import Crowd, Sample
from migplan.rehearse.compliance import complying
from migplan.rehearse.passage import changing_hands, of_the_end, run_to, window_ends, with_counterparts
from migplan.rehearse.recipes import Cook
from migplan.rehearse.report import RehearsalModel, TableModel, measured
from migplan.rehearse.rows import Filled, fill, wanted_rows
from migplan.rehearse.statistics import Statistics
from migplan.rehearse.timeline import Period, Timeline
from migplan.source.connect import Connection
from migplan.source.reading.managed import Managed
from migplan.source.shadow.scratch import ScratchDatabase
from migplan.source.shadow.shadow import Shadow

_DEADLINE = 120.0
"""Seconds for which a lock is tried for."""


@record(slots=False)
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


_GENERATED: Final = 3
"""Schemas of a plan with one checkpoint: both of its applications are told by the first and the last."""


@record(slots=False)
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
        manner = Manner(Patience(_DEADLINE), Pace(settings.batch_rows, 1, None, settings.lock_timeout))
        course = Course(folder, shadow, database, manner)
        stages = course.stages()
        with contextlib.closing(database.connect()) as connection:
            asked = of_the_end(folder.plan, stages[0], stages[-1])
            shapes = complying(connection, stages[0].shapes, asked, live.statistics.columns)
            cook = Cook(connection, with_counterparts(folder.plan, shapes), live.statistics)
            filled = fill(cook, wanted_rows(cook.shapes, live.statistics, wishes.scale, wishes.most_rows))
        reused = changing_hands(folder.plan, stages[0], stages[-1])
        if reused and len(stages) > _GENERATED and not wishes.new:
            raise ExecutionError(
                f"{', '.join(reused)} means another column at the end: what applications say in between can't be told"
                " from the schemas",
                hint="Say it: --new FILE.sql for each checkpoint.",
            )
        numbers = {cook.shapes[oid].title: n for oid, n in filled.next.items()}
        cast = Cast(course, stages, live.statistics, wishes.sessions, numbers, cook.shapes).generated()
        applications = with_files(cast, wishes.old, wishes.new)
        return _Performance(folder, database, manner, wishes, applications).play(shadow, live, filled, cook)


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
        ends = window_ends(self.folder)
        for number, goal in enumerate(ends):
            try:
                run_to(self.folder, self.database.url, self.manner, timeline, goal)
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
