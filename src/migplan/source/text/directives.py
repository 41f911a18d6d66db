"""Reading ``-- migplan: …`` comments and binding them to what they speak of.

A directive on a line of its own speaks of the statement that follows, and inside CREATE TABLE of the column on the
next line; behind code it speaks of that code: the column on its line, or the statement that ends there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from migplan.core.directives import PHASED, Directive, Directives, assignment
from migplan.core.errors import DirectiveError
from migplan.core.ids import CALLABLE, ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.kinds.column import Column
from migplan.source.text.files import SourceText
from migplan.source.text.psqlfile import Loadable, PsqlFile
from migplan.source.text.signatures import same_arguments
from migplan.source.text.split import Comment, SourceStatement
from migplan.source.text.table_elements import Element, elements_of
from migplan.source.text.targets import target_of

_MARK: Final = re.compile(r"--\s*migplan:\s*(?P<name>\S*)[ \t]*(?P<argument>.*?)\s*$|/\*\s*migplan:", re.S)
_NAME: Final = re.compile(r'(?:"(?:[^"]|"")+"|[^\s".;,()]+)(?:\.(?:"(?:[^"]|"")+"|[^\s".;,()]+))*')
_MOVE: Final = re.compile(r"\S+\.\S+\s+using\s+\S+\s*=\s*\S+(?:\s*,\s*\S+\s*=\s*\S+)*(?:\s+upsert)?", re.I)
_ALLOW: Final = re.compile(r'[a-z][a-z0-9-]*\s+"[^"]+"')


def _anything(argument: str) -> bool:
    return bool(argument)


def _nothing(argument: str) -> bool:
    return not argument


def _value_pairs(argument: str) -> bool:
    return all(len(pair.split("=>")) == 2 and all(p.strip() for p in pair.split("=>")) for pair in argument.split(","))


@record
class _Form:
    """How a directive's argument must look, and beside which kinds it may stand; ``shape`` is what the error shows."""

    shape: str
    accepts: Callable[[str], object]
    beside: frozenset[str] | None = None


_COLUMN: Final = frozenset({"column"})
_TABLE: Final = frozenset({"table"})
_ENUM: Final = frozenset({"enum"})

_FORMS: Final[dict[str, _Form]] = {
    "renamed-from": _Form("renamed-from NAME", _NAME.fullmatch),
    "moved-from": _Form("moved-from TABLE.COLUMN using KEY = OTHER, … [upsert]", _MOVE.fullmatch, _COLUMN),
    "backfill": _Form("backfill EXPRESSION", _anything, _COLUMN),
    "using": _Form("using EXPRESSION", _anything, _COLUMN),
    "reverse": _Form("reverse EXPRESSION", _anything, _COLUMN | _TABLE),
    "values": _Form("values OLD => NEW, …", _value_pairs, _ENUM),
    "rename-value": _Form("rename-value OLD => NEW, …", _value_pairs, _ENUM),
    "allow": _Form('allow FINDING "why"', _ALLOW.fullmatch),
    "backup": _Form("backup table", {"table"}.__contains__, _TABLE),
    "bake": _Form("bake", _nothing, _COLUMN | _TABLE),
    "keep-old": _Form("keep-old", _nothing, _COLUMN | _TABLE),
    "phase": _Form("phase expand|contract", {"expand", "contract"}.__contains__, _COLUMN | PHASED),
    "column-order": _Form("column-order", _nothing, _TABLE),
    "existing-rows": _Form("existing-rows", _nothing, _TABLE),
    "reference-data": _Form("reference-data", _nothing),
}
_OF_FILES: Final = frozenset({"reference-data"})


def read_directives(files: Iterable[PsqlFile]) -> Directives:
    """Every directive of the files, bound to objects by name.

    Raises ``DirectiveError`` with its place for an unknown or malformed directive, and for one that no statement or
    column stands beside.
    """
    return Directives.of(directive for file in files for directive in _of_file(file))


def check_targets(directives: Directives, catalog: Catalog) -> Directives:
    """The directives with their targets as the declared catalog knows them.

    A statement says TYPE where the catalog has an enum, and gives a function's arguments with names and aliases.
    Raises ``DirectiveError`` for a directive whose object the declaration doesn't hold, that may mean several, or that
    says nothing of such an object.
    """
    items = (d for d in directives.items if not (d.name == "renamed-from" and _is_not_null(d.target, catalog)))
    return Directives.of(_fitting(_resolved(directive, catalog)) for directive in items)


def _is_not_null(target: ObjectId | None, catalog: Catalog) -> bool:
    """Whether it is a NOT NULL, which is its column's and gets its declared name without being told the old one."""
    if target is None or target.kind != "constraint" or target in catalog:
        return False
    columns = catalog.members_of(target.parent("table"), Column)
    return any(c.not_null is not None and c.not_null.given == target.path[-1] for c in columns)


def _of_file(file: PsqlFile) -> Iterator[Directive]:
    if "migplan:" not in file.split.source.text:
        return
    by_statement = {id(loadable.statement): loadable for loadable in file.loadables}
    statements = file.split.statements
    for position, statement in enumerate(statements):
        for comment in statement.comments:
            before = statements[position - 1] if position else None
            yield from _bound(file.split.source, comment, statement, before, by_statement)
    for comment in file.split.trailing:
        last = statements[-1] if statements else None
        yield from _bound(file.split.source, comment, None, last, by_statement)


