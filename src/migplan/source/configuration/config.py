"""migplan.toml: targets, the declared schema, what is managed, the shadow, how plans are made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal

from migplan.core.errors import ConfigError
from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.source.configuration.config_values import Hours, Level, Names, Preset, Quantity, Read, Switch

FILE_NAME: Final = "migplan.toml"
TARGET_VARIABLE: Final = "MIGPLAN_TARGET_URL"

_LIBPQ: Final = ("PGHOST", "PGSERVICE", "PGDATABASE")
"""The variables of libpq that choose a database."""


class _Table:
    """What pydantic makes of a file's table, without a need of pydantic where there is no file."""

    __slots__ = ()
    __pydantic_config__: ClassVar = {"extra": "forbid"}


@record
class TargetTable(_Table):
    """``[targets.NAME]``: a URL, or ``env``, the name of an environment variable that holds it; which ``stage`` it is
    (staging, copy, production, …), so that nobody has to say ``--as``."""

    url: str | None = None
    env: str | None = None
    stage: str | None = None


@record
class ManageTable(_Table):
    """``[manage]``: ``schemas`` (default: those that the declaration creates or mentions), whether ``owners`` and
    ``grants`` are managed, and patterns of objects to ``ignore`` (``table public.audit_*``)."""

    schemas: Names | None = None
    owners: Switch = False
    grants: Switch = True
    ignore: Names = ()


@record
class ShadowTable(_Table):
    """``[shadow]``: the ``url`` of a server for scratch databases, SQL files loaded as ``setup``, a ``preset``."""

    url: str | None = None
    setup: Names = ()
    preset: Preset | None = None


@record
class PlanningTable(_Table):
    """``[planning]``: sizes are rows and bytes (``"64 MB"``), timeouts milliseconds (``"2s"``).

    ``backup = "table"`` keeps what drops would lose in the schema ``migplan``; ``keep_old`` drops tables only after one
    more checkpoint. ``dual_write = "application"``: renamed columns are written twice by the application, by three
    deploys, and not by a trigger.
    """

    small_table_rows: Annotated[int, Read(exactly=True, least=0)] = 10_000
    small_table_bytes: Quantity = 64 * 1024 * 1024
    batch_rows: Annotated[int, Read(exactly=True, least=1)] = 5_000
    lock_timeout: Quantity = 2_000
    statement_timeout: Quantity = 7_000
    dual_write: Literal["trigger", "application"] = "trigger"
    backup: Literal["none", "table"] = "none"
    keep_old: Switch = False


@record
class PolicyTable(_Table):
    """``[policy]``: rules or severities whose findings ``refuse`` a plan; rules, or rules on objects, to ``allow``,
    each with a reason; another ``severity`` by rule."""

    refuse: Names = ()
    allow: Mapping[str, str] = field(default_factory=dict[str, str])
    severity: Mapping[str, Level] = field(default_factory=dict[str, Level])


@record
class StageTable(_Table):
    """``[stages.NAME]``: what a run there demands: that the plan ran on the stages ``after`` which it comes, an
    ``approval``, an attested ``backup``."""

    after: Names = ()
    approval: Switch = False
    backup: Switch = False


@record
class HooksTable(_Table):
    """``[hooks]``: shell commands ``before`` each window and after it (``smoke``), and how long either may take."""

    before: str | None = None
    smoke: str | None = None
    timeout: Quantity = 600_000


