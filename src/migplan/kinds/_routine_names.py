"""The name at the head of a routine's definition, as pg_get_functiondef prints it."""

from __future__ import annotations

import re
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.sql import ident

_NAME: Final = r'(?:"(?:[^"]|"")*"|[^".(]+)'
_HEAD: Final = re.compile(rf"(?P<keyword>FUNCTION|PROCEDURE) {_NAME}\.{_NAME}(?=\()")


def without_name(definition: str) -> str:
    """``FUNCTION public.f(a integer) …`` without the name, quoted or not."""
    return _HEAD.sub(r"\g<keyword> ", definition, count=1)


def under_name(definition: str, id: ObjectId) -> str:
    """The same definition under the name of ``id``."""
    return _HEAD.sub(lambda head: f"{head['keyword']} {ident(*id.path[:2])}", definition, count=1)
