"""Event triggers; one belongs to the schema of its function."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.packed import packed
from migplan.core.sql import EMPTY, Sql, ident, join, literal, sql
from migplan.core.steps import Part, Statement
from migplan.kinds._firing import ORIGIN, firing_clause
from migplan.kinds.base import PG_EVENT_TRIGGER, Address, Found, Kind, Reading, not_of_extension, simple_part


@packed
class EventTrigger(DbObject):
    """An event trigger: ``event`` (``ddl_command_start``, …), command ``tags`` (none: every command), ``function`` as
    (schema, name), ``enabled`` O, D, R or A."""

    event: str
    function: tuple[str, str]
    tags: tuple[str, ...] = ()
    enabled: str = ORIGIN


class EventTriggerKind(Kind[EventTrigger]):
    """Rows of pg_event_trigger whose function's schema is in scope: they have no schema of their own."""

    name = "event_trigger"
    keyword = "EVENT TRIGGER"
    holds = "pg_event_trigger"
    owned = True

    def query(self, major: int) -> str:
        return f"""
SELECT e.oid, e.evtname::text, e.evtowner, e.evtevent::text, n.nspname::text, p.proname::text, e.evttags,
       e.evtenabled::text
FROM pg_event_trigger e
JOIN pg_proc p ON p.oid = e.evtfoid
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.oid = ANY(%(ns)s::oid[]) AND {not_of_extension(PG_EVENT_TRIGGER, "e.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[EventTrigger]]:
        oid, name, owner, event, schema, function, tags, enabled = row
        trigger = EventTrigger(
            id=ObjectId("event_trigger", (name,)),
            comment=reading.comment(PG_EVENT_TRIGGER, oid),
            owner=reading.roles.get(owner, ""),
            event=event,
            function=(schema, function),
            tags=tuple(tags or ()),
            enabled=enabled,
        )
        yield Address(PG_EVENT_TRIGGER, oid), trigger

    def parts(self, obj: EventTrigger, catalog: Catalog) -> list[Part]:
        create = [Statement(_create(obj))]
        if obj.enabled != ORIGIN:
            create.append(_enable(obj))
        drop = Statement(sql("DROP {}", self.reference(obj)))
        return [simple_part(obj.id, create, [drop], catalog.uses.get(obj.id, ()))]

    def alter(self, old: EventTrigger, new: EventTrigger, before: Catalog, after: Catalog) -> list[Statement] | None:
        fields = changed_fields(old, new) - {"comment", "owner", "grants"}
        return None if fields - {"enabled"} else [_enable(new)]

    def drop_contract(self, obj: EventTrigger) -> str | None:
        """It fires for DDL, which applications don't issue."""
        return None


def _create(trigger: EventTrigger) -> Sql:
    tags = join(", ", map(literal, trigger.tags))
    return sql(
        "CREATE EVENT TRIGGER {} ON {}{} EXECUTE FUNCTION {}()",
        ident(*trigger.id.path),
        ident(trigger.event),
        sql(" WHEN TAG IN ({})", tags) if trigger.tags else EMPTY,
        ident(*trigger.function),
    )


def _enable(trigger: EventTrigger) -> Statement:
    return Statement(sql("ALTER EVENT TRIGGER {} {}", ident(*trigger.id.path), firing_clause(trigger.enabled)))


KINDS = (EventTriggerKind(),)
