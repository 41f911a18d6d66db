"""Immutable records: frozen dataclasses that cost next to nothing until they are used.

``dataclasses`` writes and compiles half a dozen methods for each frozen class, some 0.6 ms: a command that imports two
hundred of them spends a tenth of a second on code of which most is never called. Here comparison, hash and repr are
the same functions for all records, and ``__init__`` is compiled by its first call. It fills slots by their own setters,
in a third of the time that ``object.__setattr__`` takes. ``fields``, ``replace`` and ``is_dataclass`` know records as
dataclasses, for that is what they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from functools import cache
from operator import attrgetter
from types import MemberDescriptorType
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")


@overload
def record(cls: type[T], /) -> type[T]: ...
@overload
def record(
    *, slots: bool = True, kw_only: bool = False, order: bool = False, eq: bool = True
) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(
    cls: type[Any] | None = None, /, *, slots: bool = True, kw_only: bool = False, order: bool = False, eq: bool = True
) -> Any:
    """A class decorator like ``dataclass(frozen=True, slots=True)``.

    ``slots=False`` is for classes with cached properties, ``eq=False`` for those whose instances only equal themselves.
    A record's bases with fields are records.
    """

    def made(cls: type[Any]) -> type[Any]:
        given = frozenset(name for name, value in vars(cls).items() if value is not None)
        plain = dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(cls)
        methods = {**_COMMON, **(_REMADE if slots else {}), **(_EQUAL if eq else {}), **(_ORDER if order else {})}
        for name, method in methods.items():
            if name not in given:
                setattr(plain, name, method)
        plain.__init__ = _compiled_when_called(plain)
        return plain

    return made if cls is None else made(cls)


@cache
def maker(model: type[T]) -> Callable[..., T]:
    """A function that makes a record out of the values of all its fields, in their order, and does nothing else."""
    given = _fields(model)
    names = {**_setters(model), "new": object.__new__, "model": model}
    body = ["made = new(model)", *_filling("made", model), "return made"]
    return _compiled("make", [f.name for f in given], body, names)


def values_of(made: object) -> tuple[Any, ...]:
    """The values of all fields of a record, in their order."""
    return tuple(getattr(made, name) for name in _names(made.__class__))


@cache
def is_slotted(model: type[Any]) -> bool:
    """Whether it is a record whose fields are slots, all of them."""
    return "__reduce__" in vars(model) and vars(model)["__reduce__"] is _reduce


@cache
def _names(model: type[Any]) -> tuple[str, ...]:
    return tuple(f.name for f in _fields(model))


def _compiled_when_called(cls: Any) -> Callable[..., None]:
    def __init__(self: object, *values: object, **named: object) -> None:
        cls.__init__ = _init(cls)
        cls.__init__(self, *values, **named)

    return __init__


def _init(cls: type[Any]) -> Callable[..., None]:
    """The ``__init__`` that ``dataclass`` would write."""
    given = [f for f in _fields(cls) if f.init]
    names: dict[str, Any] = {**_setters(cls), "MISSING": MISSING}
    body = list[str]()
    for f in given:
        if f.default is not MISSING:
            names[f"default_{f.name}"] = f.default
        elif f.default_factory is not MISSING:
            names |= {f"default_{f.name}": MISSING, f"make_{f.name}": f.default_factory}
            body.append(f"if {f.name} is MISSING: {f.name} = make_{f.name}()")
    body += _filling("self", cls, [f.name for f in given])
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    taken = {f.name: f"{f.name}=default_{f.name}" if f"default_{f.name}" in names else f.name for f in given}
    named = [taken[f.name] for f in given if f.kw_only]
    parameters = ["self", *(taken[f.name] for f in given if not f.kw_only), *(["*", *named] if named else [])]
    return _compiled("__init__", parameters, body or ["pass"], names)


def _compiled(name: str, parameters: list[str], body: list[str], names: dict[str, Any]) -> Callable[..., Any]:
    """A function of written code, as ``dataclasses`` makes them."""
    lines = "\n".join(f"    {line}" for line in body)
    exec(f"def {name}({', '.join(parameters)}):\n{lines}", names)
    return names[name]


def _filling(what: str, model: type[Any], given: list[str] | None = None) -> list[str]:
    slots = _setters(model)
    chosen = [f.name for f in _fields(model)] if given is None else given
    return [
        f"set_{name}({what}, {name})" if f"set_{name}" in slots else f"{what}.__dict__[{name!r}] = {name}"
        for name in chosen
    ]


def _setters(model: type[Any]) -> dict[str, Any]:
    slots = {f.name: getattr(model, f.name, None) for f in _fields(model)}
    return {f"set_{name}": slot.__set__ for name, slot in slots.items() if isinstance(slot, MemberDescriptorType)}


def _fields(model: Any) -> tuple[Field[Any], ...]:
    return fields(model)


@cache
def _compared(model: type[Any]) -> Callable[[object], Any]:
    """What two records of one class are compared by."""
    names = [f.name for f in _fields(model) if f.compare]
    return attrgetter(*names) if names else lambda _: ()


def _eq(self: object, other: object) -> bool:
    if self.__class__ is not other.__class__:
        return NotImplemented
    values = _compared(self.__class__)
    return values(self) == values(other)


def _hash(self: object) -> int:
    return hash(_compared(self.__class__)(self))


def _lt(self: object, other: object) -> bool:
    if self.__class__ is not other.__class__:
        return NotImplemented
    values = _compared(self.__class__)
    return values(self) < values(other)


def _le(self: object, other: object) -> bool:
    if self.__class__ is not other.__class__:
        return NotImplemented
    values = _compared(self.__class__)
    return values(self) <= values(other)


def shown(self: Any) -> str:
    """The ``__repr__`` of records."""
    values = (f"{f.name}={getattr(self, f.name)!r}" for f in _fields(self.__class__) if f.repr)
    return f"{self.__class__.__qualname__}({', '.join(values)})"


def _reduce(self: object) -> tuple[Any, ...]:
    return _remade, (self.__class__, *values_of(self))


def _remade(model: type[T], *values: object) -> T:
    return maker(model)(*values)


def _set(_self: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(_self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


_COMMON = {"__repr__": shown, "__setattr__": _set, "__delattr__": _delete}
_REMADE = {"__reduce__": _reduce}
"""Slots are pickled as their values; other records as what stands in their ``__dict__``."""
_EQUAL = {"__eq__": _eq, "__hash__": _hash}
_ORDER = {"__lt__": _lt, "__le__": _le}
"""Python asks the other side for > and >=."""
