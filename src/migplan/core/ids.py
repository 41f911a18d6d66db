"""The identity of database objects: an open pair of a kind's name and a path of raw names."""

from __future__ import annotations

from typing import NamedTuple

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_$")


class ObjectId(NamedTuple):
    """``kind`` is a kind's name (``table``), ``path`` its raw, unquoted names (``("public", "users")``).

    Functions carry their argument types as the last element of the path: ``("public", "f", "integer, text")``.
    """

    kind: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.name}"

    @property
    def name(self) -> str:
        """The path in SQL's dotted form, quoted where it has to be: ``public."User".id``."""
        if self.kind in CALLABLE:
            *names, arguments = self.path
            return f"{'.'.join(map(_quoted, names))}({arguments})"
        return ".".join(map(_quoted, self.path))

    def child(self, kind: str, name: str) -> ObjectId:
        """The id of an object whose path extends this one's."""
        return ObjectId(kind, (*self.path, name))

    def parent(self, kind: str) -> ObjectId:
        """The id of the object of ``kind`` whose path this one extends by one name."""
        return ObjectId(kind, self.path[:-1])


CALLABLE = frozenset({"function", "procedure", "aggregate"})


def _quoted(name: str) -> str:
    plain = bool(name) and not name[0].isdigit() and name[0] != "$" and _PLAIN.issuperset(name)
    return name if plain else '"' + name.replace('"', '""') + '"'