@record
class Config(_Table):
    """All of migplan.toml. ``path`` is the file it was read from, None where there is none.

    ``schema_command`` prints the declared side as SQL, alone or, where ``schema`` is written too, beside its files.
    """

    schema: Names | None = None
    schema_command: str | None = None
    plans: str = "plans"
    targets: Mapping[str, TargetTable] = field(default_factory=dict[str, TargetTable])
    manage: ManageTable = ManageTable()
    shadow: ShadowTable = ShadowTable()
    planning: PlanningTable = PlanningTable()
    policy: PolicyTable = PolicyTable()
    stages: Mapping[str, StageTable] = field(default_factory=dict[str, StageTable])
    hooks: HooksTable = HooksTable()
    windows: Hours = ()
    path: Path | None = None

    @property
    def schema_paths(self) -> tuple[str, ...]:
        """Files, folders and URLs of the declared side, as they are written; ``schemas`` where nothing is."""
        return ("schemas",) if self.schema is None else self.schema

    def resolve(self, path: str) -> Path:
        """A path of the file, which is relative to the folder that the file lies in."""
        return Path(path) if self.path is None else as_typed(self.path.parent / path)

    def settings(self, *, offline: bool = False) -> Settings:
        """What decides how plans are made."""
        planning = self.planning
        return Settings(
            offline=offline,
            small_rows=planning.small_table_rows,
            small_bytes=planning.small_table_bytes,
            owners=self.manage.owners,
            grants=self.manage.grants,
            lock_timeout=planning.lock_timeout,
            statement_timeout=planning.statement_timeout,
            batch_rows=planning.batch_rows,
            backup=planning.backup,
            keep_old=planning.keep_old,
            dual_write=planning.dual_write,
        )

    def stage_of(self, url: str, said: str | None) -> str | None:
        """The stage of the database at ``url``: what was ``said``, or what ``[targets]`` calls that database.

        Raises ``ConfigError`` where the two differ: what protects a database is not talked away.
        """
        found = [(n, t.stage) for n, t in self.targets.items() if t.stage and _same_database(_url_of(t), url)]
        for name, own in found:
            if said and own != said:
                raise ConfigError(
                    f"the target {name!r} is {own}, not {said}", hint=f"Leave --as out, or change [targets.{name}]."
                )
        return said or (found[0][1] if found else None)

    def target_url(self, target: str | None = None) -> str:
        """The connection string of a target: a name in ``[targets]`` or a libpq URL.

        Without one: ``MIGPLAN_TARGET_URL``, else the only target of the file, else libpq's own variables (``""``).
        Raises ``ConfigError`` for a name that isn't there and an empty environment variable.
        """
        if target:
            return target if is_connection_string(target) else self._named(target)
        if given := os.environ.get(TARGET_VARIABLE):
            return given
        if len(self.targets) > 1 and not any(os.environ.get(v) for v in _LIBPQ):
            raise ConfigError(f"which target? {FILE_NAME} has {', '.join(self.targets)}", hint="Say --target NAME.")
        return self._named(next(iter(self.targets))) if len(self.targets) == 1 else ""

    def named_target_url(self, target: str | None = None) -> str | None:
        """Like :meth:`target_url`; None where nothing says which target, not even libpq's variables."""
        return self.target_url(target) or ("" if any(os.environ.get(v) for v in _LIBPQ) else None)

    def _named(self, name: str) -> str:
        target = self.targets.get(name)
        if target is None:
            known = ", ".join(self.targets) or "none"
            raise ConfigError(
                f"there is no target {name!r} (known: {known})",
                hint=f"Add [targets.{name}] to {FILE_NAME}, or give a URL: postgresql://user@host/database",
            )
        url = _url_of(target)
        if not url:
            raise ConfigError(
                f"the target {name!r} has no URL",
                hint=f"Set the environment variable {target.env}."
                if target.env
                else f"Set url or env in [targets.{name}].",
            )
        return url


def read_config(path: Path | None = None) -> Config:
    """migplan.toml at ``path``, or in this folder; the defaults where there is none.

    Raises ``ConfigError`` with file and line for what isn't TOML, unknown keys and values of a wrong type.
    """
    file = path or Path(FILE_NAME)
    if file.is_file():
        from migplan.source.configuration.config_file import (
            config_of,  # and pydantic with it, which takes as long as all of ours
        )

        return config_of(file)
    if path is not None:
        raise ConfigError(
            "there is no such file", place=str(path), hint="Name another --config; migplan init writes one."
        )
    return Config()


def as_typed(path: Path) -> Path:
    """The path as one would type it here: what names it may be read on another machine."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def is_connection_string(target: str) -> bool:
    """Whether it is a URL or ``key=value`` pairs, and not a name."""
    return "://" in target or "=" in target


def _url_of(target: TargetTable) -> str | None:
    return target.url if target.url is not None else os.environ.get(target.env or "")


def _same_database(one: str | None, other: str) -> bool:
    """Whether two connection strings name the same database, whoever connects and in what spelling."""
    from psycopg import Error
    from psycopg.conninfo import conninfo_to_dict

    def place(url: str) -> tuple[object, ...]:
        parts = conninfo_to_dict(url)
        return parts.get("service"), parts.get("host"), str(parts.get("port") or 5432), parts.get("dbname")

    try:
        return one is not None and place(one) == place(other)
    except Error:
        return False
