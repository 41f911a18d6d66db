"""What casts lose in silence, as PostgreSQL does it: every pair of types, with values that find out."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import psycopg
import pytest

from migplan.core.sql import deparsed, literal, sql
from migplan.kinds.lossy_casts import both_ways, lost_by

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
BITS: Final = {
    "bit(3)": ("101",),
    "bit(6)": ("101101",),
    "bit varying": ("1", "101101101"),
    "bit varying(4)": ("1101",),
}
OTHERS: Final = {
    "boolean": ("t", "f"),
    "uuid": ("0b6d2b6e-7a5c-4b8e-9d0e-1f2a3b4c5d6e",),
    "inet": ("10.1.2.3/8",),
    "cidr": ("10.0.0.0/8",),
    "jsonb": ('{"a": [1, 2, 3]}',),
    "name": ("n" * 60,),
    '"char"': ("c",),
    "character(1)": ("c",),
}
SAMPLES: Final = {**TEXTS, **NUMBERS, **STAMPS, **TIMES, **BITS, **OTHERS}
READ: Final = {
    "numeric(10,2)": ("1.125",),
    "numeric(5,0)": ("1.5",),
    "date": ("2026-01-02 03:04:05",),
    "timestamp(0) without time zone": ("2026-01-02 03:04:05.6",),
    "timestamp(3) with time zone": ("2026-01-02 03:04:05.123456",),
    "time(2) without time zone": ("03:04:05.123456",),
    "interval(1)": ("00:00:01.123456",),
    "bit(3)": ("101101",),
    "bit(6)": ("101",),
    "bit varying(4)": ("101101",),
}
"""Texts of which the type that reads them keeps a part."""
PAIRS: Final = [(one, other) for one, other in product(SAMPLES, SAMPLES) if one != other]
UNTRUSTED: Final = {("double precision", "numeric")}
"""Digits that a float can't be trusted with don't count."""
CODED: Final = {("integer", '"char"'), ("boolean", "name")}
"""Written another way, as a byte of that number and as ``t``: nothing is lost."""


def _loses(db: psycopg.Connection, value: str, old: str, new: str) -> bool:
    """Whether the value is another one after the way there and back; what can't be cast loses nothing."""
    try:
        with db.transaction():
            one, other = both_ways(sql("({}::{})", literal(value), deparsed(old)), old, new)
            row = db.execute(f"SELECT {one} IS DISTINCT FROM {other}".encode()).fetchone()
    except psycopg.Error:
        return False
    return row is not None and bool(row[0])


def _values(old: str, new: str) -> tuple[str, ...]:
    return SAMPLES[old] + (READ.get(new, ()) if old == "text" else ())


def test_every_pair_of_types(make_db: MakeDb) -> None:
    with psycopg.connect(make_db("")) as db:
        db.execute("SET TimeZone = 'UTC'")
        lossy = {(old, new) for old, new in PAIRS if any(_loses(db, v, old, new) for v in _values(old, new))}
    said = {pair for pair in PAIRS if lost_by(*pair) is not None}
    assert lossy - said == UNTRUSTED | CODED
    alike = {pair for group in (TEXTS, NUMBERS, STAMPS, TIMES, BITS) for pair in product(group, group)}
    read = {("text", new) for new in READ}
    assert [pair for pair in said - lossy if pair in alike | read] == []


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("text", "character varying(3)", "cuts texts to 3 characters"),
        ("text[]", "character varying(3)[]", "cuts texts to 3 characters"),
        ("timestamp with time zone", "date", "drops the time of day"),
        ("timestamp with time zone", "time without time zone", "drops the date"),
        ("numeric(10,2)", "numeric(10,1)", "rounds to 1 digit behind the point"),
        ("integer", "character varying(3)", "cuts texts to 3 characters"),
        ("public.mood", "character varying(3)", "cuts texts to 3 characters"),
        ("integer[]", "character varying(3)[]", "cuts texts to 3 characters"),
        ("smallint", "character varying(6)", None),
        ("public.mood", "text", None),
        ("text", "integer", None),
    ],
)
def test_says_what_is_lost(old: str, new: str, lost: str | None) -> None:
    assert lost_by(old, new) == lost
