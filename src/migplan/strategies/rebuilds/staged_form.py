"""What builds a form of a table aside, fills it along a change log, and keeps it true until both change places."""

from __future__ import annotations

from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.sql import sql
from migplan.core.steps import Batches, Down, LockMode, Phase, Statement, Step, step_id
from migplan.strategies.base import Context
from migplan.strategies.patient_lock import lock_patiently
from migplan.strategies.rebuilds.change_log import ChangeLog
from migplan.strategies.rebuilds.compared_copies import disagreement
from migplan.strategies.rebuilds.copied_rows import copy_rows, copying
from migplan.strategies.rebuilds.family import Family, drop_empty_schemas, make_schemas, unfelt
from migplan.strategies.rebuilds.lookup_index import LookupIndex
from migplan.strategies.rebuilds.replayed_log import catch_up, catching_up

NAME = "online_rebuild"
SRX = LockMode.SHARE_ROW_EXCLUSIVE


def stage_form(context: Context, log: ChangeLog, lookup: LookupIndex) -> list[Step]:
    """What builds the copy of a log aside and fills it."""
    copy = log.copy
    steps = [
        _step(
            "stage",
            copy,
            f"make {_named(copy)} aside, as {copy.aside}",
            "nobody uses it yet",
            (*make_schemas(copy), *unfelt(copy.first_parts), *lookup.aside(), *log.create()),
            (*log.drop(), Statement(sql("DROP TABLE {}", copy.aside)), *drop_empty_schemas(copy)),
            Phase.EXPAND,
            new_objects=True,
            uses=copy.uses,
        ),
        _step(
            "log",
            copy,
            f"log what changes in {copy.root}",
            "rows that are written from here on are copied again",
            (*lock_patiently(log.source.tables, context.settings, SRX), *log.watch()),
            (*lock_patiently(log.source.tables, context.settings), *log.unwatch()),
            Phase.EXPAND,
        ),
        _step(
            "copy",
            copy,
            f"copy the rows into {_named(copy)}",
            "in short transactions along the key, each with its place; no row is locked",
            (copy_rows(log, context.settings.batch_rows),),
            batches=copying(log),
        ),
    ]
    if copy.last_parts:
        late = tuple(replace(s, scan=True) for s in unfelt(copy.last_parts))
        steps += [
            _catch_up(log, "fill"),
            _step(
                "complete",
                copy,
                f"build the indexes of {_named(copy)}",
                "nobody waits for them",
                late,
                tuple(copy.without_last_parts),
            ),
        ]
    return steps


def kept_true(log: ChangeLog) -> list[Step]:
    """What lets a filled copy take the table's place: it has caught up, and no row differs. Both come right before the
    swap, which would have to replay under its lock what a checkpoint has let pile up."""
    return [_catch_up(log, "replay"), _compare(log)]


def _catch_up(log: ChangeLog, verb: str) -> Step:
    return _step(
        verb,
        log.copy,
        f"copy again into {_named(log.copy)} what has changed meanwhile",
        "each round takes the rows out of the copy and reads them again; no row of the table is locked",
        (catch_up(log),),
        batches=catching_up(log),
    )


def _step(
    verb: str,
    family: Family,
    title: str,
    why: str,
    up: tuple[Statement, ...],
    down: tuple[Statement, ...] = (),
    phase: Phase = Phase.MIGRATE,
    *,
    new_objects: bool = False,
    uses: frozenset[ObjectId] = frozenset(),
    batches: Batches | None = None,
) -> Step:
    return Step(
        id=f"{step_id(verb, family.root)}:{family.label}",
        title=title,
        object=family.root,
        strategy=NAME,
        phase=phase,
        why=why,
        up=up,
        down=Down(down),
        new_objects=new_objects,
        uses=uses,
        batches=batches,
    )


def _named(family: Family) -> str:
    return f"the {family.label} form of {family.root}"


def _compare(log: ChangeLog) -> Step:
    step = _step(
        "compare",
        log.copy,
        f"compare every row of {log.copy.root} with its copy",
        "the plan stops here if any differs",
        (),
    )
    return replace(step, asserts=(disagreement(log),))
