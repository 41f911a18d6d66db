"""``dual_write = "application"``: a column is renamed by three deploys, and the application keeps both columns in step.

Window 0 adds the new column. The application writes both; window 1 fills what was there before, and makes the new one
what is declared. The application reads the new one and goes on writing both; window 2 counts the rows that disagree and
lets inserts do without the old one. The application stops writing it; window 3 drops it. No trigger is needed, and no
deploy has to be taken back together with the database: each window's way back finds both columns written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.steps import After, Down, Phase, Step, step_id
from migplan.kinds.column import Column
from migplan.kinds.default import Default, set_default
from migplan.kinds.not_null import change_not_null
from migplan.kinds.registry import kind_of
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.columns.add_column import add_bare
from migplan.strategies.columns.dual_written import Written, dual_written, is_keyed, obstacles
from migplan.strategies.columns.set_not_null import tighten_steps
from migplan.strategies.sync.backfill import fill
from migplan.strategies.sync.sync import Pair, disagreement, stale_arriving, stale_leaving
from migplan.strategies.ways_back import not_null_back

NAME = "dual_write"


class DualWrite(Strategy):
    """Expands ``context.dual_written``, one column at a time: their deploys are the same three."""

    name = NAME

    def expand(self, context: Context) -> Iterable[Expansion]:
        for written in dual_written(context):
            reasons = list(obstacles(context, written))
            if reasons:
                yield Expansion(
                    (),
                    frozenset({written.old.id, written.new.id}),
                    blocked=tuple(f"{_head(written)}: {reason}; take dual_write = 'trigger'" for reason in reasons),
                )
            else:
                yield _expand(context, written)


def _head(written: Written) -> str:
    return f"{written.old.id} can't become {written.new.name} by the application's own writes"


def _expand(context: Context, written: Written) -> Expansion:
    pair = written.pair(context)
    add = _add(context, written)
    filled = _fill(context, written, pair, add)
    first = [add, filled, *tighten(context, written.new, filled)]
    compared, refilled = _compare(context, written, pair)
    left = left_behind(context, [written.old], compared, refilled, _reading(written, first[-1]))
    loosened = any(s.id == step_id("loosen", written.old.id) for s in left)
    return Expansion(
        (*first, *left, _drop(context, written, left[-1], loosened=loosened)),
        frozenset({written.old.id, written.new.id}),
        behind={
            written.new.id: After(filled.id, f"reads {written.new.name}"),
            written.old.id: After(compared.id, f"nothing may read {written.old.name} any more"),
        },
        told=frozenset(members(context, written.old)),
    )


def left_behind(context: Context, olds: Sequence[Column], compared: Step, refilled: Step, reading: After) -> list[Step]:
    """What window 2 does about the old columns, once the application reads the new ones.

    A primary key's column can't lose its NOT NULL before the key has gone over, which is no sooner than the rows have
    been compared; and the way back fills it before it is NOT NULL and the key again.
    """
    if not any(is_keyed(context, c) for c in olds):
        loosened = [s for c in olds for s in loosen(context, c, reading)]
        both = replace(compared, down=refilled.down, undo_backfill=refilled.undo_backfill)
        return [*loosened, replace(both, after=(reading, *(After(s.id, "relies on it") for s in loosened)))]
    compared, last = replace(compared, after=(reading,)), After(compared.id, "the key must have gone over")
    loosened = [
        replace(s, phase=Phase.CONTRACT, destroys=frozenset({c.id})) for c in olds for s in loosen(context, c, last)
    ]
    relied = (After(s.id, "relies on it") for s in loosened or [compared])
    return [compared, *loosened, replace(refilled, after=tuple(relied))]


def members(context: Context, old: Column) -> Iterable[ObjectId]:
    """Keys, checks and indexes of the old column alone: who reads the new one doesn't rely on them."""
    for user in context.before.used_by.get(old.id, frozenset()):
        if context.before[user].table == old.relation and user not in context.after:
            yield user


def _reading(written: Written, last: Step) -> After:
    """The second deploy, once the new column is filled."""
    old, new = written.old.name, written.new.name
    contract = f"reads {new} instead of {old} in {written.old.relation}, and still writes both"
    return After(last.id, contract, deploy=True, contract=contract)


