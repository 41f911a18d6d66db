"""Whether the bounds of two partitions have rows in common."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

_LOWEST: Final = "MINVALUE"
_HIGHEST: Final = "MAXVALUE"
_LIST: Final = re.compile(r"FOR VALUES IN \((.*)\)", re.S)
_RANGE: Final = re.compile(r"FOR VALUES FROM \((.*)\) TO \((.*)\)", re.S)
_HASH: Final = re.compile(r"FOR VALUES WITH \(modulus (\d+), remainder (\d+)\)", re.I)
_ITEM: Final = re.compile(r"(?:'(?:[^']|'')*'|[^,'])+")
_NUMBER: Final = re.compile(r"'?(-?\d+(?:\.\d+)?)'?")
_TIME: Final = re.compile(r"'\d{4}-\d\d-\d\d([ T][\d:.]+([+-]\d\d(:?\d\d)?)?)?'")


def overlap(one: str | None, other: str | None) -> bool:
    """Whether some row fits both, as far as their text (``FOR VALUES …``) tells; in doubt it does."""
    if one is None or other is None or "DEFAULT" in (one, other):
        return one == other
    compared: tuple[Callable[[str, str], bool | None], ...] = (_hashes, _ranges, _lists)
    found = (compare(one, other) for compare in compared)
    return next((answer for answer in found if answer is not None), True)


def _hashes(one: str, other: str) -> bool | None:
    a, b = _HASH.fullmatch(one), _HASH.fullmatch(other)
    if a is None or b is None:
        return None
    return (int(a[2]) - int(b[2])) % math.gcd(int(a[1]), int(b[1])) == 0


def _ranges(one: str, other: str) -> bool | None:
    a, b = _RANGE.fullmatch(one), _RANGE.fullmatch(other)
    if a is None or b is None:
        return None
    return not (_at_most(_items(a[2]), _items(b[1])) or _at_most(_items(b[2]), _items(a[1])))


def _lists(one: str, other: str) -> bool | None:
    a, b = _LIST.fullmatch(one), _LIST.fullmatch(other)
    if a is None or b is None:
        return None
    return not set(_items(a[1])).isdisjoint(_items(b[1]))


def _items(text: str) -> list[str]:
    return [item.strip() for item in _ITEM.findall(text)]


def _at_most(one: list[str], other: list[str]) -> bool:
    """Whether the first bound surely isn't above the second."""
    for a, b in zip(one, other, strict=True):
        if a != b:
            return a == _LOWEST or b == _HIGHEST or (a != _HIGHEST and b != _LOWEST and _less(a, b))
    return True


def _less(a: str, b: str) -> bool:
    numbers = _NUMBER.fullmatch(a), _NUMBER.fullmatch(b)
    if numbers[0] and numbers[1]:
        return float(numbers[0][1]) < float(numbers[1][1])
    return bool(_TIME.fullmatch(a) and _TIME.fullmatch(b)) and a < b
