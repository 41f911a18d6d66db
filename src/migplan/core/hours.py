"""Maintenance windows: the hours of a week, in a time zone, in which steps may hold up an application."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from migplan.core.records import record

_FORM: Final = re.compile(r"(?:(Mon|Tue|Wed|Thu|Fri|Sat|Sun)|daily) (\d\d):(\d\d)-(\d\d):(\d\d)(?: (\S+))?")
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@record
class Hours:
    """``Sat 02:00-05:00 Europe/Berlin``; ``day`` is None for every day, 0 for Monday. They may reach past midnight."""

    text: str
    day: int | None
    begin: time
    end: time
    zone: ZoneInfo

    def next(self, now: datetime) -> tuple[datetime, datetime]:
        """Begin and end, in UTC, of the window that is open at ``now``, else of the next one."""
        local = now.astimezone(self.zone).date()
        spans = (self._on(local + timedelta(days=n)) for n in range(-1, 9))
        return next(s for s in spans if s is not None and now < s[1])

    def _on(self, day: date) -> tuple[datetime, datetime] | None:
        if self.day is not None and day.weekday() != self.day:
            return None
        last = day if self.begin < self.end else day + timedelta(days=1)
        begin, end = datetime.combine(day, self.begin, self.zone), datetime.combine(last, self.end, self.zone)
        return begin.astimezone(UTC), end.astimezone(UTC)


def hours(text: str) -> Hours:
    """Read one window; without a zone it is in UTC. Raises ``ValueError`` that says what is wrong."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError("write a window as 'Sat 02:00-05:00 Europe/Berlin', or 'daily …'")
    try:
        begin, end = time(int(found[2]), int(found[3])), _end(int(found[4]), int(found[5]))
    except ValueError as error:
        raise ValueError(f"there is no such time of day in {text!r}: {error}") from None
    try:
        zone = ZoneInfo(found[6] or "UTC")
    except (OSError, ValueError, KeyError):
        raise ValueError(f"there is no time zone {found[6]!r}; write one like Europe/Berlin") from None
    return Hours(text, _DAYS.index(found[1]) if found[1] else None, begin, end, zone)


def _end(hour: int, minute: int) -> time:
    """24:00 is the next day's 00:00."""
    return time(0) if (hour, minute) == (24, 0) else time(hour, minute)


def open_window(windows: Sequence[Hours], now: datetime) -> Hours | None:
    """The window that is open at that time, if one is."""
    return next((w for w in windows if w.next(now)[0] <= now), None)


def next_opening(windows: Sequence[Hours], now: datetime) -> datetime:
    """When the next window opens, in UTC; ``now`` or before where one is open."""
    return min(w.next(now)[0] for w in windows)
