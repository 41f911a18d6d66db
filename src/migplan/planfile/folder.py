"""The plan's folder: written whole or not at all, read with its integrity checked."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from pydantic import ValidationError

from migplan.core.errors import PlanFileError
from migplan.core.next_command import next_command
from migplan.core.records import record
from migplan.planfile.model import FORMAT_VERSION, PlanModel

PLAN, REVIEW = "plan.json", "review.md"
_OURS: Final = re.compile(r"plan\.json|review\.(md|html)|w\d+_\d_\w+\.(up|down)\.sql")
_EDITED = "If you edited it on purpose, run 'migplan verify' to prove and seal it again."


@record
class PlanFolder:
    """A plan on disk: its model, and the texts of its SQL files by name."""

    path: Path
    plan: PlanModel
    files: Mapping[str, str]


def digest(plan: PlanModel, files: Mapping[str, str]) -> str:
    """sha256 over the plan (without its digest) and every SQL file, in order of name."""
    return _digest(plan.model_dump(mode="json"), files)


def _digest(content: dict[str, Any], files: Mapping[str, str]) -> str:
    """The same of what a plan is written as."""
    sha = hashlib.sha256()
    sha.update(_canonical(content).encode())
    for name in sorted(files):
        text = files[name]
        sha.update(f"\0{name}\0{len(text.encode())}\0{text}".encode())
    return sha.hexdigest()


def _canonical(content: dict[str, Any]) -> str:
    """Without the fields that came later, where they are unset: plans from before keep their digest."""
    steps = [{**_set(s, "batches"), "down": _set(s["down"], "batches", "measured")} for s in content["steps"]]
    told = {**_set(content, "small"), "steps": steps}
    told.pop("digest", None)
    return json.dumps(told, sort_keys=True, ensure_ascii=False)


def _set(content: Mapping[str, Any], *later: str) -> dict[str, Any]:
    unset = {name for name in later if content.get(name) is None}
    return {name: value for name, value in content.items() if name not in unset}


def sealed(plan: PlanModel, files: Mapping[str, str]) -> PlanModel:
    """The plan with its digest set."""
    return plan.model_copy(update={"digest": digest(plan, files)})


def write_folder(path: Path, plan: PlanModel, files: Mapping[str, str], extra: Mapping[str, str]) -> PlanFolder:
    """Write the folder beside its place and rename it there: it appears whole or not at all.

    ``extra`` are files that the digest doesn't cover (review.md). An existing folder is replaced only if it is a
    plan's; what others laid into it stays. Raises ``PlanFileError`` for anything the file system refuses.
    """
    complete = sealed(plan, files)
    contents = {PLAN: complete.model_dump_json(indent=2) + "\n", **files, **extra}
    _must_be_a_plans(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise _refused(path, error) from error
    try:
        _keep_foreign(path, staging)
        for name, text in contents.items():
            _write(staging / name, text)
        staging.chmod(0o755)
        _swap(staging, path)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return PlanFolder(path, complete, dict(files))


def refuse_to_replace(path: Path) -> None:
    """Raises ``PlanFileError`` where a new plan would take the place of something else, or of work done by hand."""
    _must_be_a_plans(path)
    if not (path / PLAN).is_file():
        return
    try:
        read_folder(path)
    except PlanFileError as error:
        raise PlanFileError(
            f"{path} holds a plan that isn't as it was sealed ({error})",
            hint=f"Seal it ({next_command('verify', path)}), remove it, or choose another --out.",
        ) from error


def _must_be_a_plans(path: Path) -> None:
    if path.exists() and not (path / PLAN).is_file() and any(path.iterdir() if path.is_dir() else [path]):
        raise PlanFileError(f"{path} exists and is not a plan's folder", hint="Choose another --out.")


def _refused(path: Path, error: OSError) -> PlanFileError:
    return PlanFileError(
        f"can't write {path}: {error.strerror}",
        hint="Nothing was left behind. Make room, or name another place with --out.",
    )


def _keep_foreign(path: Path, staging: Path) -> None:
    """What of an existing folder isn't ours: notes, approvals."""
    if not path.is_dir():
        return
    for entry in path.iterdir():
        if _OURS.fullmatch(entry.name):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, staging / entry.name, symlinks=True)
        else:
            shutil.copy2(entry, staging / entry.name, follow_symlinks=False)


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _swap(staging: Path, path: Path) -> None:
    if not path.exists():
        staging.rename(path)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{path.name}.old.", dir=path.parent))
    path.rename(old / path.name)
    try:
        staging.rename(path)
    except OSError:
        (old / path.name).rename(path)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def read_folder(path: Path, *, check: bool = True) -> PlanFolder:
    """The plan in a folder. With ``check``, a plan whose files aren't those that were sealed is refused."""
    document = path / PLAN
    if not document.is_file():
        raise PlanFileError(f"{path} holds no {PLAN}", hint="Name the folder that 'migplan plan' wrote.")
    content, plan = _parse(document)
    names = sorted({n for w in plan.windows for p in w.phases for n in (p.up, p.down)})
    files: dict[str, str] = {}
    for name in names:
        file = path / name
        if not file.is_file():
            raise PlanFileError(f"the plan lacks its file {name}", place=str(path), hint="Restore it, or plan anew.")
        files[name] = _text(file)
    if check and _digest(content, files) != plan.digest:
        raise PlanFileError("the plan was edited since it was sealed", place=str(path), hint=_EDITED)
    return PlanFolder(path, plan, files)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise PlanFileError(f"can't be read: {error.strerror}", place=str(file)) from error
    except UnicodeDecodeError as error:
        raise PlanFileError("is not UTF-8 text", place=str(file), hint="Restore it, or plan anew.") from error


def _parse(document: Path) -> tuple[dict[str, Any], PlanModel]:
    """The plan as it is written, and as what it is."""
    try:
        raw: object = json.loads(document.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PlanFileError(
            f"is not readable JSON: {error}",
            place=str(document),
            hint="It may be truncated; restore it, or plan anew.",
        ) from error
    version = cast("dict[str, object]", raw).get("format_version") if isinstance(raw, dict) else None
    if version != FORMAT_VERSION:
        raise PlanFileError(
            "says no format_version"
            if version is None
            else f"has format version {version}, this migplan reads {FORMAT_VERSION}",
            place=str(document),
            hint="Use the migplan that made it, or plan anew.",
        )
    try:
        return cast("dict[str, Any]", raw), PlanModel.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PlanFileError(
            f"{where}: {first['msg']}", place=str(document), hint="Restore it, or plan anew."
        ) from error
