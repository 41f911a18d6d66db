"""Finding what a package's modules offer, so that adding a kind, a strategy or a rule is adding a file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType


def modules(package: ModuleType) -> list[ModuleType]:
    """Every public module inside ``package`` and its packages, imported, in order of their own names."""
    return sorted(_inside(package), key=lambda m: m.__name__.rpartition(".")[2])


def _inside(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(package.__path__):
        if not found.name.startswith("_"):
            module = importlib.import_module(f"{package.__name__}.{found.name}")
            if found.ispkg:
                yield from _inside(module)
            else:
                yield module
