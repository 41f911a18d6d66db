"""``python -m migplan.orm.django``: the tables of Django's installed models as SQL, by Django's schema editor.

``DJANGO_SETTINGS_MODULE`` names the settings. Django asks the database that they name for its version; nothing is
changed there.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any


def main() -> int:
    """Print what the migrations of all models would amount to on an empty database."""
    sys.path.insert(0, "")
    importlib.import_module("django").setup()
    for statement in statements():
        print(statement if statement.rstrip().endswith(";") else f"{statement};")
    return 0


def statements() -> list[str]:
    """Every managed model's table with its indexes and constraints, and many-to-many tables."""
    database: Any = importlib.import_module("django.db")
    registry: Any = importlib.import_module("django.apps").apps
    with database.connection.schema_editor(collect_sql=True, atomic=False) as editor:
        for model in registry.get_models():
            if model._meta.managed and not model._meta.proxy and not model._meta.swapped:
                editor.create_model(model)
    return [str(statement) for statement in editor.collected_sql]


if __name__ == "__main__":
    sys.exit(main())
