"""Published tables whose UPDATEs and DELETEs PostgreSQL refuses, because no key tells the rows apart."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.publication import Publication
from migplan.planning.unidentified import stuck


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
        already = {table for table, _ in stuck(subject.before)}
        for table, publication in stuck(subject.after):
            if table not in already:
                message = (
                    f"nothing of {table} that {publication} publishes tells its rows apart: UPDATE and DELETE will fail"
                )
                yield Found(message, table, subject.step_of(table) or subject.step_of(publication))


RULE = ReplicaIdentity()
