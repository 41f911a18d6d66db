"""Which type changes PostgreSQL makes without rewriting the table (measured on 14 to 18)."""

from __future__ import annotations

import re

from migplan.kinds.type_casts import base_type

_VARCHAR, _TEXT = "character varying", "text"


def keeps_rows(old: str, new: str) -> bool:
    """Whether ALTER COLUMN … TYPE leaves the rows as they are: varchar wider or text, numeric wider, cidr to inet.

    Arrays of them are rewritten.
    """
    if old == new or "[]" in old + new:
        return old == new
    one, other = base_type(old), base_type(new)
    if one in (_VARCHAR, _TEXT) and other in (_VARCHAR, _TEXT):
        return _is_wider(_numbers(old), _numbers(new))
    if one == other == "numeric":
        return _numeric_wider(_numbers(old), _numbers(new))
    return (one, other) == ("cidr", "inet")


def _numbers(type: str) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", type)]


def _is_wider(old: list[int], new: list[int]) -> bool:
    return not new or (bool(old) and new[0] >= old[0])


def _numeric_wider(old: list[int], new: list[int]) -> bool:
    if not new:
        return True
    return bool(old) and new[0] >= old[0] and new[1:] == old[1:]
