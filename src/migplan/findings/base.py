"""The contract of a rule: one danger, what it looks at, and what it says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from functools import cached_property
from typing import ClassVar, Final

from migplan.core.changes import Alter, Create, Drop
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, O
from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.core.steps import Step
from migplan.findings.weights import Level, Severity
from migplan.kinds.column import Column
from migplan.planning.plan import Draft
from migplan.strategies.sizing import Size, Sizing

_TYPES: Final = frozenset({"enum", "domain", "composite_type", "range", "base_type"})


@record
class HeldUp:
    """A step that reads or rewrites ``tables`` (``schema.name``) in a transaction that makes applications wait."""

    step: str
    title: str
    object: ObjectId
    tables: tuple[str, ...]
    rewrite: bool


@record(slots=False)
class Subject:
    """What rules look at. ``before`` and ``after`` speak of objects by their declared names, as the draft does.

    ``held_up_back`` is what the proof saw of the way back; nothing where there was none.
    """

    draft: Draft
    before: Catalog
    after: Catalog
    settings: Settings = field(default_factory=Settings)
    held_up_back: tuple[HeldUp, ...] = ()

    def created(self, model: type[O]) -> Iterator[O]:
        """New objects of one model, also those that come with a new table."""
        return (c.new for c in self.draft.changes if isinstance(c, Create) and isinstance(c.new, model))

    def dropped(self, model: type[O]) -> Iterator[O]:
        """Objects of one model that vanish."""
        return (c.old for c in self.draft.changes if isinstance(c, Drop) and isinstance(c.old, model))

    def altered(self, model: type[O]) -> Iterator[tuple[O, O]]:
        """Objects of one model that change, in place or rebuilt: old and new."""
        for c in self.draft.changes:
            if isinstance(c, Alter) and isinstance(c.old, model) and isinstance(c.new, model):
                yield c.old, c.new

    def new_versions(self, model: type[O]) -> Iterator[tuple[O | None, O]]:
        """Everything of one model that is created (old is None) or changed."""
        yield from ((None, new) for new in self.created(model))
        yield from self.altered(model)

    def size(self, table: ObjectId) -> Size:
        """The class of a relation's size."""
        return self._sizing.of(table)

    def holds_rows(self, table: ObjectId) -> bool:
        """Whether a relation may hold rows when the plan runs."""
        return not self._sizing.empty(table)

    def owner(self, id: ObjectId) -> ObjectId | None:
        """The relation that an object of either side belongs to."""
        for side in (self.after, self.before):
            if id in side:
                return side[id].table
        return None

    def relations(self, step: Step) -> list[ObjectId]:
        """The existing relations with rows that the step works on: its own, or those with columns of its type."""
        own = self.owner(step.object) or step.object
        if own in self.before and self._sizing.known(own):
            return [own] if self.holds_rows(own) else []
        if own.kind not in _TYPES:
            return []
        users = (self.before[id] for id in self.before.dependants([own]))
        tables = {user.relation for user in users if isinstance(user, Column)}
        return sorted(id for id in tables if id in self.before.sizes and self.holds_rows(id))

    def large(self, relations: Iterable[ObjectId]) -> list[ObjectId]:
        """The large ones among them."""
        return [id for id in relations if self.size(id) is Size.LARGE]

    def step_of(self, id: ObjectId) -> str | None:
        """The id of the step that makes an object, else of the first that works on it or ends it."""
        steps = [s for s in self._steps_about.get(id, ()) if s.up]
        made = next((s for s in steps if id in s.creates), None)
        own = next((s for s in steps if s.object == id), None)
        found = made or own or next(iter(steps), None)
        return None if found is None else found.id

    @cached_property
    def _sizing(self) -> Sizing:
        return Sizing(self.before, self.settings)

    @cached_property
    def _steps_about(self) -> Mapping[ObjectId, list[Step]]:
        found: dict[ObjectId, list[Step]] = {}
        for step in self.draft.steps:
            for id in {step.object, *step.creates, *step.destroys}:
                found.setdefault(id, []).append(step)
        return found


@record
class Found:
    """One finding of a rule: the sentence, the object, and where they differ from the rule's: step, weight, advice."""

    message: str
    object: ObjectId | None
    step: str | None = None
    severity: Severity | None = None
    advice: str | None = None


@record
class Example:
    """A live schema (with rows), a declaration that the rule speaks of, and one that does the same without danger.

    Documentation and test at once. ``since`` is the first major version that knows the SQL.
    """

    before: str
    bad: str
    good: str
    since: int = 14


class Rule(ABC):
    """One danger. Rules are found by listing ``findings/rules``; each file offers ``RULE``.

    ``condition`` says what the rule looks for, ``effect`` why it matters, ``advice`` what to do. ``severity`` "off" is
    for rules of style, which speak only where migplan.toml asks for them. ``of_steps`` rules judge how a plan does
    something; the others what changes, whoever does it. ``of_proof`` rules judge what the proof measured.
    """

    id: ClassVar[str]
    severity: ClassVar[Level]
    condition: ClassVar[str]
    effect: ClassVar[str]
    advice: ClassVar[str]
    example: ClassVar[Example]
    of_steps: ClassVar[bool] = False
    of_proof: ClassVar[bool] = False

    @abstractmethod
    def find(self, subject: Subject) -> Iterable[Found]:
        """What the rule finds in a plan."""
