"""What an explicit cast between built-in types loses without an error (measured on 14 and 18).

Casts that fail instead (bigint to integer, out of range) lose nothing: the statement stops. Digits of a float beyond
those that it can be trusted with don't count.
"""

from __future__ import annotations

import re
from typing import Final

from migplan.kinds.type_casts import base_type

_TEXTS: Final = frozenset({"character varying", "character", "text"})
_FLOATS: Final = frozenset({"real", "double precision"})
_WHOLE: Final = frozenset({"smallint", "integer", "bigint"})
_STAMPS: Final = frozenset({"timestamp without time zone", "timestamp with time zone"})
_TIMES: Final = frozenset({"time without time zone", "time with time zone"})
_PRECISE: Final = _STAMPS | _TIMES | {"interval"}
_DIGITS: Final = {"smallint": 5, "integer": 10, "bigint": 19, "real": 6, "double precision": 15}
"""Decimal digits that a type keeps, or may have."""
_FRACTION: Final = 6
"""Digits of a second that PostgreSQL keeps where a type doesn't say."""


def lost_by(old: str, new: str) -> str | None:
    """What becomes of values that don't fit, as a verb's phrase; None where nothing can be lost in silence."""
    one, other = base_type(old), base_type(new)
    if old.endswith("[]") != new.endswith("[]"):
        return None
    if one in _TEXTS and other in _TEXTS:
        return _cut(one, other, _numbers(old), _numbers(new))
    if one in _STAMPS and other == "date":
        return "drops the time of day"
    if one in _STAMPS and other in _TIMES:
        return "drops the date"
    if one == "interval" and other in _TIMES:
        return "drops the days"
    if one in _PRECISE and other in _PRECISE and _fraction(new) < _fraction(old):
        return f"rounds to {_fraction(new)} digits of a second"
    return _rounded(one, other, _numbers(old), _numbers(new))


def _cut(one: str, other: str, old: list[int], new: list[int]) -> str | None:
    if not new or other == "text":
        return None
    shorter = not old or new[0] < old[0] or one == "text"
    return f"cuts texts to {new[0]} characters" if shorter else None


def _rounded(one: str, other: str, old: list[int], new: list[int]) -> str | None:
    fractional = one in _FLOATS or (one == "numeric" and (not old or _scale(old) > 0))
    if fractional and other in _WHOLE:
        return "rounds to whole numbers"
    if other in _FLOATS and _digits(one, old) > _DIGITS[other]:
        return f"rounds to {_DIGITS[other]} digits"
    if other == "numeric" and new and (one in _FLOATS or (one == "numeric" and (not old or _scale(old) > _scale(new)))):
        return f"rounds to {_scale(new)} digits behind the point"
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
