"""Casts between types as a value's text: directly where PostgreSQL has a cast, by way of text where it has none."""

from __future__ import annotations

import re

from migplan.core.sql import Sql, deparsed, sql


def cast(value: Sql, source: str, target: str) -> Sql:
    """``value`` of one type as the other: a cast, by way of text where PostgreSQL has none."""
    if source == target:
        return value
    if _castable(source, target):
        return sql("{}::{}", value, deparsed(target))
    return cast_by_text(value, source, target)


def cast_by_text(value: Sql, source: str, target: str) -> Sql:
    """``value`` as the type, by way of text: element by element where both are arrays; bytes are those of the text."""
    if BYTES in (source, target) and source != target and not _is_text(source) and not _is_text(target):
        encoded = sql("convert_to({}::text, 'UTF8')", value)
        return encoded if target == BYTES else sql("{}::{}", text_of(value, source, target), deparsed(target))
    text = Sql("text[]" if source.endswith("[]") and target.endswith("[]") else "text")
    return sql("{}::{}::{}", value, text, deparsed(target))


def text_of(value: Sql, source: str, target: str) -> Sql:
    """The text that the target's type reads: of bytes, what they say, since no other type reads PostgreSQL's form."""
    said = source == BYTES and not _is_text(target)
    return sql("convert_from({}, 'UTF8')", value) if said else sql("{}::text", value)


def reads_text(source: str, target: str) -> bool:
    """Whether :func:`cast` has the target's type read the value's text, which not every value may be."""
    if source == target or _is_text(target) or (target == BYTES and not _is_text(source)):
        return False
    return not _castable(source, target) or (base_type(source) in _TEXTUAL and base_type(target) not in _TEXTUAL)


def overflows(value: Sql, source: str, target: str) -> Sql | None:
    """A condition on numbers whose cast ends with an error because the target has no room for them."""
    one, other = base_type(source), base_type(target)
    if one not in _NUMBERS or source.endswith("[]") or target.endswith("[]"):
        return None
    if other in _BITS and _BITS.get(one, 64 + 1) > _BITS[other]:
        limit = 2 ** (_BITS[other] - 1)
        return sql("{} NOT BETWEEN {} AND {}", _rounded(value, one), Sql(str(-limit)), Sql(str(limit - 1)))
    digits = [int(n) for n in re.findall(r"-?\d+", target)]
    if other != "numeric" or not digits:
        return None
    precision, scale = (*digits, 0)[:2]
    number = sql("{}::numeric", value)
    return sql("{} <> 'NaN' AND abs(round({}, {})) >= 10::numeric ^ {}", number, number, scale, precision - scale)


def _is_text(type: str) -> bool:
    return base_type(type) in _TEXTUAL and not type.endswith("[]")


def _rounded(value: Sql, source: str) -> Sql:
    return value if source in _BITS else sql("round({})", value)


def _castable(source: str, target: str) -> bool:
    """Whether a cast of built-in types exists; of user-defined ones nothing is assumed."""
    one, other = base_type(source), base_type(target)
    if source.endswith("[]") != target.endswith("[]"):
        return False
    return one == other or one in _TEXTUAL or other in _TEXTUAL or any(one in g and other in g for g in _CASTABLE)


_CASTABLE = (
    frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"}),
    frozenset({"integer", "boolean"}),
    frozenset({"date", "timestamp without time zone", "timestamp with time zone"}),
    frozenset({"time without time zone", "time with time zone"}),
    frozenset({"timestamp without time zone", "time without time zone"}),
    frozenset({"json", "jsonb"}),
    frozenset({"inet", "cidr"}),
    frozenset({"bit", "bit varying"}),
    frozenset({"bit", "integer"}),
    frozenset({"bit", "bigint"}),
)
"""Groups of types of which each can be cast to each (pg_cast of 14 to 18)."""
BYTES = "bytea"
_BITS = {"smallint": 16, "integer": 32, "bigint": 64}
_NUMBERS = frozenset({*_BITS, "numeric", "real", "double precision"})
_TEXTUAL = frozenset({"text", "character varying", "character", "name", '"char"'})


def base_type(type: str) -> str:
    """A type's text without length, precision and array brackets, as pg_cast's rows print: ``character varying``."""
    return re.sub(r"\([^)]*\)", "", type).removesuffix("[]").replace("  ", " ").strip()
