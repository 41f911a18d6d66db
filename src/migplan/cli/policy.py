"""``[policy]`` of migplan.toml, with every name in it known."""

from __future__ import annotations

from collections.abc import Iterator

from migplan.core.errors import ConfigError
from migplan.findings.policy import SEVERITIES, STYLE, Policy
from migplan.source.configuration.config import FILE_NAME, Config, as_typed


def policy_of(config: Config) -> Policy:
    """The policy. Raises ``ConfigError`` with file and line for a finding that doesn't exist."""
    said = config.policy
    if names := list(_named(config)):
        _check(config, names)
    return Policy(said.refuse, said.allow, said.severity)


def _check(config: Config, names: list[tuple[list[str], str]]) -> None:
    from migplan.findings.allowances import suggestion
    from migplan.findings.registry import rules
    from migplan.lint.judge import NEEDS_DEPLOY
    from migplan.lint.registry import statement_rules

    known = {*rules(), *statement_rules(), NEEDS_DEPLOY}
    for keys, name in names:
        if name not in known:
            raise ConfigError(f"there is no finding {name!r}", place=_place(config, keys), hint=suggestion(name))


def _named(config: Config) -> Iterator[tuple[list[str], str]]:
    """Every name of a finding, with the keys that lead to it."""
    said = config.policy
    yield from ((["policy", "refuse"], name) for name in said.refuse if name not in SEVERITIES)
    yield from ((["policy", "allow", key], key.partition(" ")[0]) for key in said.allow)
    yield from ((["policy", "severity", name], name) for name in said.severity if name != STYLE)


def _place(config: Config, keys: list[str]) -> str:
    if config.path is None:
        return FILE_NAME
    from migplan.source.configuration.config_file import line_of

    text = config.path.read_text(encoding="utf-8")
    return f"{as_typed(config.path)}:{line_of(text, keys)}"
