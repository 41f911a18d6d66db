"""The tables in which other migration tools keep what they have run: nobody declares them, and they must stay."""

from __future__ import annotations

from typing import Final

from migplan.core.model import Catalog

_NAMES: Final = frozenset(
    """
    __diesel_schema_migrations __drizzle_migrations __EFMigrationsHistory _prisma_migrations _sqlx_migrations
    _yoyo_log _yoyo_migration _yoyo_version alembic_version ar_internal_metadata atlas_schema_revisions
    bun_migration_locks bun_migrations databasechangelog databasechangeloglock dbix_class_deploymenthandler_versions
    django_migrations doctrine_migration_versions flyway_schema_history goose_db_version gorp_migrations
    knex_migrations knex_migrations_lock kysely_migration kysely_migration_lock mikro_orm_migrations pgmigrations
    phinxlog refinery_schema_history schema_migrations seaql_migrations SequelizeMeta yoyo_lock
    """.split()
)


def is_history(name: str) -> bool:
    """Whether a table of this name is one in which a migration tool keeps what it has run."""
    return name in _NAMES


def histories(catalog: Catalog) -> tuple[str, ...]:
    """Patterns for ``[manage] ignore`` of those that are there, with their sequences."""
    found = sorted(id.name for id in catalog.objects if id.kind == "table" and is_history(id.path[-1]))
    return tuple(f"{name}*" if not name.endswith('"') else f"{name[:-1]}*" for name in found)
