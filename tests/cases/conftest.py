"""Which servers a case runs on: all of them where its group is about what versions do differently, else one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from tests.conftest import runs_on
from tests.support.cases import Case

if TYPE_CHECKING:
    from collections.abc import Sequence

SENSITIVE: Final = ("constraints", "inheritance", "partitions")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave a case out where another server of this run has it."""
    chosen = [int(major) for major in str(config.getoption("--pg")).split(",")]
    left = [item for item in items if not _runs(item, chosen)]
    items[:] = [item for item in items if item not in left]
    config.hook.pytest_deselected(items=left)


def _runs(item: pytest.Item, chosen: Sequence[int]) -> bool:
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    case, major = parameters.get("case"), parameters.get("pg_major")
    if (
        not isinstance(case, Case)
        or not isinstance(major, int)
        or case.name.split("/")[0] in SENSITIVE
        or case.options.server > min(chosen)
    ):
        return True
    return runs_on(case.name, major, chosen)
