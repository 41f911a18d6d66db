"""Which bounds of partitions have rows in common."""

from __future__ import annotations

import pytest

from migplan.kinds.bounds import covered, overlap

APART = (
    ("FOR VALUES FROM (1) TO (10)", "FOR VALUES FROM (10) TO (20)"),
    ("FOR VALUES FROM (9) TO (10)", "FOR VALUES FROM (100) TO (MAXVALUE)"),
    ("FOR VALUES FROM (MINVALUE) TO ('-5')", "FOR VALUES FROM ('-5') TO ('3')"),
    ("FOR VALUES FROM ('2024-01-01') TO ('2024-02-01')", "FOR VALUES FROM ('2024-03-01') TO ('2024-04-01')"),
    ("FOR VALUES FROM (1, 'x') TO (2, 'x')", "FOR VALUES FROM (2, 'x') TO (3, MINVALUE)"),
    ("FOR VALUES IN ('a', 'b, c')", "FOR VALUES IN ('b', 'c', NULL)"),
    ("FOR VALUES WITH (modulus 4, remainder 1)", "FOR VALUES WITH (modulus 2, remainder 0)"),
    ("DEFAULT", "FOR VALUES IN ('a')"),
)
TOGETHER = (
    ("FOR VALUES FROM (9) TO (11)", "FOR VALUES FROM (10) TO (100)"),
    ("FOR VALUES FROM ('b') TO ('c')", "FOR VALUES FROM ('x') TO ('y')"),
    ("FOR VALUES FROM (1, 1) TO (1, 9)", "FOR VALUES FROM (1, 5) TO (2, 1)"),
    ("FOR VALUES IN ('it''s', NULL)", "FOR VALUES IN (NULL)"),
    ("FOR VALUES WITH (modulus 4, remainder 1)", "FOR VALUES WITH (modulus 2, remainder 1)"),
    ("DEFAULT", "DEFAULT"),
)


@pytest.mark.parametrize(("one", "other"), APART)
def test_apart(one: str, other: str) -> None:
    assert not overlap(one, other)
    assert not overlap(other, one)


@pytest.mark.parametrize(("one", "other"), TOGETHER)
def test_together_or_not_known_to_be_apart(one: str, other: str) -> None:
    assert overlap(one, other)
    assert overlap(other, one)


COVERED = (
    ("FOR VALUES FROM (0) TO (100)", ("FOR VALUES FROM (50) TO (200)", "FOR VALUES FROM (-10) TO (50)")),
    ("FOR VALUES FROM (MINVALUE) TO (1)", ("FOR VALUES FROM (MINVALUE) TO (MAXVALUE)",)),
    ("FOR VALUES IN ('a', NULL)", ("FOR VALUES IN (NULL, 'c')", "FOR VALUES IN ('a')")),
    (
        "FOR VALUES WITH (modulus 2, remainder 1)",
        ("FOR VALUES WITH (modulus 4, remainder 1)", "FOR VALUES WITH (modulus 4, remainder 3)"),
    ),
    ("FOR VALUES WITH (modulus 4, remainder 1)", ("FOR VALUES WITH (modulus 2, remainder 1)",)),
    ("FOR VALUES IN ('a')", ("DEFAULT",)),
)
NOT_COVERED = (
    ("FOR VALUES FROM (0) TO (100)", ("FOR VALUES FROM (0) TO (50)", "FOR VALUES FROM (51) TO (200)")),
    ("FOR VALUES FROM ('1') TO ('3')", ("FOR VALUES FROM ('1') TO ('10')",)),
    ("FOR VALUES IN ('a', NULL)", ("FOR VALUES IN ('a')",)),
    (
        "FOR VALUES WITH (modulus 2, remainder 1)",
        ("FOR VALUES WITH (modulus 4, remainder 1)", "FOR VALUES WITH (modulus 4, remainder 2)"),
    ),
    ("DEFAULT", ("FOR VALUES IN ('a')",)),
)


@pytest.mark.parametrize(("old", "news"), COVERED)
def test_every_row_finds_its_place(old: str, news: tuple[str, ...]) -> None:
    assert covered(old, news)


@pytest.mark.parametrize(("old", "news"), NOT_COVERED)
def test_some_row_may_find_none(old: str, news: tuple[str, ...]) -> None:
    assert not covered(old, news)
