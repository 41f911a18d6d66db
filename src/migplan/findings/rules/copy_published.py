"""Copies of tables, and the logs beside them, that a publication of all tables publishes too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.publication import Publication

_TABLE: Final = "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL{});"
_ROW: Final = " INSERT INTO t VALUES (1, 1);"
_ALL: Final = " CREATE PUBLICATION p FOR ALL TABLES;"


class CopyPublished(Rule):
    """Subscribers are sent the rows of tables that they don't have, and stop there."""

    id = "copy-published"
    severity = "danger"
    of_steps = True
    condition = "A table is built a second time beside itself while a publication is FOR ALL TABLES."
    effect = (
        "The copy, its log and each of their changes are published under names that no subscriber knows: its apply "
        "worker stops with an error, and the server keeps WAL until it goes on."
    )
    advice = (
        "Let the publication list its tables or schemas meanwhile (a copy stands in a schema of its own), or create "
        "the tables of the schemas ~…~new and ~…~old on every subscriber before the plan runs."
    )
    example = Example(
        before=_TABLE.format("") + _ROW + _ALL,
        bad=_TABLE.format(", EXCLUDE USING btree (a WITH =)") + _ALL,
        good=_TABLE.format(", UNIQUE (a)") + _ALL,
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        all_tables = sorted(
            {p.id for side in (subject.before, subject.after) for p in side.of(Publication) if p.all_tables}
        )
        if not all_tables:
            return
        for step in subject.draft.steps:
            if step.batches is not None and step.batches.key:
                yield Found(
                    f"{all_tables[0]} publishes the copy of {step.object} and its log, too", step.object, step.id
                )


RULE = CopyPublished()
