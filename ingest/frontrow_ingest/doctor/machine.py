"""This machine: room for what is refused, and keys that only their owner reads."""

from __future__ import annotations

import re
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from frontrow_ingest.contract.pseudonym import MIN_KEY_BYTES
from frontrow_ingest.doctor.finding import Finding

KEY_VARIABLE = "FRONTROW_VIEWER_KEY"
FILE_VARIABLE = "FRONTROW_VIEWER_KEY_FILE"
MIN_FREE_GB = 1.0
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}:(?:[0-9a-fA-F]{2})+")
_MEND = "a key is EPOCH:HEX, of at least 16 random bytes"


def examine_disk(directory: Path) -> Finding:
    """Room where refused lines and spools are written."""
    free = shutil.disk_usage(directory).free / 1e9
    text = f"{free:,.1f} GB free at {directory.absolute()}"
    return Finding("disk", free >= MIN_FREE_GB, text, f"make room: at least {MIN_FREE_GB:g} GB")


def examine_keys(file: Path | None, environment: Mapping[str, str]) -> Finding:
    """The keys of viewer pseudonyms, of a file or the environment. What they are is not shown."""
    path = file or (Path(environment[FILE_VARIABLE]) if environment.get(FILE_VARIABLE) else None)
    if path is None:
        text = environment.get(KEY_VARIABLE, "")
        if not text:
            return Finding("keys", True, "none here; only raw viewer ids need one")
        return _judged([text], KEY_VARIABLE)
    try:
        mode = path.stat().st_mode
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        return Finding("keys", False, f"{path} cannot be read ({type(error).__name__})", "name the file, or mend it")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding("keys", False, f"{path} is open to others", f"chmod 600 {path}")
    return _judged([line for line in lines if line.strip() and not line.startswith("#")], str(path))


def _judged(keys: list[str], where: str) -> Finding:
    if not keys:
        return Finding("keys", False, f"{where} holds no key", _MEND)
    for number, key in enumerate(keys, 1):
        found = _KEY.fullmatch(key.strip())
        if found is None or len(key.strip().partition(":")[2]) < 2 * MIN_KEY_BYTES:
            return Finding("keys", False, f"key {number} of {where} cannot be used", _MEND)
    epoch = keys[-1].strip().partition(":")[0]
    return Finding("keys", True, f"{len(keys)} in {where}; the current epoch is {epoch}")
