"""The generated documents say what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from migplan.report.reference import documents

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", sorted(documents()))
def test_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == documents()[name], "run: make docs"
