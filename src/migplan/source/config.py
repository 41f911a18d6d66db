"""migplan.toml: targets, the declared schema, what is managed, the shadow, how plans are made."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, ValidationError

from migplan.core.errors import ConfigError
from migplan.core.hours import hours
from migplan.core.settings import Settings
from migplan.source.presets import PRESETS

FILE_NAME: Final = "migplan.toml"
TARGET_VARIABLE: Final = "MIGPLAN_TARGET_URL"

_LIBPQ: Final = ("PGHOST", "PGSERVICE", "PGDATABASE")
"""The variables of libpq that choose a database."""
_UNITS: Final = {"kb": 1024, "mb": 1024**2, "gb": 1024**3, "ms": 1, "s": 1000, "min": 60_000}
_QUANTITY: Final = re.compile(r"\s*(\d+)\s*([a-zA-Z]+)\s*")
_TOML_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_WANTED: Final = {
    "tuple_type": "write a list of strings",
    "string_type": "write a string in quotes",
    "bool_type": "write true or false",
    "int_type": "write a whole number",
    "model_type": "write a table of settings",
    "dict_type": "write a table of settings",
    "mapping_type": "write a table of settings",
}
"""What values of a wrong type are answered with, by pydantic's name of the mistake."""


def _quantity(value: object) -> object:
    """``"64 MB"`` in bytes, ``"2s"`` in milliseconds; numbers are taken as they are."""
    found = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    unit = _UNITS.get(found[2].lower())
    if unit is None:
        raise ValueError(f"unknown unit {found[2]!r}; known: {', '.join(_UNITS)}")
    return int(found[1]) * unit


def _list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _window(value: str) -> str:
    hours(value)
    return value


def _preset(value: str) -> str:
    if value not in PRESETS:
        raise ValueError(f"unknown preset {value!r}; known: {', '.join(PRESETS)}")
    return value


Quantity = Annotated[int, BeforeValidator(_quantity), Field(gt=0, strict=True)]
Names = Annotated[tuple[str, ...], BeforeValidator(_list)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TargetTable(_Table):
    """``[targets.NAME]``: a URL, or ``env``, the name of an environment variable that holds it; which ``stage`` it is
    (staging, copy, production, …), so that nobody has to say ``--as``."""

    url: str | None = None
    env: str | None = None
    stage: str | None = None


class ManageTable(_Table):
    """``[manage]``: ``schemas`` (default: those that the declaration creates or mentions), whether ``owners`` and
    ``grants`` are managed, and patterns of objects to ``ignore`` (``table public.audit_*``)."""

    schemas: Annotated[tuple[str, ...] | None, BeforeValidator(_list)] = None
    owners: StrictBool = False
    grants: StrictBool = True
    ignore: Names = ()


class ShadowTable(_Table):
    """``[shadow]``: the ``url`` of a server for scratch databases, SQL files loaded as ``setup``, a ``preset``."""

    url: str | None = None
    setup: Names = ()
    preset: Annotated[str, AfterValidator(_preset)] | None = None


class PlanningTable(_Table):
    """``[planning]``: sizes are rows and bytes (``"64 MB"``), timeouts milliseconds (``"2s"``).

    ``backup = "table"`` keeps what drops would lose in the schema ``migplan``; ``keep_old`` drops tables only after one
    more checkpoint. ``dual_write = "application"``: renamed columns are written twice by the application, by three
    deploys, and not by a trigger.
    """

    small_table_rows: Annotated[int, Field(ge=0, strict=True)] = 10_000
    small_table_bytes: Quantity = 64 * 1024 * 1024
    batch_rows: Annotated[int, Field(gt=0, strict=True)] = 5_000
    lock_timeout: Quantity = 2_000
    statement_timeout: Quantity = 7_000
    dual_write: Literal["trigger", "application"] = "trigger"
    backup: Literal["none", "table"] = "none"
    keep_old: StrictBool = False


class PolicyTable(_Table):
    """``[policy]``: rules or severities whose findings ``refuse`` a plan; rules, or rules on objects, to ``allow``,
    each with a reason; another ``severity`` by rule."""

    refuse: Names = ()
    allow: Mapping[str, str] = {}
    severity: Mapping[str, Literal["off", "note", "warning", "danger"]] = {}


class StageTable(_Table):
    """``[stages.NAME]``: what a run there demands: that the plan ran on the stages ``after`` which it comes, an
    ``approval``, an attested ``backup``."""

    after: Names = ()
    approval: StrictBool = False
    backup: StrictBool = False


class HooksTable(_Table):
    """``[hooks]``: shell commands ``before`` each window and after it (``smoke``), and how long either may take."""

    before: str | None = None
    smoke: str | None = None
    timeout: Quantity = 600_000


class Config(_Table):
    """All of migplan.toml. ``path`` is the file it was read from, None where there is none.

    ``schema_command`` prints the declared side as SQL, alone or, where ``schema`` is written too, beside its files.
    """

    schema_paths: Annotated[Names, Field(alias="schema")] = ("schemas",)
    schema_command: str | None = None
    plans: str = "plans"
    targets: Mapping[str, TargetTable] = {}
    manage: ManageTable = ManageTable()
    shadow: ShadowTable = ShadowTable()
    planning: PlanningTable = PlanningTable()
    policy: PolicyTable = PolicyTable()
    stages: Mapping[str, StageTable] = {}
    hooks: HooksTable = HooksTable()
    windows: Annotated[tuple[Annotated[str, AfterValidator(_window)], ...], BeforeValidator(_list)] = ()
    path: Path | None = None

    def resolve(self, path: str) -> Path:
        """A path of the file, which is relative to the folder that the file lies in."""
        return Path(path) if self.path is None else self.path.parent / path

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
    if not file.is_file():
        if path is not None:
            raise ConfigError(
                "there is no such file", place=str(path), hint="Name another --config; migplan init writes one."
            )
        return Config()
    text = _read(file)
    try:
        return Config.model_validate({**tomllib.loads(text), "path": file.absolute()})
    except tomllib.TOMLDecodeError as error:
        raise _toml_error(error, text, file) from None
    except ValidationError as error:
        raise _config_error(error, text, file) from None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"can't read the file: {error.strerror}", place=str(file)) from error
    except UnicodeDecodeError as error:
        raise ConfigError("the file is not UTF-8 text", place=str(file), hint="Convert it to UTF-8.") from error


