"""``migplan diff``: the differences, and how they would be phased, as text, Markdown, JSON or SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from migplan.core.changes import Alter, Change, Create, Rename
from migplan.core.settings import Settings
from migplan.planfile.render import describe_lock, render
from migplan.planning.plan import Draft
from migplan.report.wording import counted

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
    yield f"{heading}{counted(len(draft.renames) + len(draft.changes), 'difference')}"
    for rename in draft.renames:
        yield f"{bullet}> {rename.new}, until now {rename.old.name}"
    for change in draft.changes:
        yield bullet + describe(change)
    for (window, phase), members in groupby(draft.segments, key=lambda s: (s.window, s.phase)):
        yield ""
        yield f"{heading}window {window}, {phase}"
        for segment in members:
            for step in segment.steps:
                if step.up:
                    yield f"{bullet}{step.title} ({describe_lock(step)})"
    for reason in draft.blocked:
        yield f"{heading}blocked: {reason}"


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


def _renamed(rename: Rename) -> dict[str, str | Sequence[str]]:
    return {"change": "rename", "object": str(rename.new), "renamed_from": rename.old.name}


def _change(change: Change) -> dict[str, str | Sequence[str]]:
    match change:
        case Create():
            return {"change": "create", "object": str(change.id)}
        case Alter(_, _, fields):
            return {"change": "alter", "object": str(change.id), "fields": sorted(fields)}
        case _:
            return {"change": "drop", "object": str(change.id)}
