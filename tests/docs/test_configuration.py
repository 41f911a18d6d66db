"""docs/configuration.md names every setting of migplan.toml, and its example is one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from migplan.source.config import Config, HooksTable, ManageTable, PlanningTable, PolicyTable, ShadowTable, read_config

if TYPE_CHECKING:
    from pydantic import BaseModel

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
TABLES: dict[str, type[BaseModel]] = {
    "manage": ManageTable,
    "shadow": ShadowTable,
    "planning": PlanningTable,
    "policy": PolicyTable,
    "hooks": HooksTable,
}


def _said(model: BaseModel) -> set[str]:
    return set(model.model_fields_set)


def test_the_example_says_every_setting(tmp_path: Path) -> None:
    example = PAGE.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    file = tmp_path / "migplan.toml"
    file.write_text(example, encoding="utf-8")
    config = read_config(file)
    assert _said(config) == set(Config.model_fields)
    for name, table in TABLES.items():
        assert _said(getattr(config, name)) == set(table.model_fields), name


def test_the_example_shows_the_defaults_of_planning(tmp_path: Path) -> None:
    example = PAGE.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    file = tmp_path / "migplan.toml"
    file.write_text(example, encoding="utf-8")
    assert read_config(file).planning == PlanningTable()
