"""What a routine's definition says of it before its body."""

from __future__ import annotations

import re
from typing import Final

from migplan.kinds.function import Routine

_BODY: Final = re.compile(r"^(AS |BEGIN ATOMIC|RETURN )", re.M)
_VOLATILITY: Final = re.compile(r"\b(IMMUTABLE|STABLE)\b")


def attributes(routine: Routine) -> str:
    """The lines between the result type and the body: language, volatility, SECURITY DEFINER, SET clauses."""
    head = _BODY.split(routine.definition, maxsplit=1)[0]
    lines = head.splitlines()
    start = next((n for n, line in enumerate(lines) if line.startswith(" LANGUAGE ")), len(lines))
    return "\n".join(lines[start:])


def volatility(routine: Routine) -> str:
    """VOLATILE, STABLE or IMMUTABLE."""
    found = _VOLATILITY.search(attributes(routine))
    return found[1] if found else "VOLATILE"


def body(routine: Routine) -> str:
    """The definition from its body on."""
    found = _BODY.search(routine.definition)
    return routine.definition[found.start() :] if found else ""
