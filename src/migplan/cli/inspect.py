"""``migplan inspect``: a database, or declared files, as migplan sees them."""

from __future__ import annotations

import contextlib
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from migplan.core.model import Catalog
    from migplan.source.configuration.config import Config


class Format(StrEnum):
    """How it is printed."""

    SUMMARY = "summary"
    TREE = "tree"
    SQL = "sql"
    JSON = "json"
    MERMAID = "mermaid"


def inspect(
    source: Annotated[
        str | None, typer.Argument(help="A target of migplan.toml, a libpq URL, or declared files; default: --target.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only public.users or public.user_* (repeatable).")
    ] = None,
    format: Annotated[Format, typer.Option(help="How to print it.")] = Format.SUMMARY,
    target: Annotated[str | None, typer.Option(help="A target of migplan.toml, or a libpq URL.")] = None,
    config: Annotated[Path | None, typer.Option(help="migplan.toml, where it isn't here.")] = None,
) -> int:
    """Print a schema: how many objects of each kind, a tree, SQL, every attribute as JSON, or a Mermaid diagram."""
    from migplan.core.settings import Settings
    from migplan.report.inspection import as_json, chosen, summary
    from migplan.report.mermaid import mermaid
    from migplan.report.schema_files import schema_sql
    from migplan.report.tree import tree
    from migplan.source.configuration.config import read_config

    configuration = read_config(config)
    catalog = _read(source, target, configuration)
    ids = chosen(catalog, only or [])
    match format:
        case Format.SQL:
            settings = Settings(owners=configuration.manage.owners, grants=configuration.manage.grants)
            printed = schema_sql(catalog, settings, ids)
        case Format.JSON:
            printed = as_json(catalog, ids)
        case Format.TREE:
            printed = tree(catalog, ids)
        case Format.MERMAID:
            printed = mermaid(catalog, ids)
        case Format.SUMMARY:
            printed = summary(catalog, ids)
    sys.stdout.write(printed)
    return 0


def _read(source: str | None, target: str | None, config: Config) -> Catalog:
    """The source's catalog: that of a database where it is a target or a connection string, else that of files."""
    from migplan.cli.inputs import managed_by, shadow_of
    from migplan.source.configuration.config import is_connection_string
    from migplan.source.connect import connect
    from migplan.source.reading.live import introspect_live

    if source is not None and source not in config.targets and not is_connection_string(source):
        return _of_files(source, target, config)
    url = config.target_url(source or target)
    with contextlib.closing(connect(url)) as connection:
        managed = managed_by(config, shadow_of(url, config))
        return managed.of(introspect_live(connection, managed.scope))


def _of_files(path: str, target: str | None, config: Config) -> Catalog:
    """Loaded into the shadow that plans for the target would use; without a target, one on this machine."""
    from migplan.cli.inputs import shadow_of, wanted
    from migplan.core.errors import ConfigError
    from migplan.source.declared import declared_catalog

    if not Path(path).exists():
        known = ", ".join(config.targets) or "none"
        raise ConfigError(
            f"there is no target {path!r} (known: {known}), and no such file or folder",
            hint="Name a target of migplan.toml, a URL (postgresql://user@host/database), or schema files.",
        )
    shadow = shadow_of(config.named_target_url(target), config)
    return declared_catalog(path, shadow, wanted(config)).catalog