def _toml_error(error: tomllib.TOMLDecodeError, text: str, file: Path) -> ConfigError:
    found = _TOML_PLACE.search(str(error))
    line, column = (found[1], found[2]) if found and found[1] else (str(text.count("\n") + 1), "1")
    return ConfigError(
        f"not valid TOML: {_TOML_PLACE.sub('', str(error))}",
        place=f"{file}:{line}:{column}",
        hint='Strings stand in quotes, lists in brackets: schema = ["schemas"]',
    )


def _config_error(error: ValidationError, text: str, file: Path) -> ConfigError:
    first = error.errors(include_input=False, include_url=False)[0]
    keys = [str(key) for key in first["loc"] if isinstance(key, str)]
    name = ".".join(keys)
    place = f"{file}:{line_of(text, keys)}"
    if first["type"] == "extra_forbidden":
        known = ", ".join(_known_keys(keys[:-1]))
        return ConfigError(f"unknown key {name}", place=place, hint=f"Known here: {known}." if known else None)
    wanted = _WANTED.get(first["type"]) or first["msg"].removeprefix("Value error, ")
    return ConfigError(
        f"{name}: {wanted}", place=place, hint="Correct the line, or remove it: every setting has a default."
    )


def _known_keys(table: list[str]) -> list[str]:
    model: Any = Config
    for key in table:
        field = model.model_fields.get(key) if hasattr(model, "model_fields") else None
        model = _NAMED.get(table[0]) or getattr(field, "annotation", None)
    fields = getattr(model, "model_fields", {})
    return [field.alias or name for name, field in fields.items() if name != "path"]


_NAMED: Final[Mapping[str, Any]] = {"targets": TargetTable, "stages": StageTable}
"""Tables whose own keys are names that people choose."""


def line_of(text: str, keys: list[str]) -> int:
    """The line on which a key stands, from 1; that of its table, else 1, where it has no line of its own."""
    table, found = list[str](), 1
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line)
        if header:
            table = [part.strip().strip("\"'") for part in header[1].split(".")]
        key = re.match(r"\s*[\"']?([\w.-]+)[\"']?\s*=", line)
        here = [*table, *key[1].split(".")] if key and not header else table
        if here == keys:
            return number
        if header and keys[: len(table)] == table:
            found = number
    return found


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
