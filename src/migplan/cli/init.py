"""``migplan init``: a declaration written from a database that exists."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migplan.core.records import record

if TYPE_CHECKING:
    from migplan.core.model import Catalog

TOML = """\
# What migplan reads, manages and decides. Every setting that isn't written has its default.

schema = ["{schemas}"]        # the declared side: files or folders
plans = "plans"             # where plans are written

[targets.live]
# Passwords don't belong here: libpq takes them from PGPASSWORD or ~/.pgpass. Or say env = "NAME_OF_A_VARIABLE".
{target}

[manage]
{managed}    # what migplan reads and changes: add a schema here when you declare one
owners = false              # true: owners are a part of the declaration
grants = true
{ignore}

[planning]
small_table_rows = 10000    # up to this size a table takes the direct form of what only size makes dangerous
small_table_bytes = "64 MB"
lock_timeout = "2s"

[shadow]
# url = "postgresql://…"    # a server for scratch databases; by default the target's, else one of this machine
{preset}
"""
_EMPTY = "-- Declare the schema here: CREATE TABLE …\n"
_PLANS = """\
# Plans

`migplan plan` writes a folder here for each plan. Commit them: a plan is reviewed like code, and its digest says
whether it is the one that was proved.
"""


def init(
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="URL", help="The database to start from; without one, an empty start."),
    ] = None,
    directory: Annotated[Path, typer.Option(help="Where migplan.toml and the schema files go.")] = Path(),
    schemas: Annotated[str, typer.Option(help="The folder of the schema files in it.")] = "schemas",
    force: Annotated[
        bool, typer.Option("--force", help="Replace migplan.toml and the schema files that are there.")
    ] = False,
) -> int:
    """Write migplan.toml and the schema files: one file a table with what belongs to it, the rest by kind.

    Exit status: 0 written, and the database, if one was named, doesn't differ from it; 1 an error.
    """
    from migplan.core.wording import counted
    from migplan.report.schema_files import case_clashes

    if source is not None:
        start = _of_database(source, schemas)
    else:
        start = _Start({"schema.sql": _EMPTY}, _toml('env = "DATABASE_URL"', schemas, ["public"]))
    for clash in case_clashes(start.files):
        print(f"note: {' and '.join(clash)} differ in case only: some file systems can't hold both")
    content = {f"{schemas}/{name}": text for name, text in start.files.items()}
    content["migplan.toml"] = start.toml
    if not (directory / "plans").exists():
        content["plans/README.md"] = _PLANS
    there = _there(directory, schemas)
    if not force:
        _refuse_overwriting(there)
    _write(directory, schemas, content)
    for path in there:
        if path.relative_to(directory).as_posix() not in content:
            path.unlink()
    print(f"wrote {directory / 'migplan.toml'} and {counted(len(start.files), 'file')} in {directory / schemas}")
    for note in start.notes:
        print(f"note: {note}")
    if source is not None:
        return _check(directory / "migplan.toml", source)
    print(f"next: set DATABASE_URL, declare tables in {directory / schemas}, then migplan diff, migplan plan")
    return 0


@record(slots=False)
class _Start:
    """What a declaration begins with: its files, migplan.toml, and what a person should know of them."""

    files: Mapping[str, str]
    toml: str
    notes: Sequence[str] = ()


def _of_database(source: str, schemas: str) -> _Start:
    """The schema of a database, without what its platform brings along."""
    from migplan.cli.inputs import managed_by, shadow_of
    from migplan.core.settings import Settings
    from migplan.report.schema_files import schema_files
    from migplan.source.configuration.config import Config, ShadowTable
    from migplan.source.connect import connect
    from migplan.source.presets import preset_of
    from migplan.source.reading.live import introspect_live
    from migplan.source.reading.managed import Managed
    from migplan.source.text.histories import histories

    with contextlib.closing(connect(source)) as connection:
        preset = preset_of(connection)
        config = Config(shadow=ShadowTable(preset=preset))
        managed = managed_by(config, shadow_of(source, config))
        catalog = managed.of(introspect_live(connection, managed.scope))
        beside = () if preset is None else _on_the_platform(introspect_live(connection), catalog)
    ignored = histories(catalog)
    catalog = Managed(patterns=ignored).of(catalog)
    found = [f"{u.what} {u.name} isn't modelled: it is left alone" for u in catalog.unmodelled]
    if preset is not None:
        found.append(f"a database of {preset.capitalize()}: what the platform made is left alone ([shadow] preset)")
    found += [f"{name} stands on a table of the platform: it isn't in the files, and is left alone" for name in beside]
    found += [f"{pattern} is the history of another tool: it is left alone ([manage] ignore)" for pattern in ignored]
    names = sorted({id.path[0] for id in catalog.objects if id.kind == "schema"})
    toml = _toml(f'url = "{_escaped(_without_password(source))}"', schemas, names, preset, ignored)
    return _Start(schema_files(catalog, Settings()) or {"schema.sql": _EMPTY}, toml, found)


def _on_the_platform(everything: Catalog, managed: Catalog) -> Sequence[str]:
    """The user's own things on tables of the platform: policies, and triggers that call the user's functions."""
    strangers = (o for o in everything if o.table is not None and o.id not in managed and o.table not in managed)
    return sorted(
        str(o.id)
        for o in strangers
        if o.id.kind == "policy" or (o.id.kind == "trigger" and any(u in managed for u in everything.uses[o.id]))
    )


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
    print("error: the files don't say all that the database has; please report this bug of migplan:", file=sys.stderr)
    print(render_diff(drafted, Settings(offline=True), "text"), file=sys.stderr)
    return 1


def _toml(
    target: str, schemas: str, managed: Sequence[str], preset: str | None = None, ignored: Sequence[str] = ()
) -> str:
    names, patterns = (", ".join(f'"{_escaped(name)}"' for name in listed) for listed in (managed, ignored))
    ignore = f"ignore = [{patterns}]" if ignored else '# ignore = ["public.audit_*"]'
    line = '# preset = "supabase"' if preset is None else f'preset = "{preset}"          # whose schemas are left alone'
    return TOML.format(
        schemas=_escaped(schemas), target=target, managed=f"schemas = [{names}]", ignore=ignore, preset=line
    )


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

    new = not directory.exists()
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
        if new:
            shutil.rmtree(directory, ignore_errors=True)
        raise ConfigError(
            f"can't write {error.filename or directory}: {error.strerror}",
            hint="Make room, or name another --directory.",
        ) from error
