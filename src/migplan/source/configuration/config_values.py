"""Values of migplan.toml: how they are written, and what they have to be.

pydantic reads the file, and is imported only then; so its annotations aren't used here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from migplan.core.hours import hours
from migplan.core.records import record
from migplan.source.presets import PRESETS

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler


@record(slots=False)
class Read:
    """How a value is read: what is done ``before`` and ``after`` its type is looked at; raising ``ValueError`` refuses
    it. ``exactly``: nothing else is turned into its type. ``least``: the smallest number there may be."""

    before: Callable[[object], object] | None = None
    after: Callable[[str], str] | None = None
    exactly: bool = False
    least: int | None = None

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> Any:
        from pydantic_core import core_schema

        schema: Any = handler(source)
        if self.exactly:
            schema = {**schema, "strict": True}
        if self.least is not None:
            schema = core_schema.no_info_after_validator_function(self._enough, schema)
        if self.after is not None:
            schema = core_schema.no_info_after_validator_function(self.after, schema)
        return schema if self.before is None else core_schema.no_info_before_validator_function(self.before, schema)

    def _enough(self, value: int) -> int:
        if self.least is not None and value < self.least:
            raise ValueError(f"{value} is too small: the least is {self.least}")
        return value


_UNITS: Final = {"kb": 1024, "mb": 1024**2, "gb": 1024**3, "ms": 1, "s": 1000, "min": 60_000}
_QUANTITY: Final = re.compile(r"\s*(\d+)\s*([a-zA-Z]+)\s*")


def _quantity(value: object) -> object:
    """``"64 MB"`` in bytes, ``"2s"`` in milliseconds; numbers are taken as they are."""
    if not isinstance(value, str):
        return value
    found = _QUANTITY.fullmatch(value)
    if found is None:
        raise ValueError("write a whole number, or one with its unit (kB, MB, GB for bytes; ms, s, min for time)")
    unit = _UNITS.get(found[2].lower())
    if unit is None:
        raise ValueError(f"unknown unit {found[2]!r}; known: kB, MB, GB for bytes, ms, s, min for time")
    return int(found[1]) * unit


def _list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _window(value: str) -> str:
    hours(value)
    return value


def _preset(value: str) -> str:
    if value not in PRESETS:
        raise ValueError(f"unknown preset {value!r}; known: {', '.join(PRESETS)}")
    return value


Level = Literal["off", "note", "warning", "danger"]
Quantity = Annotated[int, Read(before=_quantity, exactly=True, least=1)]
Names = Annotated[tuple[str, ...], Read(before=_list)]
Switch = Annotated[bool, Read(exactly=True)]
Hours = Annotated[tuple[Annotated[str, Read(after=_window)], ...], Read(before=_list)]
Preset = Annotated[str, Read(after=_preset)]
