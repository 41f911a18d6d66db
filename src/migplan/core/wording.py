"""Small pieces of English: counted nouns, lists, sizes, versions."""

from __future__ import annotations

from collections.abc import Sequence

_PLURALS = {
    "boundary": "boundaries",
    "class": "classes",
    "family": "families",
    "index": "indexes",
    "policy": "policies",
}


def plural(noun: str) -> str:
    """``foreign table`` as ``foreign tables``; the last word counts."""
    *rest, last = noun.split(" ")
    unchanged = last in ("statistics", "grants", "values")
    return " ".join([*rest, last if unchanged else _PLURALS.get(last, last + "s")])


def counted(number: int, noun: str) -> str:
    """``1 index``, ``14 indexes``, ``no index``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {plural(noun)}" if number else f"no {noun}"


def listed(items: Sequence[str], limit: int = 3) -> str:
    """``a, b and c``; beyond ``limit``, ``a, b and 5 more``."""
    shown = list(items) if len(items) <= limit else [*items[: limit - 1], f"{len(items) - limit + 1} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    stripped = text.strip()
    if not stripped:
        return ""
    return stripped[0].upper() + stripped[1:] + ("" if stripped[-1] in ".!?:" else ".")


def bytes_of(size: int) -> str:
    """``335 MB``; ``0`` as ``no data``."""
    if size <= 0:
        return "no data"
    amount, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.0f} {unit}" if amount >= 10 or unit == "B" else f"{amount:.1f} {unit}"


def rows_of(rows: int) -> str:
    """``about 3,000,000 rows``; -1 is what PostgreSQL says of a table that was never analysed."""
    return "an unknown number of rows" if rows < 0 else f"about {rows:,} {'row' if rows == 1 else 'rows'}"


def server_of(version: int) -> str:
    """``180004`` as ``PostgreSQL 18.4``."""
    return f"PostgreSQL {version // 10000}.{version % 10000}"