def _add(context: Context, written: Written) -> Step:
    """Its default is for rows whose writer leaves out both; what it gives to others, the filling corrects."""
    part = context.pieces_after.of(written.new.id)[0]
    default = context.after.get(ObjectId("default", written.new.id.path), Default)
    defaults = () if default is None else (set_default(default),)
    return Step(
        id=step_id("create", written.new.id),
        title=f"add {written.new.id}, nullable and empty for now",
        object=written.new.id,
        strategy=NAME,
        phase=Phase.EXPAND,
        why="no row is written, and the running application doesn't see it",
        up=(*add_bare(written.new, context.pieces_after), *defaults),
        down=Down(part.drop),
        creates=part.provides,
        uses=part.uses,
    )


def _fill(context: Context, written: Written, pair: Pair, add: Step) -> Step:
    old, new = written.old, written.new
    filled = fill(context, old.relation, [(new.name, pair.up)], stale_arriving([pair]))
    return Step(
        id=step_id("fill", new.id),
        title=f"fill {new.id} from {old.name}",
        object=new.id,
        strategy=NAME,
        phase=Phase.MIGRATE,
        why=f"{filled.manner}; what is written from here on, the application writes to both",
        up=filled.statements,
        down=Down(()),
        deploy=f"writes {new.name} wherever it writes {old.name} in {old.relation}, and still reads {old.name}",
        backfill=filled.backfill,
        after=(After(add.id, "the column must be there"),),
        notes=("the way back leaves the filled values in place",),
    )


def tighten(context: Context, column: Column, filled: Step) -> list[Step]:
    """NOT NULL belongs to window 1: whoever writes the old column writes the new one by then."""
    if column.not_null is None:
        return []
    own, after = frozenset({column.id}), (After(filled.id, "every row must have a value"),)
    return [
        replace(s, uses=s.uses - own, creates=s.creates - own, destroys=s.destroys - own, releases=s.releases - own)
        for s in tighten_steps(context, column, None, after)
    ]


def loosen(context: Context, old: Column, reading: After) -> list[Step]:
    """An INSERT that no longer names the old column must not fail."""
    if old.not_null is None or ObjectId("default", old.id.path) in context.before:
        return []
    nullable = replace(old, not_null=None)
    step = Step(
        id=step_id("loosen", old.id),
        title=f"let inserts leave out {old.id}",
        object=old.id,
        strategy=NAME,
        phase=Phase.EXPAND,
        why="the next version of the application doesn't write it any more; the running one still does",
        up=tuple(change_not_null(old, nullable)),
        down=Down(tuple(change_not_null(nullable, old))),
        after=(reading,),
    )
    return not_null_back(context, old, step)


def _compare(context: Context, written: Written, pair: Pair) -> tuple[Step, Step]:
    """Rows are counted on the way there. On the way back the old column is filled again, since the last application no
    longer wrote it."""
    old, new = written.old, written.new
    refilled = fill(context, old.relation, [(old.name, pair.down)], stale_leaving([pair]))
    compared = Step(
        id=step_id("compare", new.id),
        title=f"count the rows of {old.relation} whose {old.name} and {new.name} disagree",
        object=new.id,
        strategy=NAME,
        phase=Phase.MIGRATE,
        why="the plan stops here if something wrote only one of them; the way back fills the old one again",
        up=(),
        down=Down(()),
        asserts=(disagreement(old.relation, [pair]),),
    )
    again = Step(
        id=step_id("refill", new.id),
        title=f"on the way back: fill {old.id} from {new.name}",
        object=new.id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="only the way back does anything: the last application no longer wrote the old one",
        up=(),
        down=Down(refilled.statements),
        undo_backfill=refilled.backfill,
    )
    return compared, again


def _drop(context: Context, written: Written, left: Step, *, loosened: bool) -> Step:
    old = written.old
    contract = f"neither reads nor writes {old.name} in {old.relation}"
    last = After(left.id, contract, deploy=True, contract=contract)
    return drop(context, old, last, f"{written.new.name} holds its values", loosened=loosened)


def drop(context: Context, old: Column, last: After, why: str, *, loosened: bool) -> Step:
    """The old column goes behind the last deploy; the way back adds it as it was left."""
    kind = kind_of(old.id)
    whole = kind.parts(old, context.before)[0]
    bare = kind.parts(replace(old, not_null=None), context.before)[0] if loosened else whole
    attributes = context.pieces_before.of(old.id)[0].create[len(whole.create) :]
    return Step(
        id=step_id("drop", old.id),
        title=f"drop {old.id}",
        object=old.id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why=why,
        up=bare.drop,
        down=Down((*bare.create, *attributes)),
        destroys=bare.provides,
        releases=bare.uses,
        after=(last,),
    )


STRATEGY = DualWrite()
