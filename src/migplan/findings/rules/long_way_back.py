"""Ways back that keep a large table's applications waiting."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.findings.base import Example, Found, Rule, Subject


class LongWayBack(Rule):
    """What the proof saw of the way back: a whole large table read or rewritten in a transaction that locks it."""

    id = "long-way-back"
    severity = "danger"
    of_steps = True
    of_proof = True
    condition = "The way back reads or rewrites a whole large table while readers or writers wait for it."
    effect = "A rollback in an emergency stops the application for as long as that takes."
    advice = "Where nobody can wait, make a plan to the former declaration instead: it leads back as carefully."
    example = Example(
        before="CREATE TABLE t (id int PRIMARY KEY, name varchar(10)); INSERT INTO t VALUES (1, 'a'); ANALYZE;",
        bad="CREATE TABLE t (id int PRIMARY KEY, name varchar(20));",
        good="CREATE TABLE t (id int PRIMARY KEY, name varchar(10), more varchar(20));",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        relations = {".".join(id.path): id for id in subject.before.sizes}
        for held in subject.held_up_back:
            large = subject.large(relations[name] for name in held.tables if name in relations)
            if large:
                does, names = "rewrites" if held.rewrite else "reads", ", ".join(map(str, large))
                yield Found(f"the way back of {held.title} {does} {names} under its lock", held.object, held.step)


RULE = LongWayBack()
