"""Whether the bounds of two partitions have rows in common."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
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


def in_the_way(old: str | None, new: str | None) -> bool:
    """Whether a partition has to be gone before another can come: a default one may hold its rows."""
    return old == "DEFAULT" or overlap(old, new)


def covered(old: str | None, news: Sequence[str | None]) -> bool:
    """Whether every row of a partition surely finds its place in the others, none of which overlap."""
    bounds = [new for new in news if new is not None]
    if old is None:
        return False
    if "DEFAULT" in bounds:
        return True
    ways: tuple[Callable[[str, list[str]], bool], ...] = (_hashes_cover, _ranges_cover, _lists_cover)
    return any(cover(old, bounds) for cover in ways)


def _hashes_cover(old: str, news: list[str]) -> bool:
    """A modulus is a multiple of the next smaller one: each takes its share of the rows, or more than all."""
    a = _HASH.fullmatch(old)
    found = [b for b in map(_HASH.fullmatch, news) if b is not None]
    shares = (Fraction(1, int(b[1])) for b in found if _hashes(old, b[0]))
    return a is not None and sum(shares, Fraction(0)) >= Fraction(1, int(a[1]))


def _ranges_cover(old: str, news: list[str]) -> bool:
    a = _RANGE.fullmatch(old)
    if a is None:
        return False
    reached, end = _items(a[1]), _items(a[2])
    rest = [(_items(b[1]), _items(b[2])) for b in map(_RANGE.fullmatch, news) if b is not None]
    while not _surely_at_most(end, reached):
        further = [r for r in rest if _surely_at_most(r[0], reached) and _surely_at_most(reached, r[1])]
        if not further:
            return False
        rest.remove(further[0])
        reached = further[0][1]
    return True


def _lists_cover(old: str, news: list[str]) -> bool:
    a = _LIST.fullmatch(old)
    found = (item for b in map(_LIST.fullmatch, news) if b is not None for item in _items(b[1]))
    return a is not None and set(_items(a[1])) <= set(found)


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


def _surely_at_most(one: list[str], other: list[str]) -> bool:
    """The same, in doubt whether quoted digits are numbers or text."""
    differing = next(((a, b) for a, b in zip(one, other, strict=True) if a != b), ("", ""))
    quoted = all(item.startswith("'") for item in differing)
    return _at_most(one, other) and (not quoted or differing[0] < differing[1])


def _less(a: str, b: str) -> bool:
    numbers = _NUMBER.fullmatch(a), _NUMBER.fullmatch(b)
    if numbers[0] and numbers[1]:
        return float(numbers[0][1]) < float(numbers[1][1])
    return bool(_TIME.fullmatch(a) and _TIME.fullmatch(b)) and a < b
