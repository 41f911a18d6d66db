"""SQL text that can only be composed from literal templates, quoted names, literals and deparsed text.

``Sql`` is a plain string to whoever runs it; the type says that nobody pasted a raw name into it. Templates are
``LiteralString``, so pyright strict rejects an f-string.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, LiteralString


class Sql(str):
    """A piece of SQL that was composed by this module."""

    __slots__ = ()


# Every word that PostgreSQL (14 to 18) does not accept as a bare column, table, type and function name.
_KEYWORDS: Final = frozenset(
    """
    all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both
    case cast char character check coalesce collate collation column concurrently constraint create cross
    current_catalog current_date current_role current_schema current_time current_timestamp current_user dec
    decimal default deferrable desc distinct do else end except exists extract false fetch float for foreign
    freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect
    interval into is isnull join json json_array json_arrayagg json_exists json_object json_objectagg
    json_query json_scalar json_serialize json_table json_value lateral leading least left like limit
    localtime localtimestamp merge_action national natural nchar none normalize not notnull null nullif
    numeric offset on only or order out outer overlaps overlay placing position precision primary real
    references returning right row select session_user setof similar smallint some substring symmetric
    system_user table tablesample then time timestamp to trailing treat trim true union unique user using
    values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists
    xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
    """.split()
)
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
_DIGITS: Final = frozenset("0123456789")


def quoted(name: str) -> str:
    """One name as SQL writes it, with double quotes only where they are needed."""
    if name and _PLAIN.issuperset(name) and name[0] not in _DIGITS and name not in _KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def ident(*parts: str) -> Sql:
    """A possibly qualified name: ``ident("public", "User")`` is ``public."User"``."""
    return Sql(".".join(map(quoted, parts)))


def literal(value: str) -> Sql:
    """A string constant, safe under any setting of standard_conforming_strings."""
    escaped = value.replace("'", "''")
    if "\\" in escaped:
        return Sql("E'" + escaped.replace("\\", "\\\\") + "'")
    return Sql("'" + escaped + "'")


def deparsed(text: str) -> Sql:
    """Text that PostgreSQL itself printed (``pg_get_viewdef``, ``format_type``, …), or an SQL expression that the
    user wrote in a directive: the only text that enters SQL as it is."""
    return Sql(text)


def sql(template: LiteralString, *args: Sql | int, **kwargs: Sql | int) -> Sql:
    """``template`` with its ``{}`` fields replaced; ``{{`` and ``}}`` stand for braces."""
    return Sql(template.format(*args, **kwargs))


def join(separator: LiteralString, parts: Iterable[Sql]) -> Sql:
    """The parts with ``separator`` between them."""
    return Sql(separator.join(parts))


EMPTY: Final = Sql("")
