"""Table constraints: check, foreign key, unique, primary key, exclusion (NOT NULL belongs to its column)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.packed import packed
from migplan.core.sql import EMPTY, Sql, deparsed, ident, literal, sql
from migplan.core.steps import LockMode, Statement, Timing
from migplan.kinds._descendants import heirs
from migplan.kinds.base import option_list
from migplan.kinds.equal_keys import behind_chosen

AX, SRX = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_ROW_EXCLUSIVE
CHECK, FOREIGN_KEY, UNIQUE, PRIMARY_KEY, EXCLUSION = "c", "f", "u", "p", "x"
INDEXED = frozenset({UNIQUE, PRIMARY_KEY, EXCLUSION})
ATTACHABLE = frozenset({UNIQUE, PRIMARY_KEY})
"""PostgreSQL finds no index of a partition equal to an exclusion's: it makes one of its own, and refuses ATTACH."""


@packed
class Constraint(DbObject):
    """A constraint of ``relation``; ``type`` is c, f, u, p or x as in pg_constraint.

    ``definition`` is pg_get_constraintdef without NOT VALID and NOT ENFORCED, which are fields. ``columns`` are the
    constrained columns by name, ``target`` and ``target_columns`` a foreign key's other side. ``inherited`` checks
    come from a parent; ``clone_of`` is the partitioned table's foreign key or exclusion that a partition's one comes
    with; ``index_parent`` is the partitioned table's key, or plain index, that this one's index hangs on.
    ``alone`` says of a partitioned table's exclusion that some partition has no part of it: it was made with ONLY.
    ``of_primary_key`` says of a foreign key that it is to be written without the columns of the other side.
    """

    relation: ObjectId = field(compare=False)
    type: str
    definition: str
    columns: tuple[str, ...] = ()
    target: ObjectId | None = None
    target_columns: tuple[str, ...] = ()
    validated: bool = True
    enforced: bool = True
    no_inherit: bool = field(default=False, compare=False)
    inherited: bool = field(default=False, compare=False)
    local: bool = field(default=True, compare=False)
    index_parent: ObjectId | None = None
    index_options: tuple[tuple[str, str], ...] = ()
    index_tablespace: str | None = None
    index_comment: str | None = None
    clustered: bool = False
    clone_of: ObjectId | None = field(default=None, compare=False)
    alone: bool = False
    of_primary_key: bool = field(default=False, compare=False)

    @property
    def table(self) -> ObjectId | None:
        return self.relation

    @property
    def name(self) -> str:
        """The constraint's raw name (an index of the schema too where the type is indexed)."""
        return self.id.path[-1]

    @property
    def clause(self) -> Sql:
        """The constraint as ADD CONSTRAINT and CREATE TABLE write it after its name, valid and enforced as it is."""
        base = deparsed(_without_target_columns(self) if self.of_primary_key else self.definition)
        if self.type in INDEXED:
            base = _with_index_clauses(base, self)
        enforced = Sql("" if self.enforced else " NOT ENFORCED")
        return sql("{}{}{}", base, enforced, Sql("" if self.validated or not self.enforced else " NOT VALID"))


def column_ids(constraint: Constraint) -> set[ObjectId]:
    """The constrained columns."""
    return {ObjectId("column", (*constraint.relation.path, c)) for c in constraint.columns}


def key_of(foreign_key: Constraint, catalog: Catalog) -> ObjectId:
    """The key that a foreign key hangs on, as PostgreSQL recorded it; its table where that isn't modelled. A part of
    a partition uses its parent's key as well."""
    assert foreign_key.target is not None
    for id in sorted(catalog.uses.get(foreign_key.id, frozenset())):
        if id.kind in ("constraint", "index") and id != foreign_key.clone_of:
            return id
    return foreign_key.target


def inline_in(
    constraint: Constraint, partition_key: str | None, partition_of: ObjectId | None, catalog: Catalog
) -> bool:
    """Whether CREATE TABLE itself writes the constraint: checks that stand on the table alone, keys of plain tables.

    Keys in a partition tree are added on their own (to the parent with ONLY) and attached, as pg_dump does it. A check
    that the parents have as well can't be dropped by itself, so it comes with the table whatever it stands on.
    """
    c = constraint
    own = {c.relation, *column_ids(c), c.id}
    foreign = {u for u in catalog.uses.get(c.id, frozenset()) if u not in own and u.kind not in ("schema", "extension")}
    if c.comment is not None or not c.validated or foreign:
        return c.type == CHECK and c.inherited and (c.local or partition_of is not None)
    if c.type == CHECK:
        return c.local or partition_of is not None
    plain = partition_key is None and partition_of is None
    own_key = c.type == PRIMARY_KEY or (c.type == UNIQUE and not _has_twin(c, catalog))
    if not plain or not own_key or c.index_parent is not None:
        return False
    return not key_extras(c) and not behind_chosen(c, catalog)


def _has_twin(unique: Constraint, catalog: Catalog) -> bool:
    """CREATE TABLE drops a UNIQUE that says the same as another key of the table; ADD CONSTRAINT doesn't."""
    keys = (c for c in catalog.members_of(unique.relation, Constraint) if c.type in (UNIQUE, PRIMARY_KEY))
    return any(k.id != unique.id and k.columns == unique.columns for k in keys)


def brought_by(parents: Iterable[ObjectId], relation: ObjectId, catalog: Catalog) -> dict[ObjectId, set[ObjectId]]:
    """The checks that INHERITS alone gives a relation, each with those of the parents that it comes from, and that have
    to be there before: one that was never validated came later."""
    inherited = [c for c in catalog.members_of(relation, Constraint) if only_inherited(c) and not _comes_later(c)]
    sources = {
        c.id: set[ObjectId]() if unread(c) else {p.child("constraint", c.name) for p in parents} for c in inherited
    }
    return {id: {s for s in found if s in catalog} for id, found in sources.items()}


