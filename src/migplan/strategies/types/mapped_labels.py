"""The directive ``values OLD => NEW``: what becomes of rows that hold a label which an enum loses."""

from __future__ import annotations

from collections.abc import Mapping

from migplan.core.directives import Directives
from migplan.kinds.enum import Enum


def mapped_labels(directives: Directives, old: Enum, new: Enum) -> Mapping[str, str]:
    """The labels that go, each with the declared one that rows get instead; what isn't said is missing."""
    argument = directives.get(new.id, "values")
    if argument is None:
        return {}
    said = label_pairs(argument)
    return {o: n for o, n in said.items() if o in old.labels and o not in new.labels and n in new.labels}


def label_pairs(argument: str) -> dict[str, str]:
    """``OLD => NEW, …`` as labels by labels."""
    return dict(_pair(text) for text in argument.split(","))


def _pair(text: str) -> tuple[str, str]:
    old, _, new = text.partition("=>")
    return _label(old), _label(new)


def _label(text: str) -> str:
    bare = text.strip()
    quoted = len(bare) > 1 and bare[0] == bare[-1] == "'"
    return bare[1:-1].replace("''", "'") if quoted else bare
