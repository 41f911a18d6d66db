"""Which servers a case runs on: all of them where its group is about what versions do differently, else one."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

import pytest
from tests.support.cases import Case

if TYPE_CHECKING:
    from collections.abc import Sequence

SENSITIVE: Final = ("constraints", "inheritance", "partitions")
EVERYWHERE: Final = 2
"""Where more servers than these are asked for, every case runs on all of them."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave a case out where another server of this run has it; a hash of its name says which."""
    chosen = [int(major) for major in str(config.getoption("--pg")).split(",")]
    if len(chosen) > EVERYWHERE:
        return
    left = [item for item in items if not _runs(item, chosen)]
    items[:] = [item for item in items if item not in left]
    config.hook.pytest_deselected(items=left)


def _runs(item: pytest.Item, chosen: Sequence[int]) -> bool:
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    case = parameters.get("case")
    if not isinstance(case, Case) or case.name.split("/")[0] in SENSITIVE or case.options.server > min(chosen):
        return True
    return parameters["pg_major"] == chosen[zlib.crc32(case.name.encode()) % len(chosen)]
