"""What a plan is made of: statements, steps with their downs, locks, phases."""

from __future__ import annotations

from dataclasses import field
from enum import Enum, IntEnum
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.sql import Sql


class LockMode(IntEnum):
    """PostgreSQL's table lock modes, weakest first, and NONE (manual: 13.3.1)."""

    NONE = 0
    ACCESS_SHARE = 1
    ROW_SHARE = 2
    ROW_EXCLUSIVE = 3
    SHARE_UPDATE_EXCLUSIVE = 4
    SHARE = 5
    SHARE_ROW_EXCLUSIVE = 6
    EXCLUSIVE = 7
    ACCESS_EXCLUSIVE = 8

    def __str__(self) -> str:
        return self.name.replace("_", " ")


class Phase(IntEnum):
    """The three phases of a window, in their order."""

    EXPAND = 1
    MIGRATE = 2
    CONTRACT = 3

    def __str__(self) -> str:
        return self.name.lower()


class Timing(Enum):
    """What kind of timeouts a statement runs under."""

    QUICK = "quick"
    """Metadata only: short lock_timeout and statement_timeout, retried."""
    LONG = "long"
    """Index builds, validation, backfills: no statement timeout."""


@record
class Statement:
    """One SQL command without its semicolon.

    ``lock`` is the strongest lock that it promises to take on a relation that existed before the plan, ``stronger``
    what exceeds it on single relations (``schema.name``).
    ``transactional`` is False for what PostgreSQL refuses inside a transaction block.
    """

    sql: Sql
    lock: LockMode = LockMode.NONE
    rewrite: bool = False
    scan: bool = False
    transactional: bool = True
    timing: Timing = Timing.QUICK
    stronger: tuple[tuple[str, LockMode], ...] = ()


@record
class Part:
    """One creatable piece of an object, with the way back.

    ``provides`` are the ids that exist once it ran, ``uses`` those that must exist before.
    """

    create: tuple[Statement, ...]
    drop: tuple[Statement, ...]
    provides: frozenset[ObjectId]
    uses: frozenset[ObjectId]


@record
class Irreversible:
    """There is no way back, and why."""

    reason: str


@record
class Counterpart:
    """That every row of ``table`` has one of ``other``, found by the columns of both."""

    table: ObjectId
    key: tuple[str, ...]
    other: ObjectId
    other_key: tuple[str, ...]


@record
class Assertion:
    """A read-only query that counts what would make the step fail; the plan stops unless it yields 0.

    ``sample`` selects some of the offenders' keys as one text column. ``guard`` says that it watches over the
    plan's own work: what it counts isn't there before the plan runs. Where only an error tells an offender, ``count``
    is a block that ``raises`` by itself. ``counterpart`` is what it asks of two tables, if that is what it counts.
    """

    count: Sql
    message: str
    sample: Sql | None = None
    guard: bool = False
    raises: bool = False
    counterpart: Counterpart | None = None


@record
class Down:
    """The way back of a step. ``loses`` says which data the way back can't bring back, if any; ``asserts`` are counted
    right before its statements, where those need data that a later step has lost."""

    statements: tuple[Statement, ...]
    loses: str | None = None
    asserts: tuple[Assertion, ...] = ()


@record(order=True)
class Name:
    """A name that only one object may bear at a time, in its name space (``relation``, ``type``, …)."""

    space: str
    path: tuple[str, ...]


@record
class After:
    """This step runs after step ``step``; with ``deploy``, only after a checkpoint in between.

    ``contract`` is the sentence that the checkpoint says of it: what the deployed application must do. ``wished`` is
    an order that is given up where it would close a cycle.
    """

    step: str
    reason: str
    deploy: bool = False
    contract: str | None = None
    wished: bool = False


@record
class Backfill:
    """A keyset backfill of one table: what the executor runs in batches, and the ``DO`` block of the SQL file too.

    ``assignments`` maps columns to expressions over the row, ``where`` selects the rows that still need it.
    ``key`` are the columns of the key that batches run along, empty for ctid.
    """

    table: ObjectId
    assignments: tuple[tuple[str, Sql], ...]
    where: Sql
    key: tuple[str, ...]
    key_types: tuple[str, ...] = ()


