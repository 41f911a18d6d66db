"""Pairs of schemas that a server takes, as scripts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.properties.wild.edits import pair
from tests.properties.wild.model import forget_renames, statements
from tests.properties.wild.rows import inserts
from tests.properties.wild.sieve import QUIET, sifted

if TYPE_CHECKING:
    from collections.abc import Iterable

_SCHEMA: Final = re.compile(r'^CREATE SCHEMA ("[^"]+"|\w+)$', re.M)


@dataclass(frozen=True)
class Example:
    """Two scripts, rows for the former, the edits in between, and the schemas of both."""

    old: str
    new: str
    rows: str
    edits: tuple[str, ...]
    schemas: tuple[str, ...]


def example(url: str, seed: int) -> Example:
    """The pair of that number, as far as the server of ``url`` (an empty database) takes it."""
    drawn = pair(seed)
    old = sifted(url, statements(drawn.old))
    forget_renames(drawn.new, drawn.old, set(old))
    new = sifted(url, statements(drawn.new))
    rows = _lasting(url, sifted(url, inserts(drawn.old), old), old)
    schemas = {name.strip('"') for s in (*old, *new) for name in _SCHEMA.findall(s)}
    return Example(_script(old), _script(new), _script(rows), drawn.edits, ("public", *sorted(schemas)))


def _lasting(url: str, rows: list[str], old: list[str]) -> list[str]:
    """The rows that pass without those that were tried in vain: sequences count them as well."""
    while (left := sifted(url, rows, old, retried=False)) != rows:
        rows = left
    return rows


def _script(found: Iterable[str]) -> str:
    return "".join(f"{statement};\n" for statement in (QUIET, *found))
