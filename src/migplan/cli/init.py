"""``migplan init``: a declaration written from a database that exists."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from migplan.core.model import Catalog

TOML = """\
# What migplan reads, manages and decides. Every setting that isn't written has its default.

schema = ["{schemas}"]        # the declared side: files or folders
plans = "plans"             # where plans are written

[targets.live]
# Passwords don't belong here: libpq takes them from PGPASSWORD or ~/.pgpass. Or say env = "NAME_OF_A_VARIABLE".
url = "{url}"

[manage]
schemas = [{managed}]    # what migplan reads and changes: add a schema here when you declare one
owners = false              # true: owners are a part of the declaration
grants = true

[planning]
small_table_rows = 10000    # up to this size a table takes the direct form of what only size makes dangerous
small_table_bytes = "64 MB"
lock_timeout = "2s"

[shadow]
# url = "postgresql://…"    # a server for scratch databases; by default the embedded or an installed one
# preset = "supabase"
"""


def init(
    source: Annotated[str, typer.Option("--from", metavar="URL", help="The database to start from.")],
    directory: Annotated[Path, typer.Option(help="Where migplan.toml and the schema files go.")] = Path(),
    schemas: Annotated[str, typer.Option(help="The folder of the schema files in it.")] = "schemas",
    force: Annotated[
        bool, typer.Option("--force", help="Replace migplan.toml and the schema files that are there.")
    ] = False,
) -> int:
    """Write migplan.toml and the schema files: one file a table with what belongs to it, the rest by kind.

    Exit status: 0 written, and the database doesn't differ from it; 1 an error.
    """
    from migplan.core.settings import Settings
    from migplan.report.schema_files import case_clashes, schema_files
    from migplan.source.connect import connect
    from migplan.source.live import introspect_live

    with connect(source) as connection:
        catalog = introspect_live(connection)
    files = schema_files(catalog, Settings()) or {"schema.sql": "-- The database was empty: declare its schema here.\n"}
    for clash in case_clashes(files):
        print(f"note: {' and '.join(clash)} differ in case only: some file systems can't hold both")
    content = {f"{schemas}/{name}": text for name, text in files.items()}
    content["migplan.toml"] = _toml(source, schemas, catalog)
    there = _there(directory, schemas)
    if not force:
        _refuse_overwriting(there)
    _write(directory, schemas, content)
    for path in there:
        if path.relative_to(directory).as_posix() not in content:
            path.unlink()
    print(f"wrote {directory / 'migplan.toml'} and {len(files)} files in {directory / schemas}")
    for unmodelled in catalog.unmodelled:
        print(f"note: {unmodelled.what} {unmodelled.name} isn't modelled: it is left alone")
    return _check(directory / "migplan.toml", source)


def _check(config: Path, source: str) -> int:
    """The written files, read back: nothing may differ."""
    from migplan.cli.inputs import gather
    from migplan.core.settings import Settings
    from migplan.report.diff_text import render_diff

    drafted = gather(source, [], config=config, offline=True).draft()
    if not drafted.changes:
        print("no difference between the database and the files")
        print("next: edit a file, then migplan diff, migplan plan")
        return 0
    print("error: the files don't say all that the database has; this is a bug of migplan, please report it:")
    print(render_diff(drafted, Settings(offline=True), "text"))
    return 1


def _toml(source: str, schemas: str, catalog: Catalog) -> str:
    names = sorted({id.path[0] for id in catalog.objects if id.kind == "schema"})
    managed = ", ".join(f'"{_escaped(name)}"' for name in names)
    return TOML.format(schemas=_escaped(schemas), url=_escaped(_without_password(source)), managed=managed)


def _escaped(text: str) -> str:
    """As a basic string of TOML holds it."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _without_password(source: str) -> str:
    """The connection string as it may be kept in a file."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    given = conninfo_to_dict(source)
    kept = {k: v for k, v in given.items() if k not in ("password", "sslpassword")}
    return source if kept == given else make_conninfo("", **kept)


def _refuse_overwriting(there: Sequence[Path]) -> None:
    from migplan.core.errors import ConfigError

    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise ConfigError(
            f"{there[0]}{more} would be replaced",
            hint="--force does so; --directory and --schemas name another place.",
        )


def _there(directory: Path, schemas: str) -> list[Path]:
    """What an earlier declaration consists of: with a file of it left, the new one would say too much."""
    config = directory / "migplan.toml"
    return [*([config] if config.exists() else []), *sorted((directory / schemas).rglob("*.sql"))]


def _write(directory: Path, schemas: str, content: Mapping[str, str]) -> None:
    """All files beside their places first, then all moved there: a full disk leaves nothing half-written."""
    from migplan.core.errors import ConfigError

    try:
        (directory / schemas).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory, prefix=".migplan-") as beside:
            for name, text in content.items():
                path = Path(beside) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            for name in content:
                (directory / name).parent.mkdir(parents=True, exist_ok=True)
                (Path(beside) / name).replace(directory / name)
    except OSError as error:
        raise ConfigError(f"can't write {error.filename or directory}: {error.strerror}") from error