WITHIN: Final = Sql("/*~batch*/ true")
"""Stands for the condition that tells the rows of a batch."""


@record(kw_only=True)
class Batches:
    """Work of another sort along ``relation`` in batches, which the executor runs instead of the ``DO`` block as well.

    ``statements`` are run for each batch, with WITHIN where its rows are told: by ``key``, or by the relation's pages
    where that is empty. ``first`` comes before the first batch, ``settings`` begin each. ``left`` counts what is to be
    done in one more pass, until it is at most ``enough``. A batch that a unique key keeps out is tried again: by the
    statements ``otherwise``, or, where one worker does it all ``alone``, with more rows. ``writes`` is the table of the
    user's whose rows change, and whose triggers fire.
    """

    table: ObjectId
    relation: Sql
    statements: tuple[Sql, ...]
    otherwise: tuple[Sql, ...] = ()
    key: tuple[str, ...] = ()
    first: tuple[Sql, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    left: Sql | None = None
    enough: int = 0
    alone: bool = False
    writes: ObjectId | None = None


@record(kw_only=True)
class Step:
    """One node of the plan's graph: what it does, how it is undone, and where it may stand.

    ``creates`` and ``uses`` speak of the world after the plan, ``destroys`` and ``releases`` of the one before:
    edges come from them (a user after its creator, a destroyer after every releaser). ``mentions`` and ``forgets``
    are the like for what bodies that are only text name, kept where no cycle forbids it. ``together`` names steps
    that share one transaction. ``deploy`` is the contract of the checkpoint that must lie before the step. A ``late``
    one stands in the phase of what waits for it: no way back may end in between.
    """

    id: str
    title: str
    object: ObjectId
    strategy: str
    phase: Phase
    why: str
    up: tuple[Statement, ...]
    down: Down | Irreversible
    creates: frozenset[ObjectId] = frozenset()
    destroys: frozenset[ObjectId] = frozenset()
    uses: frozenset[ObjectId] = frozenset()
    releases: frozenset[ObjectId] = frozenset()
    mentions: frozenset[ObjectId] = frozenset()
    forgets: frozenset[ObjectId] = frozenset()
    takes: frozenset[Name] = frozenset()
    frees: frozenset[Name] = frozenset()
    after: tuple[After, ...] = ()
    together: str | None = None
    deploy: str | None = None
    asserts: tuple[Assertion, ...] = ()
    backfill: Backfill | None = None
    undo_backfill: Backfill | None = None
    batches: Batches | None = None
    undo_batches: Batches | None = None
    loses: str | None = None
    first: bool = False
    late: bool = False
    notes: tuple[str, ...] = ()
    new_objects: bool = field(default=False)

    @property
    def lock(self) -> LockMode:
        """The strongest lock that the step promises to take."""
        return max((s.lock for s in self.up), default=LockMode.NONE)

    @property
    def stronger(self) -> dict[str, LockMode]:
        """Locks that exceed ``lock`` on single relations (``schema.name``); of steps on new objects all, for theirs are
        felt by nobody."""
        held = sorted((mode, name) for s in self.up for name, mode in s.stronger)
        return {name: mode for mode, name in held if self.new_objects or mode > self.lock}

    @property
    def rewrite(self) -> bool:
        """Whether a table's rows are written anew."""
        return any(s.rewrite for s in self.up)

    @property
    def scan(self) -> bool:
        """Whether a whole table is read."""
        return any(s.scan for s in self.up)

    @property
    def transactional(self) -> bool:
        """Whether the whole step fits in one transaction."""
        return all(s.transactional for s in self.up)


def step_id(verb: str, id: ObjectId, number: int = 0) -> str:
    """A step's id: ``create:table:public.users``, with a number from the second part on."""
    suffix = f":{number + 1}" if number else ""
    return f"{verb}:{id.kind}:{id.name}{suffix}"


def aside(id: ObjectId) -> str:
    """The temporary name of an old incarnation: at most 63 bytes, and no user's name looks like it."""
    return temporary_name(id.path[-1], "old")


def temporary_name(name: str, what: str) -> str:
    """``~name~what`` cut to 63 bytes."""
    suffix = f"~{what}"
    cut = name.encode()[: 63 - 1 - len(suffix)].decode(errors="ignore")
    return f"~{cut}{suffix}"
