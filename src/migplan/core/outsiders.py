"""Objects that nobody manages and that stand on managed ones."""

from __future__ import annotations

from typing import NamedTuple


class Outsider(NamedTuple):
    """``what`` it is in PostgreSQL's words (``view``, ``table constraint``), and its name as SQL writes it."""

    what: str
    name: str

    def __str__(self) -> str:
        return f"{self.what} {self.name}"
