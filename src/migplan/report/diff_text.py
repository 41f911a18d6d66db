"""``migplan diff``: the differences, and how they would be phased, as text, Markdown, JSON or SQL."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Several
from itertools import groupby

from migplan.core.changes import Alter, Change, Create, Rename
from migplan.core.ids import ObjectId
from migplan.core.settings import Settings
from migplan.core.wording import counted, listed
from migplan.kinds.default import Default
from migplan.kinds.sequence import Sequence
from migplan.planfile.render import describe_lock, render
from migplan.planning.plan import Draft

FORMAT_VERSION = 1


def render_diff(draft: Draft, settings: Settings, format: str) -> str:
    """The whole output, with its last newline. ``format`` is text, markdown, json or sql."""
    if format == "json":
        return _json(draft)
    if not draft.changes and not draft.renames:
        return "-- no difference\n" if format == "sql" else "no difference\n"
    if format == "sql":
        return "\n".join(phase.up for phase in render(draft.segments, settings))
    bullet, heading = ("- ", "### ") if format == "markdown" else ("  ", "")
    return "\n".join(_lines(draft, bullet, heading)) + "\n"


def _lines(draft: Draft, bullet: str, heading: str) -> Iterator[str]:
    told = [f"> {rename.new}, until now {rename.old.name}" for rename in draft.renames]
    told += _told(draft.changes)
    yield f"{heading}{counted(len(told), 'difference')}"
    yield from (bullet + line for line in told)
    for (window, phase), members in groupby(draft.segments, key=lambda s: (s.window, s.phase)):
        yield ""
        yield f"{heading}window {window}, {phase}"
        for segment in members:
            for step in segment.steps:
                if step.up:
                    yield f"{bullet}{step.title} ({describe_lock(step)})"
    for reason in draft.blocked:
        yield f"{heading}blocked: {reason}"


def _told(changes: Several[Change]) -> Iterator[str]:
    """A line a change; what comes or goes with its table or column is told in its line."""
    by_id = {change.id: change for change in changes}
    parts: dict[ObjectId, list[str]] = {}
    for change in changes:
        whole = _whole(change, by_id)
        if whole is not None:
            parts.setdefault(whole, []).append(change.id.kind.replace("_", " "))
    for change in changes:
        if _whole(change, by_id) is None:
            kinds = Counter(parts.get(change.id, ()))
            inside = listed([counted(number, kind) for kind, number in kinds.items()], len(kinds))
            yield describe(change) + (f" with {inside}" if inside else "")


def _whole(change: Change, by_id: Mapping[ObjectId, Change]) -> ObjectId | None:
    """The table, or else the column, that comes or goes with the object as a part of it."""
    if isinstance(change, Alter):
        return None
    obj = change.new if isinstance(change, Create) else change.old
    column = obj.owned_by if isinstance(obj, Sequence) else None
    column = ObjectId("column", obj.id.path) if isinstance(obj, Default) else column
    table = obj.table or (None if column is None else ObjectId("table", column.path[:2]))
    found = (id for id in (table, column) if id is not None)
    return next((id for id in found if type(by_id.get(id)) is type(change)), None)


def describe(change: Change) -> str:
    """``+ table public.t``, ``- view public.v``, ``~ column public.t.c: type``."""
    match change:
        case Create(new):
            return f"+ {new.id}"
        case Alter(_, new, fields):
            return f"~ {new.id}: {', '.join(sorted(fields))}"
        case _:
            return f"- {change.id}"


def _json(draft: Draft) -> str:
    document = {
        "format_version": FORMAT_VERSION,
        "changes": [*map(_renamed, draft.renames), *map(_change, draft.changes)],
        "steps": [
            {"id": step.id, "title": step.title, "window": s.window, "phase": str(s.phase), "lock": str(step.lock)}
            for s in draft.segments
            for step in s.steps
        ],
        "blocked": list(draft.blocked),
    }
    return json.dumps(document, indent=2) + "\n"


def _renamed(rename: Rename) -> dict[str, str | Several[str]]:
    return {"change": "rename", "object": str(rename.new), "renamed_from": rename.old.name}


def _change(change: Change) -> dict[str, str | Several[str]]:
    match change:
        case Create():
            return {"change": "create", "object": str(change.id)}
        case Alter(_, _, fields):
            return {"change": "alter", "object": str(change.id), "fields": sorted(fields)}
        case _:
            return {"change": "drop", "object": str(change.id)}
