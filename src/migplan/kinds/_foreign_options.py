"""Options of foreign data objects: read without what may be secret, and written.

A password must never reach a plan, a message or even this process. Whether two passwords are equal is of no use
either: a plan can't carry the new one, so the difference would never go away, and the declared one is mostly a
placeholder. So the values of what may be secret stay on the server: only the option's name is read, it is listed among
what isn't modelled, and no plan adds, sets or drops it. Of user mappings, which exist to hold passwords, only options
known to be harmless are read; elsewhere, all but those whose names sound like a secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from migplan.core.sql import EMPTY, Sql, ident, join, literal, sql

Options = tuple[tuple[str, str], ...]

HARMLESS_OF_MAPPINGS: Final = (
    "user",
    "username",
    "user_name",
    "remote_user",
    "password_required",
    "use_scram_passthrough",
    "sslcert",
    "sslkey",
    "gssdelegation",
)
_SECRET: Final = "(passw|passphrase|secret|token|credential|api_?key|private_?key|access_?key|(^|_)pwd(_|$))"
_REFERENCE: Final = "_(id|name|file)$"


def may_be_secret(option: str) -> str:
    """The condition that ``option``, an SQL expression for ``name=value``, may hold a secret: told by its name.

    Names that end in ``_id``, ``_name`` and ``_file`` say where the secret is, not what it is.
    """
    name = f"lower(split_part({option}, '=', 1))"
    return f"({name} ~ '{_SECRET}' AND {name} !~ '{_REFERENCE}')"


def not_known_harmless(option: str) -> str:
    """The condition that an option of a user mapping may hold a secret."""
    names = ", ".join(f"'{name}'" for name in HARMLESS_OF_MAPPINGS)
    return f"lower(split_part({option}, '=', 1)) NOT IN ({names})"


def readable(options: str, condition: str) -> str:
    """The ``text[]`` of the options for which ``condition`` (over ``o``) is false."""
    return f"(SELECT array_agg(o) FROM unnest({options}) o WHERE NOT {condition})"


def hidden_names(options: str, condition: str) -> str:
    """The sorted names of the options for which ``condition`` (over ``o``) is true, as ``text[]``."""
    return f"(SELECT array_agg(split_part(o, '=', 1) ORDER BY o) FROM unnest({options}) o WHERE {condition})"


def options_clause(options: Iterable[tuple[str, str]]) -> Sql:
    """`` OPTIONS (name 'value', …)``, empty without options."""
    pairs = [sql("{} {}", ident(k), literal(v)) for k, v in options]
    return sql(" OPTIONS ({})", join(", ", pairs)) if pairs else EMPTY


def fdw_option_changes(old: tuple[tuple[str, str], ...], new: tuple[tuple[str, str], ...]) -> Sql:
    """``OPTIONS (ADD …, SET …, DROP …)`` that turns one set of foreign options into the other."""
    before, after = dict(old), dict(new)
    items = [sql("DROP {}", ident(k)) for k in before if k not in after]
    items += [sql("SET {} {}", ident(k), literal(v)) for k, v in new if k in before and before[k] != v]
    items += [sql("ADD {} {}", ident(k), literal(v)) for k, v in new if k not in before]
    return sql("OPTIONS ({})", join(", ", items))
