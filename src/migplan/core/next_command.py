"""Command lines to go on with."""

from __future__ import annotations

import shlex
from pathlib import Path


def next_command(verb: str, path: Path | str, *rest: object) -> str:
    """``migplan VERB PATH …``; what of the rest is empty is left out."""
    return " ".join(str(part) for part in ("migplan", verb, shlex.quote(str(path)), *rest) if part != "")
