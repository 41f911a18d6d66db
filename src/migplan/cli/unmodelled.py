"""What migplan doesn't model and never touches: named, or with --strict an error."""

from __future__ import annotations

import sys

from migplan.core.errors import UnsupportedError
from migplan.core.model import Catalog
from migplan.core.wording import listed


def refuse_unmodelled(*catalogs: Catalog) -> None:
    """With --strict it is an error."""
    if found := _names(catalogs):
        raise UnsupportedError(
            f"not modelled: {', '.join(found)}", hint="Leave out --strict to plan around them; they are never touched."
        )


def note_unmodelled(*catalogs: Catalog) -> None:
    """One line about it, since the differences that are shown know nothing of it."""
    if found := _names(catalogs):
        print(f"note: not modelled, and left alone: {listed(found, limit=5)}", file=sys.stderr)


def _names(catalogs: tuple[Catalog, ...]) -> list[str]:
    return sorted({f"{u.what} {u.name}" for catalog in catalogs for u in catalog.unmodelled})
