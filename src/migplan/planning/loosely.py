"""Whether two printed expressions may be the same one: equal but for parentheses, casts and white space.

Only a suspicion: what is loosely equal is printed once more by the same PostgreSQL before it is called equal.
"""

from __future__ import annotations

import re

from migplan.core.changes import Alter

_CAST = re.compile(
    r'::(?:"[^"]*"|[a-z_][\w]*)(?:\.(?:"[^"]*"|[a-z_]\w*))?'
    r"(?: (?:varying|precision|with(?:out)? time zone))*(?:\(\d+(?:,\d+)?\))?(?:\[\])*"
)
_NOISE = re.compile(r"[\s()]+")


def loosely_equal(change: Alter) -> bool:
    """Whether every differing field of the alteration is text that may mean the same."""
    return all(_same(getattr(change.old, f, None), getattr(change.new, f, None)) for f in change.fields)


def _same(old: object, new: object) -> bool:
    if isinstance(old, str) and isinstance(new, str):
        return without_noise(old) == without_noise(new)
    if type(old) is tuple and type(new) is tuple:
        return len(old) == len(new) and all(_same(a, b) for a, b in zip(old, new, strict=True))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return old == new


def without_noise(text: str) -> str:
    """The text without what PostgreSQL prints now so and now otherwise: casts, parentheses, white space."""
    return _NOISE.sub("", _CAST.sub("", text) if "::" in text else text)
