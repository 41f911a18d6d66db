"""The profiles of the properties: a small fixed one, and a long random one by ``MIGPLAN_PROPERTIES=long``."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

_QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture)
_UNSHRUNK = tuple(phase for phase in Phase if phase not in (Phase.shrink, Phase.explain))
"""Shrinking takes minutes; the note of a failure holds both schemas, from which a case folder is soon made."""
settings.register_profile(
    "fixed",
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    phases=_UNSHRUNK,
    suppress_health_check=_QUIET,
)
settings.register_profile(
    "long", max_examples=400, deadline=None, print_blob=True, phases=_UNSHRUNK, suppress_health_check=_QUIET
)
settings.load_profile(os.environ.get("MIGPLAN_PROPERTIES", "fixed"))
