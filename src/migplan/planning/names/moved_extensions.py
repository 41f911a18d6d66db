"""Extensions that move to another schema: what they hold follows, and so does every text that names it.

That is read in the shadow as renames are (``moved_extensions``), so the rest of the plan says the
names from behind the move.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from migplan.core.changes import Alter
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import ident, sql
from migplan.core.steps import After, Down, Phase, Statement, Step, step_id
from migplan.kinds.extension import Extension


def moving(before: Catalog, after: Catalog, renamed_schemas: Iterable[ObjectId] = ()) -> tuple[Alter, ...]:
    """The extensions that others use and that can move to their declared schema by themselves."""
    pairs = ((e, after.get(e.id, Extension)) for e in before.of(Extension))
    taken = set(renamed_schemas)
    return tuple(
        Alter(old, replace(old, schema=new.schema), frozenset({"schema"}))
        for old, new in pairs
        if new is not None
        and old.schema != new.schema
        and old.relocatable
        and before.used_by.get(old.id)
        and ObjectId("schema", (new.schema,)) not in taken
    )


def move_statement(extension: Extension, schema: str) -> Statement:
    """``ALTER EXTENSION … SET SCHEMA``."""
    return Statement(sql("ALTER EXTENSION {} SET SCHEMA {}", ident(*extension.id.path), ident(schema)))


def with_moves(moved: Sequence[Alter], steps: Sequence[Step]) -> list[Step]:
    """The steps behind those of the moves, but for what makes the schemas that these need."""
    if not moved:
        return list(steps)
    moves = [_step(change) for change in moved]
    needed = {s.id for s in steps if any(s.creates & move.uses for move in moves)}
    waits = tuple(After(m.id, "says what it holds by its new name") for m in moves)
    return [*moves, *(s if s.id in needed else replace(s, after=(*s.after, *waits)) for s in steps)]


def _step(change: Alter) -> Step:
    old, new = change.old, change.new
    assert isinstance(old, Extension)
    assert isinstance(new, Extension)
    return Step(
        id=step_id("move", new.id),
        title=f"move {new.id} from schema {old.schema} to {new.schema}",
        object=new.id,
        strategy="rename",
        phase=Phase.EXPAND,
        why="what names its types and functions follows by itself",
        up=(move_statement(new, new.schema),),
        down=Down((move_statement(new, old.schema),)),
        uses=frozenset({ObjectId("schema", (new.schema,))}),
        releases=frozenset({ObjectId("schema", (old.schema,))}),
        notes=(
            f"statements that say {old.schema}.… of it fail from here on; others find it if {new.schema} is in their"
            " search_path",
        ),
    )
