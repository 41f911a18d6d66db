"""Packaged set-up SQL for platforms whose databases come with schemas of their own."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from migplan.core.records import record
from migplan.source.text.files import SourceText, read_sources

if TYPE_CHECKING:
    from migplan.source.connect import Connection
    from migplan.source.text.psqlfile import PsqlFile


@record
class Preset:
    """``file`` is loaded before a declaration; objects that match ``ignore`` are left alone in the live database.

    ``sign`` is a query that is true on the platform's databases.
    """

    file: str
    ignore: tuple[str, ...]
    sign: str


_SUPABASE_EXTENSIONS: Final = (
    *("pg_graphql", "pg_net", "pg_stat_statements", "pgcrypto", "pgjwt", "pgsodium", "supabase_vault"),
)
PRESETS: Final = {
    "supabase": Preset(
        "supabase.sql",
        (
            "publication supabase_realtime*",
            "event trigger pgrst_*",
            "event trigger issue_*",
            *(f"extension {name}" for name in _SUPABASE_EXTENSIONS),
            'extension "uuid-ossp"',
        ),
        "SELECT to_regprocedure('auth.uid()') IS NOT NULL AND count(*) = 3 FROM pg_roles"
        " WHERE rolname IN ('anon', 'authenticated', 'service_role')",
    ),
}


def preset_of(connection: Connection) -> str | None:
    """The preset of the platform whose database it is, or None."""
    for name, preset in PRESETS.items():
        row = connection.execute(preset.sign.encode()).fetchone()
        if row is not None and row[0]:
            return name
    return None


def read_setup_files(preset: str | None, paths: Iterable[Path]) -> tuple[PsqlFile, ...]:
    """The statements of a preset and of set-up files, which may hold data.

    Raises ``SourceError`` like every reading of files.
    """
    texts = [] if preset is None else [_packaged(preset)]
    listed = list(paths)
    if listed:
        texts += read_sources(listed)
    if not texts:
        return ()
    from migplan.source.text.psqlfile import ReadingRules, read_file

    return tuple(read_file(text, ReadingRules(data=True)) for text in texts)


def ignored_by(preset: str | None) -> tuple[str, ...]:
    """The patterns of objects that a preset leaves alone."""
    return () if preset is None else PRESETS[preset].ignore


def _packaged(preset: str) -> SourceText:
    file = PRESETS[preset].file
    return SourceText(
        f"<preset {preset}>", (files("migplan.source") / "preset_files" / file).read_text(encoding="utf-8")
    )
