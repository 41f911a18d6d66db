"""Triggers that are declared and don't fire."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.trigger import Trigger

_SILENT: Final = {"D": "never fires", "R": "fires for replicated changes only"}


class TriggerDisabled(Rule):
    """Triggers that come disabled, or become so."""

    id = "trigger-disabled"
    severity = "warning"
    condition = "A trigger is added as, or becomes, one that doesn't fire for an application's statements."
    effect = "What it keeps true isn't kept true any more, and nothing says so."
    advice = "Drop it from the declaration if nobody needs it, or enable it."
    example = Example(
        before=(
            "CREATE TABLE t (id int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            " CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();"
        ),
        bad=(
            "CREATE TABLE t (id int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            " CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE t DISABLE TRIGGER g;"
        ),
        good=(
            "CREATE TABLE t (id int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            " CREATE TRIGGER g BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();"
        ),
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        for old, new in subject.new_versions(Trigger):
            if new.enabled in _SILENT and (old is None or old.enabled != new.enabled):
                yield Found(f"{new.id} {_SILENT[new.enabled]}", new.id)


RULE = TriggerDisabled()
