"""migplan.toml: what it may hold, and errors that name the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migplan.core.errors import ConfigError
from migplan.source.configuration.config import Config, read_config

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = """
schema = ["schemas", "extra.sql"]
plans = "plans"
windows = "Sat 02:00-05:00 Europe/Berlin"

[targets.prod]
env = "PROD_URL"
[targets.dev]
url = "postgresql://dev@localhost/app"

[manage]
schemas = ["app"]
owners = true
grants = false
ignore = ["table app.audit_*"]

[shadow]
url = "postgresql://localhost/postgres"
setup = "setup.sql"
preset = "supabase"

[planning]
small_table_rows = 5
small_table_bytes = "2 MB"
lock_timeout = "3s"
dual_write = "trigger"

[policy]
refuse = ["danger"]
allow = { drop-table = "agreed" }
"""


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MIGPLAN_TARGET_URL", "PGHOST", "PGSERVICE", "PGDATABASE", "PROD_URL"):
        monkeypatch.delenv(name, raising=False)


def read(folder: Path, text: str) -> Config:
    file = folder / "migplan.toml"
    file.write_text(text)
    return read_config(file)


def test_everything(tmp_path: Path) -> None:
    config = read(tmp_path, EVERYTHING)
    assert config.schema_paths == ("schemas", "extra.sql")
    assert config.resolve("schemas") == tmp_path / "schemas"
    assert config.manage.schemas == ("app",)
    assert config.shadow.setup == ("setup.sql",)
    settings = config.settings(offline=True)
    assert (settings.small_rows, settings.small_bytes, settings.lock_timeout) == (5, 2 * 1024 * 1024, 3000)
    assert (settings.owners, settings.grants, settings.offline) == (True, False, True)


def test_without_a_file_there_are_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_config() == Config()
    with pytest.raises(ConfigError, match="no such file"):
        read_config(tmp_path / "other.toml")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("schema = 'a'\nfoo = 1\n", 2, "unknown key foo"),
        ("[planning]\n# x\nlock_timeouts = 3\n", 3, "unknown key planning.lock_timeouts"),
        ("[targets.prod]\nurl = 'x'\npassword = 'secret'\n", 3, "unknown key targets.prod.password"),
        ("[planning]\nlock_timeout = '3 days'\n", 2, "unknown unit 'days'"),
        ("\n[shadow]\npreset = 'x'\n", 3, "unknown preset 'x'"),
        ("windows = ['sometimes']\n", 1, "write a window as"),
        ("[manage]\nowners = 'yes'\n", 2, "manage.owners: write true or false"),
        ("schema = 3\n", 1, "schema: write a list of strings"),
        ("[planning]\n\nsmall_table_rows = '5'\n", 3, "planning.small_table_rows: write a whole number"),
        ("targets = 3\n", 1, "targets: write a table of settings"),
        ("[planning]\nbatch_rows = -5\n", 2, "planning.batch_rows: -5 is too small: the least is 1"),
    ],
)
def test_errors_name_the_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        read(tmp_path, text)
    assert error.value.place == f"{tmp_path / 'migplan.toml'}:{line}"
    assert "secret" not in str(error.value)


def test_unknown_keys_come_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, "[shadow]\nuri = 'x'\n")
    assert error.value.hint == "Known here: url, setup, preset."


def test_bad_toml(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"toml:2:5: not valid TOML"):
        read(tmp_path, "a = 1\nb = \n")


def test_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = read(tmp_path, EVERYTHING)
    assert config.target_url("dev") == "postgresql://dev@localhost/app"
    assert config.target_url("host=x dbname=y") == "host=x dbname=y"
    with pytest.raises(ConfigError, match="no target 'test'"):
        config.target_url("test")
    with pytest.raises(ConfigError, match="which target"):
        config.target_url()
    with pytest.raises(ConfigError, match="has no URL") as error:
        config.target_url("prod")
    assert error.value.hint == "Set the environment variable PROD_URL."
    monkeypatch.setenv("PROD_URL", "postgresql://prod/app")
    assert config.target_url("prod") == "postgresql://prod/app"
    monkeypatch.setenv("MIGPLAN_TARGET_URL", "postgresql://env/app")
    assert config.target_url() == "postgresql://env/app"


def test_without_targets_libpq_decides() -> None:
    assert Config().target_url() == ""
