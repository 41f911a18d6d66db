"""A function's arguments as written are matched with those that PostgreSQL prints."""

from __future__ import annotations

import pytest

from migplan.source.text.signatures import same_arguments


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("", ""),
        ("a int", "integer"),
        ("int, text", "integer, text"),
        ("a int DEFAULT (1 + 2), b varchar(10) = 'x,y'", "integer, character varying"),
        ("IN a timestamptz, OUT b int, INOUT c float8", "timestamp with time zone, double precision"),
        ("VARIADIC a numeric(10, 2)[]", "VARIADIC numeric[]"),
        ('a app."T"[], b double precision', 'app."T"[], double precision'),
        ("a status", "public.status"),
    ],
)
def test_same(written: str, printed: str) -> None:
    assert same_arguments(written, printed)


@pytest.mark.parametrize(
    ("written", "printed"), [("a int", "bigint"), ("a int", ""), ("a int", "integer, integer"), ("a text[]", "text")]
)
def test_different(written: str, printed: str) -> None:
    assert not same_arguments(written, printed)
