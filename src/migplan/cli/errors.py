"""How errors reach a person: one paragraph on stderr, no stack trace, no password, the right exit status."""

from __future__ import annotations

import sys

from migplan.core.errors import MigplanError


def report(error: MigplanError) -> int:
    """Print the error and what to do next; gives the exit status."""
    from migplan.source.connect import redact

    print(f"error: {redact(str(error))}", file=sys.stderr)
    if error.hint:
        print(f"hint: {redact(error.hint)}", file=sys.stderr)
    return error.exit_code