def only_inherited(check: Constraint) -> bool:
    """Whether a check of a relation comes and goes with those of its parents."""
    return check.type == CHECK and check.inherited and not check.local


def unread(check: Constraint) -> bool:
    """Whether a check is NOT VALID: a relation that gets it with its creation has it validated."""
    return check.enforced and not check.validated


def _comes_later(check: Constraint) -> bool:
    """Whether a comment waits for the parent's check to come."""
    return unread(check) and check.comment is not None


def unread_below(check: Constraint, catalog: Catalog) -> list[Constraint]:
    """What inheriting tables that were there before a check which isn't validated have of it."""
    if check.type != CHECK or check.no_inherit or not unread(check):
        return []
    found = (catalog.get(r.child("constraint", check.name), Constraint) for r in heirs(check.relation, catalog))
    return [c for c in found if c is not None and only_inherited(c) and unread(c)]


def local_below(check: Constraint, catalog: Catalog) -> frozenset[ObjectId]:
    """The checks of that name that children declare as well: made ahead of their parent's, which is then merged with
    them, and dropped behind it."""
    if check.type != CHECK or check.no_inherit:
        return frozenset()
    found = (catalog.get(r.child("constraint", check.name), Constraint) for r in heirs(check.relation, catalog))
    return frozenset(c.id for c in found if c is not None and c.inherited and c.local)


def add_constraint(constraint: Constraint) -> Statement:
    """``ALTER TABLE … ADD CONSTRAINT``, in the direct form: it scans, or builds its index, under its lock."""
    c = constraint
    only = Sql("ONLY " if c.type in ATTACHABLE or c.alone else "")
    foreign = Sql("FOREIGN " if c.relation.kind == "foreign_table" else "")
    command = sql(
        "ALTER {}TABLE {}{} ADD CONSTRAINT {} {}",
        foreign,
        only,
        ident(*c.relation.path),
        ident(c.name),
        c.clause,
    )
    lock = SRX if c.type == FOREIGN_KEY else AX
    return Statement(
        command, lock, scan=c.validated and c.enforced, timing=Timing.LONG if c.validated else Timing.QUICK
    )


def validate_constraint(constraint: Constraint) -> Statement:
    """``VALIDATE CONSTRAINT``: reads the table under a lock that only DDL and vacuum feel."""
    command = sql("ALTER TABLE {} VALIDATE CONSTRAINT {}", ident(*constraint.relation.path), ident(constraint.name))
    return Statement(command, LockMode.SHARE_UPDATE_EXCLUSIVE, scan=True, timing=Timing.LONG)


def root_of(clone: Constraint, catalog: Catalog) -> ObjectId | None:
    """The constraint that a partition's one came with, at the top of the tree; None for one of its own."""
    parent = None if clone.clone_of is None else catalog.get(clone.clone_of, Constraint)
    return None if parent is None else root_of(parent, catalog) or parent.id


def drop_constraint(constraint: Constraint) -> Statement:
    """``ALTER TABLE … DROP CONSTRAINT``; a foreign key's drop also locks the other side exclusively.

    A partition's key or check went with its parent's, or with its table; only a detached one is still there to be
    dropped.
    """
    foreign = Sql("FOREIGN " if constraint.relation.kind == "foreign_table" else "")
    goes_along = constraint.index_parent is not None or constraint.clone_of is not None or only_inherited(constraint)
    option = Sql("IF EXISTS " if goes_along else "")
    table, name = ident(*constraint.relation.path), ident(constraint.name)
    command = sql("ALTER {}TABLE {}{} DROP CONSTRAINT {}{}", foreign, option, table, option, name)
    return Statement(command, AX)


def key_extras(constraint: Constraint) -> list[Statement]:
    """What ADD CONSTRAINT can't say of its index: comment and CLUSTER ON."""
    statements = comment_on_index(constraint) if constraint.index_comment else []
    return [*statements, *([set_clustered(constraint)] if constraint.clustered else [])]


def comment_on_index(constraint: Constraint) -> list[Statement]:
    text = Sql("NULL") if constraint.index_comment is None else literal(constraint.index_comment)
    name = ident(constraint.id.path[0], constraint.name)
    return [Statement(sql("COMMENT ON INDEX {} IS {}", name, text), LockMode.SHARE_UPDATE_EXCLUSIVE)]


def set_clustered(constraint: Constraint) -> Statement:
    table = ident(*constraint.relation.path)
    clause = sql("CLUSTER ON {}", ident(constraint.name)) if constraint.clustered else Sql("SET WITHOUT CLUSTER")
    return Statement(sql("ALTER TABLE {} {}", table, clause), LockMode.SHARE_UPDATE_EXCLUSIVE)


def _without_target_columns(foreign_key: Constraint) -> str:
    columns = ", ".join(ident(c) for c in foreign_key.target_columns)
    head, references, target = foreign_key.definition.partition(" REFERENCES ")
    return head + references + target.replace(f"({columns})", "", 1)


def _with_index_clauses(base: Sql, constraint: Constraint) -> Sql:
    """WITH and USING INDEX TABLESPACE stand before an exclusion's WHERE and any DEFERRABLE."""
    added = EMPTY
    if constraint.index_options:
        added = sql(" WITH ({})", option_list(constraint.index_options))
    if constraint.index_tablespace:
        added = sql("{} USING INDEX TABLESPACE {}", added, ident(constraint.index_tablespace))
    if not added:
        return base
    for marker in (" WHERE (", " DEFERRABLE", " INITIALLY DEFERRED"):
        head, found, tail = base.partition(marker)
        if found:
            return Sql(head + added + found + tail)
    return Sql(base + added)
