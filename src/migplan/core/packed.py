"""Records by the tens of thousands: tuples whose fields have names.

A schema is read into one for each column, constraint and index, twice, and both sides are compared. As tuples they are
made, compared and unpickled by the interpreter itself, in a third to half of the time that slots take. They are told
apart from tuples all the same: no order, nothing to go through, and equal only to their like. ``fields``, ``replace``
and ``is_dataclass`` know them as dataclasses, for that is what they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, dataclass_transform

from migplan.core.records import shown

T = TypeVar("T")
_NEW: Final[Any] = vars(tuple)["__new__"]
_MOST: Final = 64
"""Fields that a model may have."""

if TYPE_CHECKING:

    class Packed:
        """The base of packed records."""

else:

    class Packed(tuple):
        """The base of packed records."""

        __slots__ = ()
        __iter__ = __contains__ = __lt__ = __le__ = __gt__ = __ge__ = None

        def __reduce__(self) -> tuple[Any, ...]:
            return remade, (self.__class__, self[:])


def remade(model: type[T], values: tuple[Any, ...]) -> T:
    """A packed record out of :func:`packed_values`."""
    return remaker(model)(values)


def remaker(model: type[T]) -> Callable[[tuple[Any, ...]], T]:
    """The same for many of one model, without a call of Python's."""
    return partial(_NEW, model)


def packed_values(made: Packed) -> tuple[Any, ...]:
    """All values of a packed record: those that are compared, then the others."""
    values: Any = made
    return values[:]


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def packed(cls: type[T]) -> type[T]:
    """A class decorator: subclasses of :class:`Packed` with fields as ``dataclass(frozen=True, kw_only=True)`` has
    them. Properties and methods are kept; there is no ``__dict__`` and no ``__post_init__``."""
    described: Any = dataclass(init=False, repr=False, eq=False, kw_only=True)(cls)
    stored = sorted(fields(described), key=lambda f: not f.compare)
    names = [f.name for f in stored]
    assert len(names) <= _MOST, f"{cls} has too many fields"
    kept = {k: v for k, v in vars(cls).items() if k not in ("__dict__", "__weakref__", *names)}
    made: Any = type(cls)(
        cls.__name__,
        cls.__bases__,
        {**_methods(sum(f.compare for f in stored)), **kept, "__slots__": (), **_getters(names)},
    )
    made.__new__ = _compiled_when_called(made, stored)
    return made


def _getters(names: list[str]) -> dict[str, Any]:
    """Attributes by place, which named tuples have in C."""
    return dict(zip(names, _places(), strict=False))


@cache
def _places() -> list[Any]:
    """A getter of each place; the same ones serve all models, for to make them takes longer than all else here."""
    names = [f"f{place}" for place in range(_MOST)]
    fields: Any = [(name, Any) for name in names]
    made = vars(NamedTuple("Places", fields))
    return [made[name] for name in names]


def _methods(compared: int) -> dict[str, Any]:
    """Comparison by the first values, which are those that a record is compared by.

    Both say no themselves to what isn't their like: left to a tuple, they would be tuples.
    """

    def __eq__(self: Any, other: Any) -> bool:
        return self.__class__ is other.__class__ and self[:compared] == other[:compared]

    def __ne__(self: Any, other: Any) -> bool:
        return self.__class__ is not other.__class__ or self[:compared] != other[:compared]

    def __hash__(self: Any) -> int:
        return hash(self[:compared])

    return {"__eq__": __eq__, "__ne__": __ne__, "__hash__": __hash__, "__repr__": shown}


def _compiled_when_called(model: Any, stored: list[Field[Any]]) -> Callable[..., Any]:
    def __new__(cls: Any, /, **named: object) -> Any:
        model.__new__ = _new(stored)
        return model.__new__(cls, **named)

    return __new__


def _new(stored: list[Field[Any]]) -> Callable[..., Any]:
    """``__new__`` as one would write it: keywords with their defaults, into a tuple."""
    given: dict[str, Any] = {"tuple_new": _NEW, "MISSING": MISSING}
    parameters, values = list[str](), list[str]()
    for f in sorted(stored, key=_has_default):
        if f.default_factory is not MISSING:
            given[f"make_{f.name}"] = f.default_factory
        given[f"default_{f.name}"] = f.default
        parameters.append(f"{f.name}=default_{f.name}" if _has_default(f) else f.name)
    for f in stored:
        made = f"make_{f.name}() if {f.name} is MISSING else " if f"make_{f.name}" in given else ""
        values.append(f"{made}{f.name}")
    exec(f"def __new__(cls, /, *, {', '.join(parameters)}):\n    return tuple_new(cls, ({', '.join(values)},))", given)
    return given["__new__"]


def _has_default(f: Field[Any]) -> bool:
    return f.default is not MISSING or f.default_factory is not MISSING
