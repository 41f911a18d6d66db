"""Privileges that every role gets."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.changes import Alter, Create
from migplan.core.model import PUBLIC, DbObject
from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.registry import kind_of


class GrantToPublic(Rule):
    """Grants to PUBLIC beyond those that PostgreSQL gives by itself (EXECUTE on functions, USAGE on types)."""

    id = "grant-to-public"
    severity = "warning"
    condition = "PUBLIC is granted a privilege that it doesn't have."
    effect = "Every role of the server that can connect has it, those that are yet to come too."
    advice = "Grant it to the roles that need it, or to one that they are members of."
    example = Example(
        before="CREATE TABLE t (id int);",
        bad="CREATE TABLE t (id int); GRANT SELECT ON t TO PUBLIC;",
        good="CREATE TABLE t (id int); GRANT SELECT ON t TO pg_monitor;",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        if not subject.settings.grants:
            return
        for change in subject.draft.changes:
            match change:
                case Alter(old, new, fields) if "grants" in fields:
                    added = _public(new, subject) - _public(old, subject)
                case Create(new):
                    kind = kind_of(new.id)
                    added = _public(new, subject) - {g.privilege for g in kind.default_grants(subject.after.major)}
                case _:
                    continue
            if added:
                yield Found(f"{change.id}: every role is granted {', '.join(sorted(added))}", change.id)


def _public(obj: DbObject, subject: Subject) -> set[str]:
    """What PUBLIC may do with the object."""
    grants = kind_of(obj.id).effective_grants(obj, subject.after.major)
    return {g.privilege for g in grants if g.grantee == PUBLIC}


RULE = GrantToPublic()
