"""Records are what ``dataclass(frozen=True)`` makes, only sooner."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace
from typing import Any

import pytest

from migplan.core.records import maker, record, values_of


@record
class Given:
    """A record."""

    first: int
    names: tuple[str, ...] = ()
    beside: str = field(default="", compare=False)
    hidden: str = field(default="", repr=False, kw_only=True)
    made: list[int] = field(default_factory=list[int], compare=False)


@dataclass(frozen=True, slots=True)
class Model:
    """The same, made by ``dataclass``."""

    first: int
    names: tuple[str, ...] = ()
    beside: str = field(default="", compare=False)
    hidden: str = field(default="", repr=False, kw_only=True)
    made: list[int] = field(default_factory=list[int], compare=False)


@record(order=True)
class Version:
    """A record with an order."""

    major: int
    minor: int = 0


@record(slots=False)
class Counted:
    """A record that works something out."""

    of: tuple[int, ...]
    sum: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sum", sum(self.of))


@record
class Child(Given):
    """A record whose base is one."""

    last: str = ""

    def __repr__(self) -> str:
        return "a child"


ARGUMENTS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((1,), {}),
    ((1, ("a", "b")), {"hidden": "h"}),
    ((), {"first": 2, "beside": "b", "made": [1]}),
]


@pytest.mark.parametrize(("values", "named"), ARGUMENTS)
def test_a_record_is_like_a_frozen_dataclass(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    mine, theirs = Given(*values, **named), Model(*values, **named)
    assert repr(mine) == repr(theirs).replace("Model", "Given")
    assert values_of(mine) == tuple(getattr(theirs, f.name) for f in fields(theirs))
    assert hash(mine) == hash(theirs)
    assert [(f.name, f.compare, f.kw_only) for f in fields(mine)] == [
        (f.name, f.compare, f.kw_only) for f in fields(theirs)
    ]
    assert values_of(replace(mine, first=9)) == (9, *values_of(mine)[1:])
    assert is_dataclass(mine)
    assert not hasattr(mine, "__dict__")


@pytest.mark.parametrize("arguments", [(), (1, (), "", "too many", "of them")])
def test_wrong_arguments_are_refused_each_time(arguments: tuple[Any, ...]) -> None:
    for _ in range(2):
        with pytest.raises(TypeError, match="argument"):
            Given(*arguments)


def test_equal_by_the_fields_that_are_compared_and_by_class() -> None:
    assert Given(1, beside="x") == Given(1)
    assert Given(1) != Given(2)
    assert Given(1) != Child(1)
    assert Child(1, last="a") != Child(1, last="b")
    assert Given(1).made is not Given(1).made


def test_nothing_is_set_or_deleted() -> None:
    made = Given(1)
    with pytest.raises(FrozenInstanceError):
        made.first = 2  # pyright: ignore[reportAttributeAccessIssue] - that is what is tried
    with pytest.raises(FrozenInstanceError):
        del made.first  # pyright: ignore[reportAttributeAccessIssue] - likewise


def test_order_is_that_of_the_fields() -> None:
    assert sorted([Version(2), Version(1, 5), Version(1)]) == [Version(1), Version(1, 5), Version(2)]
    assert Version(2) > Version(1, 9)
    assert Version(1) >= Version(1)


def test_what_is_worked_out_after_making() -> None:
    assert Counted((1, 2)).sum == 3


def test_a_method_of_its_own_stays() -> None:
    assert repr(Child(1)) == "a child"


@pytest.mark.parametrize("made", [Given(1, ("a",), hidden="h"), Child(2, last="z"), Version(1, 2), Counted((4, 5))])
def test_copies_and_pickles_are_equal(made: object) -> None:
    assert pickle.loads(pickle.dumps(made)) == copy.copy(made) == copy.deepcopy(made) == made


def test_a_maker_takes_all_fields_in_their_order() -> None:
    assert maker(Version)(3, 1) == Version(3, 1)
