"""The ``docker`` command, with errors that say what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from frontrow_ingest.errors import StackError

_ASK_LIMIT_S = 30.0
_MISSING = (
    "there is no docker command on the PATH. Install Docker (on Debian: apt install docker.io), "
    "or do without containers: frontrow stack up."
)


class ImageError(StackError):
    """An image cannot be built; says what is missing or what Docker said."""


def docker(arguments: Sequence[str], *, limit_s: float = _ASK_LIMIT_S) -> str:
    """Run ``docker`` and return what it prints.

    Raises:
        ImageError: no docker here, its engine does not answer, or the command failed
    """
    done = _run(arguments, limit_s)
    if done.returncode != 0:
        raise ImageError(f"docker {arguments[0]} failed:\n{(done.stdout + done.stderr).strip()[-3000:]}")
    return done.stdout


def engine_problem() -> str | None:
    """Why no image can be built or container run here, in words; None when Docker answers."""
    try:
        done = _run(["version", "--format", "{{.Server.Version}}"], _ASK_LIMIT_S)
    except ImageError as error:
        return str(error)
    if done.returncode == 0:
        return None
    said = (done.stderr.strip() or done.stdout.strip() or "no answer").splitlines()[-1]
    return f"Docker's engine does not answer ({said}). Start it (dockerd, as root), or be a member of its group."


def has_image(tag: str) -> bool:
    """Whether the engine holds an image."""
    return bool(docker(["image", "ls", "--quiet", tag]).strip())


def _run(arguments: Sequence[str], limit_s: float) -> subprocess.CompletedProcess[str]:
    if shutil.which("docker") is None:
        raise ImageError(_MISSING)
    # The classic builder is in every engine and needs no plugin.
    environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
    try:
        return subprocess.run(
            ["docker", *arguments], env=environment, capture_output=True, text=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ImageError(f"docker {arguments[0]} did not end within {limit_s:.0f} s.") from error
