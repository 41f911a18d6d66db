"""``dual_write = "application"``: columns are split, merged or computed by the same three deploys, without a trigger.

Window 0 adds the new columns. The application writes both; window 1 fills what was there before, and makes them what is
declared. The application reads the new ones; window 2 counts the rows that disagree. It stops writing the old ones;
window 3 drops them. Columns that are only computed out of others need the first deploy alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from migplan.core.records import record
from migplan.core.steps import After, Down, Phase, Step, step_id
from migplan.kinds.column import Column
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.columns.dual_write import drop, left_behind, members, tighten
from migplan.strategies.columns.moved import default_of
from migplan.strategies.columns.reshape_columns import Reshaping
from migplan.strategies.columns.reshaped import Shape, reshapes, written_by_the_application
from migplan.strategies.relations.backup import is_backed_up
from migplan.strategies.sync.sync_vector import stale, vectors_disagree

NAME = "dual_write_reshaped"


class DualWriteReshaped(Strategy):
    """One table at a time."""

    name = NAME

    def expand(self, context: Context) -> Iterable[Expansion]:
        for shape in reshapes(context):
            if written_by_the_application(context, shape):
                yield _Written(context, shape).expansion()


@record(slots=False)
class _Written:
    context: Context
    shape: Shape

    def expansion(self) -> Expansion:
        steps = self._first()
        claims = frozenset(c.id for c in (*self.shape.leaving, *self.shape.arriving))
        behind = {c.id: After(steps[1].id, f"reads {c.name}") for c in self.shape.arriving}
        if not self.shape.leaving:
            return Expansion(tuple(steps), claims, behind=behind)
        contract = f"reads {self._new} instead of {self._old} in {self.shape.table}, and still writes both"
        reading = After(steps[-1].id, contract, deploy=True, contract=contract)
        compared, refilled = self._compare()
        left = left_behind(self.context, self.shape.leaving, compared, refilled, reading)
        behind |= {c.id: After(compared.id, f"nothing may read {c.name} any more") for c in self.shape.leaving}
        told = frozenset(id for c in self.shape.leaving for id in members(self.context, c))
        drops = (self._drop(c, left) for c in self.shape.leaving)
        return Expansion((*steps, *left, *drops), claims, behind=behind, told=told)

    @property
    def _old(self) -> str:
        return ", ".join(c.name for c in self.shape.leaving)

    @property
    def _new(self) -> str:
        return ", ".join(c.name for c in self.shape.arriving)

    @property
    def _reshaping(self) -> Reshaping:
        return Reshaping(self.context, self.shape)

    def _add(self) -> Step:
        """Nullable and without defaults, which look like values that an application wrote."""
        adds = self._reshaping.bare_columns()
        return Step(
            id=step_id("reshape", self.shape.table),
            title=f"add {self._new} to {self.shape.table}, nullable and empty for now",
            object=self.shape.table,
            strategy=NAME,
            phase=Phase.EXPAND,
            why="no row is written, and the running application doesn't see them",
            up=adds,
            down=Down(self._reshaping.dropped_columns()),
            creates=frozenset(c.id for c in self.shape.arriving),
            uses=self._reshaping.used,
        )

    def _first(self) -> list[Step]:
        """What leads to filled columns that are what is declared; the fill, if there is one, is the second step."""
        add = self._add()
        writing = f"writes {self._new}" + (f" wherever it writes {self._old}" if self._old else "")
        still = f", and still reads {self._old}" if self._old else ""
        sentence = f"{writing} in {self.shape.table}{still}"
        default = self._default(add, sentence)
        filled = replace(self._fill(), after=(After(default.id, "the columns must be there"),), deploy=sentence)
        return [add, filled, default, *(s for c in self.shape.arriving for s in tighten(self.context, c, filled))]

    def _default(self, add: Step, sentence: str) -> Step:
        """For rows whose writer leaves out the old columns and the new ones."""
        return Step(
            id=step_id("default", self.shape.table) + ":reshaped",
            title=f"give {self._new} their defaults",
            object=self.shape.table,
            strategy=NAME,
            phase=Phase.EXPAND,
            why="whoever writes the old columns writes the new ones by now",
            up=tuple(self._reshaping.with_defaults()),
            down=Down(tuple(self._reshaping.without_defaults())),
            creates=frozenset(d.id for c in self.shape.arriving if (d := default_of(self.context.after, c))),
            deploy=sentence,
            after=(After(add.id, "the columns must be there"),),
        )

    def _fill(self) -> Step:
        vectors = self._reshaping.vectors
        found = self._reshaping.fill_step(
            [(e.name, e.value) for v in vectors for e in v.arriving if e.value is not None],
            [stale(v.arriving, v.returning) for v in vectors if v.arriving],
            "new",
        )
        empty = Step(
            id=step_id("fill", self.shape.table) + ":new-columns",
            title=f"fill {self._new} of {self.shape.table}, which has no rows",
            object=self.shape.table,
            strategy=NAME,
            phase=Phase.MIGRATE,
            why="what is written from here on, the application writes to both",
            up=(),
            down=Down(()),
        )
        return replace(found[0] if found else empty, strategy=NAME)

    def _compare(self) -> tuple[Step, Step]:
        """On the way back the old columns are filled again, as far as a directive tells them."""
        vectors = self._reshaping.vectors
        told = [(e.name, e.value) for v in vectors for e in v.returning if e.value is not None]
        filled = self._reshaping.fill_step(
            told, [stale(v.returning, v.arriving) for v in vectors if v.returning], "old"
        )
        compared = Step(
            id=step_id("compare", self.shape.table) + ":reshaped",
            title=f"count the rows of {self.shape.table} whose {self._old} and {self._new} disagree",
            object=self.shape.table,
            strategy=NAME,
            phase=Phase.MIGRATE,
            why="the plan stops here if something wrote only one of them; the way back fills the old ones again",
            up=(),
            down=Down(()),
            asserts=(vectors_disagree(self.shape.table, vectors),),
        )
        refilled = Step(
            id=step_id("refill", self.shape.table) + ":reshaped",
            title=f"on the way back: fill {self._old} of {self.shape.table} from {self._new}",
            object=self.shape.table,
            strategy=NAME,
            phase=Phase.CONTRACT,
            why="only the way back does anything: the last application no longer wrote the old ones",
            up=(),
            down=Down(tuple(s for step in filled for s in step.up)),
            undo_backfill=filled[0].backfill if filled else None,
        )
        return compared, refilled

    def _drop(self, column: Column, left: Sequence[Step]) -> Step:
        contract = f"neither reads nor writes {self._old} in {self.shape.table}"
        last = After(left[-1].id, contract, deploy=True, contract=contract)
        bare = any(s.object == column.id for s in left)
        step = drop(self.context, column, last, f"{self._new} hold its values", loosened=bare)
        untold = column.name not in self.shape.reverses
        spared = self.context.empty(self.shape.table) or is_backed_up(self.context, column)
        if not untold or spared or not isinstance(step.down, Down):
            return step
        loses = f"the values of {column.id}"
        return replace(step, loses=loses, down=replace(step.down, loses=loses))


STRATEGY = DualWriteReshaped()