def _bound(
    source: SourceText,
    comment: Comment,
    statement: SourceStatement | None,
    before: SourceStatement | None,
    loadables: dict[int, Loadable],
) -> Iterator[Directive]:
    if (parsed := _parse(comment, source)) is None:
        return
    name, argument, place = parsed
    if name in _OF_FILES:
        yield Directive(name, argument, None, place)
        return
    inside = statement is not None and statement.start < comment.offset
    owner = before if before is not None and not inside and _same_line(source, before, comment) else statement
    loadable = loadables.get(id(owner)) if owner is not None else None
    target = _target(loadable, comment) if loadable is not None else None
    if target is None:
        raise DirectiveError(
            f"the directive {name} stands beside nothing that it could speak of",
            place=place,
            hint="Put it before a CREATE or ALTER statement, or at the end of a column's or named constraint's line.",
        )
    if name == "reverse" and target.kind == "table" and assignment(argument) is None:
        raise DirectiveError(
            f"the directive reverse beside {target} doesn't say which dropped column it tells",
            place=place,
            hint="Write -- migplan: reverse NAME = EXPRESSION",
        )
    yield Directive(name, argument, target, place)


def _parse(comment: Comment, source: SourceText) -> tuple[str, str, str] | None:
    found = _MARK.match(comment.text)
    if found is None:
        return None
    place = source.place(comment.offset)
    if found["name"] is None:
        raise DirectiveError("directives are line comments", place=place, hint="Write -- migplan: NAME …")
    form = _FORMS.get(found["name"])
    if form is None:
        raise DirectiveError(
            f"unknown directive {found['name']!r}", place=place, hint=f"Known directives: {', '.join(_FORMS)}."
        )
    if not form.accepts(found["argument"]):
        raise DirectiveError(
            f"malformed directive {found['name']} {found['argument']}".rstrip(),
            place=place,
            hint=f"Write -- migplan: {form.shape}",
        )
    return found["name"], found["argument"], place


def _same_line(source: SourceText, statement: SourceStatement, comment: Comment) -> bool:
    """Whether the comment trails the statement's last line."""
    return comment.offset >= statement.end and "\n" not in source.text[statement.end : comment.offset]


def _target(loadable: Loadable, comment: Comment) -> ObjectId | None:
    statement = loadable.statement
    target = target_of(statement.tokens, loadable.session.schema)
    if target is None:
        return None
    if not statement.start <= comment.offset < statement.end:
        single = list(elements_of(statement, target)) if target.verb == "ALTER" else []
        return single[0].id if len(single) == 1 else target.id
    return _inside(statement, comment, target.id, list(elements_of(statement, target)))


def _inside(statement: SourceStatement, comment: Comment, whole: ObjectId, elements: list[Element]) -> ObjectId | None:
    """The column or constraint on the comment's line; on a line of its own, the one that begins next.

    Behind ``CREATE TABLE name (`` it is the table.
    """
    text, offset = statement.text, comment.offset - statement.start
    line_start = text.rfind("\n", 0, offset) + 1
    if not text[line_start:offset].strip():
        return next((e.id for e in elements if e.start > offset), None)
    same = [e for e in elements if e.start < offset and e.end > line_start]
    if same:
        return same[-1].id
    return whole if all(e.start > offset for e in elements) else None


def _resolved(directive: Directive, catalog: Catalog) -> Directive:
    if directive.target is None or directive.target in catalog:
        return directive
    candidates = _candidates(directive.target, catalog)
    if len(candidates) == 1:
        return replace(directive, target=candidates[0])
    if candidates:
        names = ", ".join(sorted(map(str, candidates)))
        raise DirectiveError(f"the directive {directive.name} may speak of any of {names}", place=directive.place)
    raise DirectiveError(
        f"the directive {directive.name} speaks of {directive.target}, which the declaration doesn't hold",
        place=directive.place,
        hint="A later DROP or ALTER in the declared files may have removed or renamed it.",
    )


def _fitting(directive: Directive) -> Directive:
    kinds = _FORMS[directive.name].beside
    if directive.target is None or kinds is None or directive.target.kind in kinds:
        return directive
    raise DirectiveError(
        f"the directive {directive.name} says nothing of {directive.target}",
        place=directive.place,
        hint=f"It may stand beside: {', '.join(sorted(kind.replace('_', ' ') for kind in kinds))}.",
    )


def _candidates(target: ObjectId, catalog: Catalog) -> list[ObjectId]:
    """Objects of any kind with the statement's name; routines by their arguments where they are several."""
    path = target.path[:-1] if target.kind in CALLABLE else target.path
    found = [
        id
        for id in catalog.objects
        if (id.path[:-1] if id.kind in CALLABLE else id.path) == path and _alike(target.kind, id.kind)
    ]
    if target.kind not in CALLABLE or len(found) < 2:
        return found
    return [id for id in found if same_arguments(target.path[-1], id.path[-1])]


_SAME_NAMES: Final = (
    {"type", "enum", "domain", "range", "composite_type", "base_type"},
    set(CALLABLE),
    {"table", "foreign_table", "view", "materialized_view", "sequence"},
)


def _alike(written: str, kind: str) -> bool:
    return written == kind or any(written in kinds and kind in kinds for kinds in _SAME_NAMES)
