"""This machine: room for what is refused, and keys that only their owner reads."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from frontrow_ingest.contract import FILE_VARIABLE, KEY_VARIABLE, ViewerKeys
from frontrow_ingest.contract.errors import ViewerKeyError
from frontrow_ingest.doctor.finding import Finding

MIN_FREE_GB = 1.0


def examine_disk(directory: Path) -> Finding:
    """Room where refused lines and spools are written."""
    free = shutil.disk_usage(directory).free / 1e9
    text = f"{free:,.1f} GB free at {directory.absolute()}"
    return Finding("disk", free >= MIN_FREE_GB, text, f"make room: at least {MIN_FREE_GB:g} GB")


def examine_keys(file: Path | None, environment: Mapping[str, str]) -> Finding:
    """The keys of viewer pseudonyms, of a file or the environment. What they are is not shown."""
    path = file or (Path(environment[FILE_VARIABLE]) if environment.get(FILE_VARIABLE) else None)
    if path is None and not environment.get(KEY_VARIABLE):
        return Finding("keys", True, "none here; only raw viewer ids need one")
    try:
        keys = ViewerKeys.from_environment(environment) if path is None else ViewerKeys.from_file(path)
    except ViewerKeyError as error:
        return Finding("keys", False, "not usable", str(error))
    return Finding("keys", True, f"in {path or KEY_VARIABLE}; the current epoch is {keys.epoch}")
