"""The profiles of the properties: a few fixed examples each, or as many random ones as ``MIGPLAN_EXAMPLES`` says."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

_QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture)
_UNSHRUNK = tuple(phase for phase in Phase if phase not in (Phase.shrink, Phase.explain))
"""Shrinking takes minutes; the note of a failure holds both schemas, from which a case folder is soon made."""
settings.register_profile(
    "fixed",
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    phases=_UNSHRUNK,
    suppress_health_check=_QUIET,
)
_WANTED = os.environ.get("MIGPLAN_EXAMPLES")
settings.register_profile(
    "random",
    max_examples=int(_WANTED or 1),
    deadline=None,
    print_blob=True,
    phases=_UNSHRUNK,
    suppress_health_check=_QUIET,
)
settings.load_profile("random" if _WANTED else "fixed")
