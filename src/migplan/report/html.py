"""The review as one HTML file that needs nothing else: for people who would rather look."""

from __future__ import annotations

from migplan.planfile.folder import PlanFolder
from migplan.report.markdown import environment
from migplan.report.matrix import COLUMNS
from migplan.report.review import review


def html(folder: PlanFolder) -> str:
    """The review of the plan in ``folder``, as a complete document without scripts or outside references."""
    return environment().get_template("review.html.j2").render(r=review(folder), columns=COLUMNS)
