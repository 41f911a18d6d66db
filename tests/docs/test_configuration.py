"""docs/configuration.md names every setting of migplan.toml, and its example is one."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from migplan.source.configuration.config import (
    Config,
    HooksTable,
    ManageTable,
    PlanningTable,
    PolicyTable,
    ShadowTable,
    read_config,
)

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
TABLES: dict[str, Any] = {
    "manage": ManageTable,
    "shadow": ShadowTable,
    "planning": PlanningTable,
    "policy": PolicyTable,
    "hooks": HooksTable,
}


def _settings(table: Any) -> set[str]:
    return {f.name for f in fields(table)} - {"path"}


def test_the_example_says_every_setting() -> None:
    example = PAGE.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    said = tomllib.loads(example)
    assert set(said) == _settings(Config)
    for name, table in TABLES.items():
        assert set(said[name]) == _settings(table), name


def test_the_example_shows_the_defaults_of_planning(tmp_path: Path) -> None:
    example = PAGE.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    file = tmp_path / "migplan.toml"
    file.write_text(example, encoding="utf-8")
    assert read_config(file).planning == PlanningTable()
