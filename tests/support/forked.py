"""The command as a process of its own that is forked from one which has imported it: a third of a second less a start.

``run`` starts this module once for all; a process is forked from it for each command, with its own arguments, folder,
environment and files for its output. What imports cost, or print, is the business of those that start ``migplan``.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import io
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NEEDED = (
    "typer",
    "migplan.cli.main",
    "migplan.cli.endings",
    "migplan.cli.inputs",
    "migplan.cli.plan",
    "migplan.cli.diff",
)
"""What most commands import; they import the rest by themselves."""


def run(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Exit status, negative where a signal ended it, and what it printed; stdin is closed."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    with TemporaryDirectory() as place:
        out, err = Path(place, "out"), Path(place, "err")
        job = {"arguments": list(arguments), "folder": str(folder), "environment": dict(environment)}
        server.stdin.write(json.dumps({**job, "out": str(out), "err": str(err)}) + "\n")
        server.stdin.flush()
        status = int(server.stdout.readline())
        return status, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")


@functools.cache
def _server() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.forked"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.communicate()


def _serve() -> None:
    for module in NEEDED:
        importlib.import_module(module)
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            _child(job)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _child(job: dict[str, Any]) -> None:
    """Runs the command as the interpreter would have, to its end."""
    status = 1
    try:
        for number, (name, flags) in enumerate(
            ((os.devnull, os.O_RDONLY), (job["out"], os.O_WRONLY | os.O_CREAT), (job["err"], os.O_WRONLY | os.O_CREAT))
        ):
            os.dup2(os.open(name, flags), number)
        sys.stdin, sys.stdout, sys.stderr = (
            io.TextIOWrapper(io.FileIO(number, mode, closefd=False), encoding="utf-8", write_through=True)
            for number, mode in ((0, "r"), (1, "w"), (2, "w"))
        )
        os.chdir(job["folder"])
        os.environ.clear()
        os.environ.update(job["environment"])
        sys.argv = ["migplan", *job["arguments"]]
        importlib.import_module("migplan.cli.main").main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    try:
        atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage] - there is no other way to an end like any
    finally:
        os._exit(status)


if __name__ == "__main__":
    _serve()
