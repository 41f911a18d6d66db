"""Published tables whose UPDATEs and DELETEs PostgreSQL refuses, because no key tells the rows apart."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.constraint import PRIMARY_KEY, Constraint
from migplan.kinds.publication import Publication
from migplan.kinds.table import Table


class ReplicaIdentity(Rule):
    """Tables that come to be published without an identity, or lose it while they are."""

    id = "replica-identity"
    severity = "danger"
    condition = "A publication of UPDATEs or DELETEs holds a table without primary key and other replica identity."
    effect = "Every UPDATE or DELETE of the table fails from that moment on."
    advice = "Declare a primary key, or ALTER TABLE … REPLICA IDENTITY USING INDEX (or FULL)."
    example = Example(
        before="CREATE TABLE t (id int NOT NULL);",
        bad="CREATE TABLE t (id int NOT NULL); CREATE PUBLICATION p FOR TABLE t;",
        good=(
            "CREATE TABLE t (id int NOT NULL); ALTER TABLE t REPLICA IDENTITY FULL; CREATE PUBLICATION p FOR TABLE t;"
        ),
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        if not any(True for _ in subject.after.of(Publication)):
            return
        already = {table for table, _ in _stuck(subject.before)}
        for table, publication in _stuck(subject.after):
            if table not in already:
                message = (
                    f"{table} has nothing that tells its rows apart for {publication}: UPDATE and DELETE will fail"
                )
                yield Found(message, table, subject.step_of(table) or subject.step_of(publication))


def _stuck(catalog: Catalog) -> Iterable[tuple[ObjectId, ObjectId]]:
    """Tables that can't be updated, with the publication that is to blame."""
    publications = [p for p in catalog.of(Publication) if {"update", "delete"} & set(p.operations)]
    if not publications:
        return
    for table in catalog.of(Table):
        if table.partition_key is not None or table.unlogged or _identified(table, catalog):
            continue
        holder = next((p for p in publications if _holds(p, table, catalog)), None)
        if holder is not None:
            yield table.id, holder.id


def _identified(table: Table, catalog: Catalog) -> bool:
    if table.replica_identity == "d":
        return any(c.type == PRIMARY_KEY for c in catalog.members_of(table.id, Constraint))
    return table.replica_identity != "n"


def _holds(publication: Publication, table: Table, catalog: Catalog) -> bool:
    if publication.all_tables:
        return True
    listed = {p.table for p in publication.tables}
    current: Table | None = table
    while current is not None:
        if current.id in listed or current.id.path[0] in publication.schemas:
            return True
        parent = current.partition_of
        current = None if parent is None else catalog.get(parent, Table)
    return False


RULE = ReplicaIdentity()
