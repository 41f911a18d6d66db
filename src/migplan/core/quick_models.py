"""Frozen dataclasses with slots of which tens of thousands are made at once.

What ``dataclasses`` writes goes by way of ``object.__setattr__``; a slot's own setter takes a third of the time. Both
functions here write code, as ``dataclasses`` itself does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


def quickly_made(model: type[T]) -> type[T]:
    """The class with an ``__init__`` that fills its slots directly; signature and defaults stay as they are."""
    given = _fields(model)
    names = _setters(model) | {f"default_{f.name}": f.default for f in given if f.default is not MISSING}
    taken = {f.name: f"{f.name}=default_{f.name}" if f.default is not MISSING else f.name for f in given}
    named = [taken[f.name] for f in given if f.kw_only]
    signature = ["self", *(taken[f.name] for f in given if not f.kw_only), *(["*", *named] if named else [])]
    exec(f"def __init__({', '.join(signature)}):\n{_filling('self', given)}", names)
    model.__init__ = names["__init__"]
    return model


@cache
def maker(model: type[T]) -> Callable[..., T]:
    """A function that makes one of the values of all its fields, in their order."""
    given = _fields(model)
    names: dict[str, Any] = {**_setters(model), "new": object.__new__, "model": model}
    body = f"    made = new(model)\n{_filling('made', given)}\n    return made"
    exec(f"def make({', '.join(f.name for f in given)}):\n{body}", names)
    return names["make"]


def _fields(model: Any) -> tuple[Field[Any], ...]:
    return fields(model)


def _setters(model: type[Any]) -> dict[str, Any]:
    return {f"set_{f.name}": getattr(model, f.name).__set__ for f in _fields(model)}


def _filling(what: str, given: tuple[Field[Any], ...]) -> str:
    return "\n".join(f"    set_{f.name}({what}, {f.name})" for f in given)
