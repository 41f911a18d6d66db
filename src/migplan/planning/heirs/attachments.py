"""In which order partitions and the indexes of their parents come and go.

Bounds are a resource like names: what takes some waits for the partition that has them now. So are the indexes of a
partitioned table: PostgreSQL gives a table that is attached an index for each of them, under a name of its own choice,
so those that are dropped have to be gone by then; and a new one is valid only once every partition has it. A partition
that leaves takes its part of a foreign key along: where that goes as well, it goes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.steps import Down, Name, Statement, Step
from migplan.kinds._descendants import ancestors, partitions
from migplan.kinds.attachment import attachment
from migplan.kinds.constraint import CHECK, FOREIGN_KEY, INDEXED, Constraint
from migplan.kinds.index import Index
from migplan.kinds.settled_below import identities_below
from migplan.kinds.table import Table
from migplan.strategies.partitions.successions import Successions


@record(slots=False)
class Attachments:
    """What has to be gone before what can come, on the way from one catalog to the other.

    A ``rebuilt`` table has both of its incarnations for a while, each with its own partitions.
    """

    before: Catalog
    after: Catalog
    successions: Successions
    detached: frozenset[ObjectId] = frozenset()
    """What steps of their own take off; else the step that hangs it elsewhere does."""
    remade: frozenset[ObjectId] = frozenset()
    """What is dropped and made again as it is: meanwhile no partition has its part of it."""

    def in_order(self, step: Step) -> Step:
        """A step that attaches a partition or makes an index, behind those that take away what is in its way."""
        step = self._whole(self._at_once(step))
        waits = self._waits
        takes = {Name("attached", gone.path) for id in step.creates for gone in waits.get(id, ())}
        freed = step.destroys | (self._moved & step.creates) - self.detached
        frees = {Name("attached", id.path) for id in freed if id in self._awaited or _is_passed_down(id, self.before)}
        first = frozenset(key for id in step.destroys for key in _passed_down(id, self.before))
        takes |= {Name("attached", key.path) for key in first}
        uses = {attachment(p) for id in step.creates if _is_passed_down(id, self.after) for p in self._below(id)}
        if not takes and not frees and not uses:
            return step
        releases = step.releases - first
        return replace(
            step, takes=step.takes | takes, frees=step.frees | frees, uses=step.uses | uses, releases=releases
        )

    def _below(self, key: ObjectId) -> list[ObjectId]:
        """The partitions that a foreign key is passed down to: on the way back it goes before they leave, but for
        those that keep it as the own one that they brought."""
        brought = {c.relation for c in self.before.of(Constraint) if c.type == FOREIGN_KEY and self._parted(c, key)}
        return [p for p in partitions(key.parent("table"), self.after) if p not in brought]

    def _parted(self, own: Constraint, key: ObjectId) -> bool:
        part = self.after.get(own.id, Constraint)
        return own.clone_of is None and part is not None and part.clone_of == key

    def _at_once(self, step: Step) -> Step:
        """Partitions that come in the place of others share a transaction with them: no row is refused in between."""
        places = sorted((step.creates | step.destroys) & self.successions.exchanges.keys())
        if not places or step.together is not None or not step.transactional:
            return step
        return replace(step, together=self.successions.exchanges[places[0]])

    def _whole(self, step: Step) -> Step:
        """Rows go over between tables that hang on no parent, with all that is below them, where an identity would have
        the upper ones attached first."""
        above = frozenset(self._above(step.creates, self.after, self.before))
        left = frozenset(self._above(step.destroys, self.before, self.after))
        step = replace(step, uses=step.uses - above, releases=step.releases - left) if above or left else step
        up = (*step.up, *self._numbered(step.creates, self.after, self.before))
        back = tuple(self._numbered(step.destroys, self.before, self.after))
        down = step.down
        if back and isinstance(down, Down):
            down = replace(down, statements=(*down.statements, *back))
        return replace(step, up=up, down=down) if up != step.up or back else step

    def _above(self, ids: Iterable[ObjectId], catalog: Catalog, other: Catalog) -> Iterable[ObjectId]:
        """The attachments of the exchanged tables that what is attached hangs on."""
        for id in ids:
            table = catalog.get(id.parent("table"), Table) if id.kind == "attachment" else None
            if table is not None and table.partition_of is not None and self._is_exchanged(table.partition_of, other):
                yield attachment(table.partition_of)

    def _numbered(self, ids: Iterable[ObjectId], catalog: Catalog, other: Catalog) -> Iterable[Statement]:
        for id in ids:
            if id.kind == "attachment" and self._is_exchanged(id.parent("table"), other):
                yield from identities_below(id.parent("table"), catalog)

    def _is_exchanged(self, table: ObjectId, other: Catalog) -> bool:
        """Whether it comes in the place of others, or goes for them."""
        return table not in other and attachment(table) in self.successions.exchanges

    @cached_property
    def _moved(self) -> frozenset[ObjectId]:
        """The attachments of partitions that stay, with other bounds or of another table."""
        come = (p for found in self.successions.come.values() for p in found)
        return frozenset(attachment(p.id) for p in come if p.id in self.before)

    @cached_property
    def _awaited(self) -> frozenset[ObjectId]:
        return frozenset(id for ids in self._waits.values() for id in ids)

    @cached_property
    def _waits(self) -> Mapping[ObjectId, frozenset[ObjectId]]:
        olds_of: dict[ObjectId, list[ObjectId]] = {}
        for old, successors in self.successions.successors.items():
            for new in successors:
                olds_of.setdefault(new.id, []).append(attachment(old))
        found: dict[ObjectId, frozenset[ObjectId]] = {}
        for parent, news in self.successions.come.items():
            indexes = self._indexes(parent, self.before, self.after)
            for new in news:
                found[attachment(new.id)] = frozenset((*indexes, *olds_of.get(new.id, ())))
        for parent, olds in self.successions.gone.items():
            dropped = frozenset(attachment(o.id) for o in olds if o.id not in self.after)
            for index in self._indexes(parent, self.after, self.before):
                found.update(dict.fromkeys(_with_children(index, self.after), dropped))
            for old in (o for o in olds if o.id in self.after and not self.successions.stays(o.id)):
                for id in self._behind_leaving(old.id, parent):
                    found[id] = found.get(id, frozenset()) | {attachment(old.id)}
        return found

    def _indexes(self, table: ObjectId, one: Catalog, other: Catalog) -> list[ObjectId]:
        """The indexes and keys of a partitioned table that the other side lacks has in another form, or makes anew."""
        members = (*one.members_of(table, Index), *(c for c in one.members_of(table, Constraint) if c.type in INDEXED))
        return [m.id for m in members if m.id in self.remade or other.get(m.id, type(m)) != m]

    def _behind_leaving(self, partition: ObjectId, parent: ObjectId) -> list[ObjectId]:
        """What the tables above get anew, of which PostgreSQL would give a partition its part that stays with it as it
        leaves; and what it gets itself as a table of its own, which would be taken for such a part."""
        new = [id for table in (parent, *ancestors(parent, self.before)) for id in self._new_parted(table)]
        alone = getattr(self.after[partition], "partition_of", None) is None
        return [*new, *self._new_parted(partition)] if new and alone else new

    def _new_parted(self, table: ObjectId) -> Iterable[ObjectId]:
        for member in (*self.after.members_of(table, Index), *self.after.members_of(table, Constraint)):
            if member.id not in self.before and not (isinstance(member, Constraint) and member.type == CHECK):
                yield member.id


def _is_passed_down(id: ObjectId, catalog: Catalog) -> bool:
    """Whether it is a foreign key of a partitioned table, of which each partition has a part."""
    key = catalog.get(id, Constraint) if id.kind == "constraint" else None
    table = None if key is None or key.type != FOREIGN_KEY else catalog.get(key.relation, Table)
    return table is not None and table.partition_key is not None


def _passed_down(id: ObjectId, catalog: Catalog) -> Iterable[ObjectId]:
    """The foreign keys of its parent that a partition has a part of as long as it is attached; the one that such a part
    is of."""
    if id.kind == "attachment":
        table = catalog.get(id.parent("table"), Table)
        keys = () if table is None or table.partition_of is None else catalog.members_of(table.partition_of, Constraint)
        yield from (key.id for key in keys if key.type == FOREIGN_KEY)
    elif id.kind == "constraint" and (part := catalog.get(id, Constraint)) is not None and part.clone_of is not None:
        yield part.clone_of


def _with_children(index: ObjectId, catalog: Catalog) -> Iterable[ObjectId]:
    yield index
    for child in catalog.index_children.get(index, ()):
        yield from _with_children(child, catalog)
