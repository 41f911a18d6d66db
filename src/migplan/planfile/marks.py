"""The comments of a plan's SQL files that say where a step begins."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final

from migplan.core.records import record

MARK: Final = "-- migplan:step "
_MARK: Final = re.compile(f"^{re.escape(MARK)}(.*)$", re.M)


@record
class Marks:
    """Where steps begin in a file, as ascending offsets, and what they are called; a file may hold thousands."""

    starts: Sequence[int]
    steps: Sequence[str]

    @classmethod
    def of(cls, text: str) -> Marks:
        """Those of a file's text."""
        found = list(_MARK.finditer(text))
        return cls([m.start() for m in found], [m[1].strip() for m in found])

    def before(self, offset: int) -> str | None:
        """The step that a place belongs to."""
        at = bisect_right(self.starts, offset) - 1
        return self.steps[at] if at >= 0 else None

    def between(self, start: int, end: int) -> Sequence[str]:
        """The steps that begin behind ``start`` and before ``end``."""
        return self.steps[bisect_right(self.starts, start) : bisect_left(self.starts, end)]
