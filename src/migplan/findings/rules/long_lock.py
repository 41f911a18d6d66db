"""Locks that are held for as long as a large table takes to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from migplan.core.steps import LockMode, Step
from migplan.findings.base import Example, Found, Rule, Subject


class LongLock(Rule):
    """Steps that read a large table, or build an index of it, under a lock that an application feels: their own, or
    one that an earlier step of their transaction took."""

    id = "long-lock"
    severity = "danger"
    of_steps = True
    condition = "A whole large table is read, or indexed, in a transaction that makes readers or writers wait."
    effect = "They wait for as long as that takes, and behind them everybody else."
    advice = "Run its file when the table is hardly used, after a try on a copy that tells how long it takes."
    example = Example(
        before="CREATE TABLE t (id int, during int4range); INSERT INTO t VALUES (1, '[1,2)'); ANALYZE;",
        bad="CREATE TABLE t (id int, during int4range, EXCLUDE USING gist (during WITH &&));",
        good="CREATE TABLE t (id int, during int4range); CREATE INDEX ON t USING gist (during);",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        if subject.settings.offline:
            return
        for segment in subject.draft.segments:
            yield from _of_transaction(subject, segment.steps)


def _of_transaction(subject: Subject, steps: Sequence[Step]) -> Iterable[Found]:
    held: list[Step] = []
    for step in steps:
        held += [step] if step.lock > LockMode.SHARE_UPDATE_EXCLUSIVE and not step.new_objects else []
        lasting = step.scan and not step.rewrite and not step.new_objects
        large = subject.large(subject.relations(step)) if held and lasting else []
        if large:
            strongest = max(held, key=lambda s: s.lock)
            names = ", ".join(map(str, large))
            whose = "" if strongest is step else f", which {strongest.title} took"
            yield Found(f"{step.title} reads {names} while {strongest.lock} is held{whose}", step.object, step.id)


RULE = LongLock()
