"""Routines that promise more of themselves than before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from migplan.findings.base import Example, Found, Rule, Subject
from migplan.findings.routines import volatility
from migplan.kinds.function import Routine

_ORDER: Final = ("VOLATILE", "STABLE", "IMMUTABLE")


class Volatility(Rule):
    """VOLATILE that becomes STABLE or IMMUTABLE, STABLE that becomes IMMUTABLE."""

    id = "volatility"
    severity = "note"
    condition = "A function is declared less volatile than it was."
    effect = "Queries may call it once instead of for every row, and indexes may hold its results."
    advice = "Make sure that it doesn't write, and if it is to be IMMUTABLE, that it reads no table and no setting."
    example = Example(
        before="CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
        bad="CREATE FUNCTION f() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';",
        good="CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2';",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        for old, new in subject.altered(Routine):
            was, will_be = volatility(old), volatility(new)
            if _ORDER.index(will_be) > _ORDER.index(was):
                yield Found(f"{new.id} was {was} and promises to be {will_be}", new.id)


RULE = Volatility()
