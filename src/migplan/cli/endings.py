"""How a run ends that doesn't end by itself: an error, a signal, a closed pipe, a full disk, a bug of ours."""

from __future__ import annotations

import atexit
import codecs
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Final

TRACE_VARIABLE: Final = "MIGPLAN_TRACEBACK"
_ESCAPE: Final = "migplan-escape"
_SIGNALS: Final = ("SIGTERM", "SIGHUP")


class Terminated(KeyboardInterrupt):
    """A signal that asks for an end; it unwinds like Ctrl-C, so that scratch databases are dropped."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def on_termination_signals() -> None:
    """End in order at SIGTERM and SIGHUP, as at Ctrl-C; one that is ignored (nohup) stays so."""
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _terminate)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated(number)


def leave_at_once(status: Sequence[int]) -> None:
    """When all is done, leave with the status without taking the heap apart, object by object.

    To be called first, for what is registered first is called last: scratch servers have been stopped by then.
    """
    atexit.register(_leave, status)


def _leave(status: Sequence[int]) -> None:
    if not status:
        return
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # None where it was closed
            stream.flush()
    os._exit(status[0])


def tolerate_narrow_encodings() -> None:
    """What the encoding of an output lacks is written as JSON writes it, and is no error."""
    codecs.register_error(_ESCAPE, _escaped)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=_ESCAPE)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2)), error.end


def ending(error: BaseException) -> int:
    """Say on stderr why the run ended, and give its exit status."""
    from migplan.core.errors import MigplanError

    if os.environ.get(TRACE_VARIABLE):
        import traceback

        traceback.print_exception(error)
    match error:
        case MigplanError():
            from migplan.cli.errors import report

            return report(error)
        case Terminated():
            return _say(f"terminated: {_left(error)}", 128 + error.number)
        case KeyboardInterrupt():
            return _say(f"interrupted: {_left(error)}", 130)
        case BrokenPipeError():
            _abandon_output()
            return 0
        case OSError():
            return _os_error(error)
        case _:
            return _unexpected(error)


def _left(error: BaseException) -> str:
    return "; ".join(getattr(error, "__notes__", [])) or "nothing was left half-written"


def _os_error(error: OSError) -> int:
    where = f" {error.filename}" if error.filename else " the output"
    _abandon_output()
    return _say(f"can't read or write{where}: {error.strerror or error}", 1)


def _unexpected(error: BaseException) -> int:
    import psycopg

    from migplan.source.connect import redact

    said = redact(" ".join(str(error).split())) or "no message"
    if isinstance(error, psycopg.OperationalError):
        return _say(f"the server ended the work: {said}", 1, "Look into the server's log, then run it again.")
    return _say(
        f"{type(error).__name__}: {said}",
        1,
        f"This is a bug of migplan: please report it, with what {TRACE_VARIABLE}=1 in the environment adds.",
    )


def _say(message: str, status: int, hint: str | None = None) -> int:
    print(f"error: {message}", file=sys.stderr)
    if hint:
        print(f"hint: {hint}", file=sys.stderr)
    return status


def _abandon_output() -> None:
    """Nobody reads stdout, or it is full: what is left in its buffer must not fail once more at the end."""
    if sys.stdout is not sys.__stdout__:
        return
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return
