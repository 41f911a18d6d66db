"""Command lines to go on with."""

from __future__ import annotations

from pathlib import Path


def next_command(verb: str, path: Path, *rest: object) -> str:
    """``migplan VERB PATH …``; what of the rest is empty is left out."""
    return " ".join(str(part) for part in ("migplan", verb, path, *rest) if part != "")
