"""Packed records are what ``dataclass(frozen=True, kw_only=True)`` makes, in a tuple's room."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import pytest

from migplan.core.packed import Packed, packed, packed_values, remaker


@packed
class Given(Packed):
    """A packed record."""

    first: int
    beside: str = field(default="", compare=False)
    names: tuple[str, ...] = ()
    hidden: str = field(default="", repr=False)
    made: list[int] = field(default_factory=list[int], compare=False)

    @property
    def doubled(self) -> int:
        """Worked out."""
        return 2 * self.first


@packed
class Child(Given):
    """One whose base is one: its compared values come before those of the base that aren't compared."""

    last: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The same, made by ``dataclass``."""

    first: int
    beside: str = field(default="", compare=False)
    names: tuple[str, ...] = ()
    hidden: str = field(default="", repr=False)
    made: list[int] = field(default_factory=list[int], compare=False)


@pytest.mark.parametrize("values", [{"first": 1}, {"first": 2, "beside": "b", "made": [1], "hidden": "h"}])
def test_it_is_like_a_frozen_dataclass(values: dict[str, Any]) -> None:
    mine, theirs = Given(**values), Model(**values)
    assert is_dataclass(mine)
    assert repr(mine) == repr(theirs).replace("Model", "Given")
    assert hash(mine) == hash(theirs)
    assert [getattr(mine, f.name) for f in fields(mine)] == [getattr(theirs, f.name) for f in fields(theirs)]
    assert replace(mine, first=9).first == 9
    assert mine.doubled == 2 * mine.first


def test_only_what_is_compared_makes_a_difference() -> None:
    one = Given(first=1, beside="a")
    assert one == Given(first=1, beside="b")
    assert not one != Given(first=1, beside="b")  # noqa: SIM202 - both operators are ours
    assert one != Given(first=2)
    assert Child(first=1, last="x", beside="a") == Child(first=1, last="x", beside="b")
    assert Child(first=1, last="x") != Child(first=1, last="y")


def test_it_is_no_tuple_to_the_eye() -> None:
    one: Any = Given(first=1)
    assert one != packed_values(one)
    assert one != Child(first=1)
    with pytest.raises(TypeError):
        iter(one)
    with pytest.raises(TypeError):
        sorted([one, Given(first=0)])  # pyright: ignore[reportArgumentType] - that's the point
    with pytest.raises(AttributeError):
        one.first = 2
    with pytest.raises(AttributeError):
        one.other = 2


def test_it_wants_its_fields_by_name() -> None:
    made: Any = Given
    with pytest.raises(TypeError, match="first"):
        made()
    with pytest.raises(TypeError, match="other"):
        made(first=1, other=2)
    with pytest.raises(TypeError, match="positional"):
        made(1)


def test_each_one_gets_a_list_of_its_own() -> None:
    one, other = Given(first=1), Given(first=1)
    one.made.append(1)
    assert other.made == []


def test_it_is_copied_pickled_and_made_of_its_values() -> None:
    one = Child(first=1, beside="b", names=("n",), made=[3], last="l")
    for same in (
        copy.copy(one),
        copy.deepcopy(one),
        pickle.loads(pickle.dumps(one)),
        remaker(Child)(packed_values(one)),
    ):
        assert same.__class__ is Child
        assert packed_values(same) == packed_values(one)
        assert (same.beside, same.made, same.last) == ("b", [3], "l")
