"""What casts lose in silence, as PostgreSQL does it: every pair of types, with values that find out."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import psycopg
import pytest

from migplan.kinds.lossy_casts import lost_by

if TYPE_CHECKING:
    from tests.conftest import MakeDb

TEXTS: Final = dict.fromkeys(("text", "character varying"), ("abc", "abcde", "abcdefgh", "x" * 30)) | {
    "character varying(5)": ("abc", "abcde"),
    "character varying(20)": ("abc", "abcdefgh", "x" * 20),
    "character(3)": ("abc",),
    "character(8)": ("abc", "abcdefgh"),
}
NUMBERS: Final = {
    "smallint": ("1", "32767"),
    "integer": ("1", "16777217", "2147483647"),
    "bigint": ("1", "9007199254740993"),
    "real": ("1", "1.25", "0.333333"),
    "double precision": ("1", "0.3333333333333333"),
    "numeric": ("1", "1.125", "0.123456789", "12345678901234567890.5"),
    "numeric(10,2)": ("1", "1.25", "12345678.99"),
    "numeric(10,4)": ("1", "1.2525", "123456.7891"),
    "numeric(12,2)": ("1", "1.25", "1234567890.99"),
    "numeric(5,0)": ("1", "99999"),
}
STAMPS: Final = dict.fromkeys(
    ("timestamp without time zone", "timestamp with time zone"),
    ("2026-01-02 00:00:00", "2026-01-02 03:04:05", "2026-01-02 03:04:05.123456"),
) | {
    "timestamp(0) without time zone": ("2026-01-02 03:04:05",),
    "timestamp(3) with time zone": ("2026-01-02 03:04:05.123",),
    "date": ("2026-01-02",),
}
TIMES: Final = {
    "time without time zone": ("03:04:05", "03:04:05.123456"),
    "time(2) without time zone": ("03:04:05.12",),
    "interval": ("1 day 00:00:01.123456",),
    "interval(1)": ("1 day 00:00:01.1",),
}
GROUPS: Final = (TEXTS, NUMBERS, STAMPS, TIMES)
PAIRS: Final = [(one, other) for group in GROUPS for one, other in product(group, group) if one != other]


UNTRUSTED: Final = {("double precision", "numeric")}
"""Digits that a float can't be trusted with don't count."""


def _loses(db: psycopg.Connection, value: str, old: str, new: str) -> bool:
    """Whether the value is another one after the way there and back; what can't be cast loses nothing."""
    try:
        with db.transaction():
            query = f"SELECT '{value}'::{old}::{new}::{old} IS DISTINCT FROM '{value}'::{old}"
            row = db.execute(query.encode()).fetchone()
    except psycopg.Error:
        return False
    return row is not None and bool(row[0])


def test_every_pair_of_types(make_db: MakeDb) -> None:
    samples = {type: values for group in GROUPS for type, values in group.items()}
    with psycopg.connect(make_db("")) as db:
        db.execute("SET TimeZone = 'UTC'")
        lossy = {(old, new) for old, new in PAIRS if any(_loses(db, v, old, new) for v in samples[old])}
    assert {pair for pair in PAIRS if lost_by(*pair) is not None} == lossy - UNTRUSTED


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("text", "character varying(3)", "cuts texts to 3 characters"),
        ("text[]", "character varying(3)[]", "cuts texts to 3 characters"),
        ("timestamp with time zone", "date", "drops the time of day"),
        ("timestamp with time zone", "time without time zone", "drops the date"),
        ("numeric(10,2)", "numeric(10,1)", "rounds to 1 digits behind the point"),
        ("public.mood", "text", None),
        ("text", "integer", None),
    ],
)
def test_says_what_is_lost(old: str, new: str, lost: str | None) -> None:
    assert lost_by(old, new) == lost
