"""Tables whose rows are all written anew while nobody reads or writes them."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.findings.base import Example, Found, Rule, Subject


class Rewrite(Rule):
    """Steps that promise a rewrite of a table with rows."""

    id = "rewrite"
    severity = "danger"
    of_steps = True
    condition = "A step writes every row of an existing table anew under its lock; a note where the table is small."
    effect = "Readers and writers wait until heap and indexes are written, and as much WAL goes to every replica."
    advice = "Run its file when the table is hardly used, after a try on a copy that tells how long it takes."
    example = Example(
        before="CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2); ANALYZE;",
        bad=(
            "CREATE TABLE t (id int PRIMARY KEY, a int,\n"
            '  b int GENERATED ALWAYS AS (a + 1) STORED -- migplan: allow rewrite "at night"\n);'
        ),
        good="CREATE TABLE t (id int PRIMARY KEY, a int, b int);",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        if subject.settings.offline:
            return
        for step in subject.draft.steps:
            relations = subject.relations(step) if step.rewrite and not step.new_objects else []
            if relations:
                names = ", ".join(map(str, relations))
                small = not subject.large(relations)
                what = f"{step.title} rewrites {names} while {step.lock} is held{': small' if small else ''}"
                yield Found(what, step.object, step.id, "note" if small else None)


RULE = Rewrite()
