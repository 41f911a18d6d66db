"""What the ``rename-value`` directives ask for: labels of enums that are renamed in place, and those that are already.

A label is told by an id of kind ``label`` under its enum's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from migplan.core.changes import Rename
from migplan.core.directives import Directive
from migplan.core.errors import DirectiveError
from migplan.core.model import Catalog
from migplan.kinds.enum import Enum
from migplan.planning.names.renames_wanted import Wanted
from migplan.strategies.types.mapped_labels import label_pairs

DIRECTIVE: Final = "rename-value"
LABEL: Final = "label"


def relabelled(directives: Iterable[Directive], world: Catalog, after: Catalog) -> Wanted:
    """The renames that are to be made in ``world``. Raises ``DirectiveError`` for labels that neither side has."""
    found = Wanted()
    for directive in directives:
        assert directive.target is not None
        there, declared = world.get(directive.target, Enum), after.get(directive.target, Enum)
        if declared is None:
            raise DirectiveError(f"{directive.target} is no enum", place=directive.place)
        for old, new in label_pairs(directive.argument).items():
            if there is None or (new in there.labels and old not in there.labels):
                found.notes.append(f"{directive.place}: {declared.id} has {new} already; there is nothing to rename")
            elif old not in there.labels or new in there.labels or new not in declared.labels or old in declared.labels:
                raise _contradicting(directive, declared, old, new)
            else:
                found.renames.append(Rename(declared.id.child(LABEL, old), declared.id.child(LABEL, new)))
    return found


def _contradicting(directive: Directive, enum: Enum, old: str, new: str) -> DirectiveError:
    return DirectiveError(
        f"{enum.id} can't have its label {old} renamed to {new}: the database must have the one, the declaration the"
        " other, and neither both",
        place=directive.place,
        hint="Where both have been added, -- migplan: values OLD => NEW moves the rows.",
    )
