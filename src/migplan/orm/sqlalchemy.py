"""``python -m migplan.orm.sqlalchemy MODULE:NAME``: SQLAlchemy's metadata, or a declarative base, as SQL.

SQLAlchemy compiles the DDL itself, for PostgreSQL; nothing is connected to.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any


def main(arguments: list[str]) -> int:
    """Print what ``MetaData.create_all`` would run on an empty database."""
    if len(arguments) != 1 or ":" not in arguments[0]:
        print(
            "usage: python -m migplan.orm.sqlalchemy MODULE:NAME (a MetaData, or a declarative base)",
            file=sys.stderr,
        )
        return 2
    module, _, path = arguments[0].partition(":")
    sys.path.insert(0, "")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    for statement in statements(getattr(found, "metadata", found)):
        print(f"{statement.strip()};\n")
    return 0


def statements(metadata: Any) -> list[str]:
    """The metadata's DDL: types, tables in order of their references, indexes, comments."""
    sqlalchemy: Any = importlib.import_module("sqlalchemy")
    found: list[str] = []

    def take(statement: Any, *_: Any, **__: Any) -> None:
        found.append(str(statement.compile(dialect=engine.dialect)))

    engine = sqlalchemy.create_mock_engine("postgresql+psycopg://", take)
    schemas = {table.schema for table in metadata.tables.values() if table.schema}
    found += [
        f"CREATE SCHEMA IF NOT EXISTS {engine.dialect.identifier_preparer.quote(name)}" for name in sorted(schemas)
    ]
    metadata.create_all(engine, checkfirst=False)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
