"""What migplan.toml says of findings: their weights, which are allowed and why, which refuse a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from migplan.core.records import record
from migplan.findings.weights import RANKS, Level, Severity

if TYPE_CHECKING:
    from migplan.findings.base import Rule
    from migplan.findings.model import FindingModel

SEVERITIES = ("note", "warning", "danger")
STYLE = "style"
"""In ``[policy.severity]``, all rules that are off by themselves."""


@record
class Policy:
    """``refuse``: rules, or severities (and what is graver). ``severity``: another weight by rule, or by "style".

    ``allow``: reasons by rule, or by a rule and a pattern of objects (``data-loss table public.old_*``).
    """

    refuse: tuple[str, ...] = ()
    allow: Mapping[str, str] = field(default_factory=dict[str, str])
    severity: Mapping[str, Level] = field(default_factory=dict[str, Level])

    def level(self, rule: Rule) -> Level:
        """The rule's weight under this policy."""
        if rule.severity == "off":
            return self.severity.get(rule.id, self.severity.get(STYLE, "off"))
        return self.severity.get(rule.id, rule.severity)

    def weight(self, rule: Rule, own: Severity | None) -> Severity | None:
        """The weight of one finding, None where the rule is off; what the policy says goes before the rule's own."""
        level = self.level(rule)
        if level == "off":
            return None
        return level if own is None or rule.id in self.severity else own

    def reason(self, finding: FindingModel) -> str | None:
        """Why the policy allows a finding, or None."""
        for key, reason in self.allow.items():
            rule, _, pattern = key.partition(" ")
            if rule == finding.rule and (not pattern or fnmatchcase(finding.object or "", pattern.strip())):
                return reason
        return None

    def refuses(self, finding: FindingModel) -> bool:
        """Whether a finding that nothing allows is one that no plan may have."""
        if finding.allowed is not None:
            return False
        bar = min((RANKS[name] for name in self.refuse if name in SEVERITIES), default=len(RANKS))
        return finding.rule in self.refuse or RANKS[finding.severity] >= bar
