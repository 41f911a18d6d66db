"""Commands that are printed can be pasted."""

from __future__ import annotations

from pathlib import Path

from migplan.core.next_command import next_command


def test_folders_are_quoted_where_a_shell_would_part_them() -> None:
    assert next_command("confirm", Path("plans/first one"), 1, "") == "migplan confirm 'plans/first one' 1"
    assert next_command("review", "plans/x", "--why", "a") == "migplan review plans/x --why a"
