"""Every case folder, planned and run by psql on every server that knows its SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.cases import cases, check

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb
    from tests.support.cases import Case


def _of(*majors: int) -> pytest.MarkDecorator:
    """The cases whose SQL those servers are the first to know."""
    found = [case for case in cases() if case.options.server in majors]
    return pytest.mark.parametrize("case", found, ids=[case.name for case in found])


@pytest.fixture(autouse=True)
def known_bug(request: pytest.FixtureRequest, case: Case, pg_major: int) -> None:
    """A case with a known bug must fail, so that its mark goes with the bug."""
    if case.fails_on(pg_major):
        request.applymarker(pytest.mark.xfail(strict=True, reason=str(case.options.fails)))


@_of(14)
def test_case(case: Case, make_db: MakeDb, tmp_path: Path) -> None:
    check(case, make_db, tmp_path)


@pytest.mark.pg(min=15)
@_of(15)
def test_case_of_15(case: Case, make_db: MakeDb, tmp_path: Path) -> None:
    check(case, make_db, tmp_path)


@pytest.mark.pg(min=18)
@_of(16, 17, 18)
def test_case_of_18(case: Case, make_db: MakeDb, tmp_path: Path) -> None:
    check(case, make_db, tmp_path)
