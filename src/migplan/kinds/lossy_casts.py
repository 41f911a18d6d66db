"""What an explicit cast between built-in types loses without an error (measured on 14 and 18).

Casts that fail instead (bigint to integer, out of range) lose nothing: the statement stops. Digits of a float beyond
those that it can be trusted with don't count.
"""

from __future__ import annotations

import re
from typing import Final

from migplan.core.sql import Sql, deparsed, sql
from migplan.core.wording import counted
from migplan.kinds.type_casts import base_type

_TEXTS: Final = frozenset({"character varying", "character", "text", "bpchar", "name", '"char"'})
_BYTES: Final = {"name": 63, '"char"': 1}
"""What a text of a fixed size holds."""
_BITS: Final = frozenset({"bit", "bit varying"})
_FLOATS: Final = frozenset({"real", "double precision"})
_WHOLE: Final = frozenset({"smallint", "integer", "bigint"})
_STAMPS: Final = frozenset({"timestamp without time zone", "timestamp with time zone"})
_TIMES: Final = frozenset({"time without time zone", "time with time zone"})
_PRECISE: Final = _STAMPS | _TIMES | {"interval"}
_DIGITS: Final = {"smallint": 5, "integer": 10, "bigint": 19, "real": 6, "double precision": 15}
"""Decimal digits that a type keeps, or may have."""
_WIDE: Final = {"date": "timestamp without time zone", "bit": "bit varying"}
"""What reads all that a type reads of a text, and keeps it."""
_LONGEST: Final = {"boolean": 5, "smallint": 6, "integer": 11, "bigint": 20, "uuid": 36, "date": 13}
"""The characters of a type's longest text."""
_WHOLLY: Final = "rounds to whole numbers"
_FRACTION: Final = 6
"""Digits of a second that PostgreSQL keeps where a type doesn't say."""


def lost_by(old: str, new: str) -> str | None:
    """What becomes of values that don't fit, as a verb's phrase; None where nothing can be lost in silence.

    Both are built-in types, or types of the schema's own, which are known by their text alone.
    """
    one, other = base_type(old), base_type(new)
    if old.endswith("[]") != new.endswith("[]"):
        return None
    if other in _TEXTS:
        return _cut(one, other, _numbers(old), _numbers(new))
    if other in _BITS:
        return _cut_bits(one, _numbers(old), _numbers(new))
    if one == "integer" and other == "boolean":
        return "keeps no more than whether it is 0"
    if one == "inet" and other == "cidr":
        return "drops the host's bits"
    if one in _TEXTS:
        return _read(other, _numbers(new), new)
    if one in _STAMPS and other == "date":
        return "drops the time of day"
    if one in _STAMPS and other in _TIMES:
        return "drops the date"
    if one == "interval" and other in _TIMES:
        return "drops the days"
    if one in _PRECISE and other in _PRECISE and _fraction(new) < _fraction(old):
        return _to_fraction(new)
    return _rounded(one, other, _numbers(old), _numbers(new))


def both_ways(value: Sql, old: str, new: str) -> tuple[Sql, Sql]:
    """Two expressions that are the same where the new type holds all of the ``value``.

    The old type's own value, there and back; where the one is a text and the other isn't, what the new type makes of it
    beside what it makes of it without a limit.
    """
    one, other = base_type(old), base_type(new)
    if (one in _TEXTS) == (other in _TEXTS):
        return sql("{}::{}::{}", value, deparsed(new), deparsed(old)), value
    wide = deparsed(("text" if other in _TEXTS else _WIDE.get(other, other)) + ("[]" if new.endswith("[]") else ""))
    return sql("{}::{}::{}", value, deparsed(new), wide), sql("{}::{}", value, wide)


def _cut(one: str, other: str, old: list[int], new: list[int]) -> str | None:
    if other in _BYTES:
        if one in _BYTES:
            fits = _BYTES[one] <= _BYTES[other]
        else:
            fits = one == "integer" if other == '"char"' else one in _LONGEST
        return None if fits else f"cuts texts to {counted(_BYTES[other], 'byte')}"
    if not new or other == "text":
        return None
    if one in _TEXTS:
        held = _BYTES.get(one, old[0] if old else None)
        shorter = held is None or new[0] < held
    else:
        shorter = _LONGEST.get(one, new[0] + 1) > new[0]
    return f"cuts texts to {counted(new[0], 'character')}" if shorter else None


def _cut_bits(one: str, old: list[int], new: list[int]) -> str | None:
    if not new:
        return None
    if one in _TEXTS:
        return f"makes {counted(new[0], 'bit')} of any number"
    had = old[0] if one in _BITS and old else {"integer": 32, "bigint": 64}.get(one)
    return None if had is not None and had <= new[0] else f"cuts it to {counted(new[0], 'bit')}"


def _read(other: str, new: list[int], type: str) -> str | None:
    """What a type with a limit makes of a text."""
    if other == "date":
        return "drops the time of day"
    if other == "numeric" and new:
        return _to_scale(_scale(new))
    return _to_fraction(type) if other in _PRECISE and _fraction(type) < _FRACTION else None


def _to_fraction(type: str) -> str:
    digits = _fraction(type)
    return f"rounds to {counted(digits, 'digit')} of a second" if digits else "rounds to whole seconds"


def _to_scale(digits: int) -> str:
    return f"rounds to {counted(digits, 'digit')} behind the point" if digits else _WHOLLY


def _rounded(one: str, other: str, old: list[int], new: list[int]) -> str | None:
    fractional = one in _FLOATS or (one == "numeric" and (not old or _scale(old) > 0))
    if fractional and other in _WHOLE:
        return _WHOLLY
    if other in _FLOATS and _digits(one, old) > _DIGITS[other]:
        return f"rounds to {_DIGITS[other]} digits"
    if other == "numeric" and new and (one in _FLOATS or (one == "numeric" and (not old or _scale(old) > _scale(new)))):
        return _to_scale(_scale(new))
    return None


def _numbers(type: str) -> list[int]:
    return [int(n) for n in re.findall(r"-?\d+", type)]


def _digits(type: str, numbers: list[int]) -> int:
    """The digits that values of a type may have; a numeric without precision has any number."""
    if type == "numeric":
        return numbers[0] if numbers else 1000
    return _DIGITS.get(type, 0)


def _scale(numbers: list[int]) -> int:
    return numbers[1] if len(numbers) > 1 else 0


def _fraction(type: str) -> int:
    numbers = _numbers(type)
    return numbers[0] if numbers else _FRACTION
