"""Reading migplan.toml, and errors that name the line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Final, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from migplan.core.errors import ConfigError
from migplan.source.configuration.config import Config

_TOML_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_WANTED: Final = {
    "tuple_type": "write a list of strings",
    "string_type": "write a string in quotes",
    "bool_type": "write true or false",
    "int_type": "write a whole number",
    "dataclass_type": "write a table of settings",
    "dict_type": "write a table of settings",
    "mapping_type": "write a table of settings",
}
"""What values of a wrong type are answered with, by pydantic's name of the mistake."""


def config_of(file: Path) -> Config:
    """The file's settings. Raises ``ConfigError`` as ``read_config`` does."""
    text = _read(file)
    try:
        return TypeAdapter(Config).validate_python({**tomllib.loads(text), "path": file.absolute()})
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
    if first["type"] == "unexpected_keyword_argument":
        known = ", ".join(_known_keys(keys[:-1]))
        return ConfigError(f"unknown key {name}", place=place, hint=f"Known here: {known}." if known else None)
    wanted = _WANTED.get(first["type"]) or first["msg"].removeprefix("Value error, ")
    return ConfigError(
        f"{name}: {wanted}", place=place, hint="Correct the line, or remove it: every setting has a default."
    )


def _known_keys(table: list[str]) -> list[str]:
    """The keys of a table; those of ``[targets.NAME]`` are the same for every name."""
    found: Any = Config
    for key in table:
        if is_dataclass(found):
            found = get_type_hints(found)[key]
        elif get_origin(found) is Mapping:
            found = get_args(found)[1]
    return [f.name for f in fields(found) if f.name != "path"] if is_dataclass(found) else []


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
