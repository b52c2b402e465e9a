"""The wheel as a user has it: built from this tree and installed into an environment of its own, without a network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
HERE = Path(sysconfig.get_path("purelib"))
_LIMIT_S = 800
# Nothing of this tree, of a shell's own environment, or of a terminal.
_FOREIGN = {"PYTHONPATH", "PYTHONHOME", "MYPYPATH", "VIRTUAL_ENV", "FORCE_COLOR", "COLUMNS"}


@dataclass(frozen=True)
class Environment:
    """A virtual environment."""

    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def site(self) -> Path:
        """Where its packages are."""
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.folder / "lib" / version / "site-packages"

    def run(self, *command: str | Path, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        """What a command does in it, from a folder outside of this tree; its own commands come first."""
        own = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
        return subprocess.run(
            [str(word) for word in command],
            cwd=cwd or self.folder,
            env={**own, "PATH": f"{self.bin}{os.pathsep}{own.get('PATH', '')}", **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )

    def python(self, code: str) -> str:
        """What a program prints in it; the test fails with its message if it fails."""
        done = self.run(self.bin / "python", "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def build(kind: str, folder: Path) -> Path:
    """A ``wheel`` or ``sdist`` of this tree."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr
    (made,) = folder.glob("frontrow-*")
    return made


def environment(folder: Path, wheel: Path) -> Environment:
    """A new environment with the wheel and nothing else."""
    made = Environment(folder)
    venv.create(folder, with_pip=False, symlinks=True)
    uv = Path(sys.executable).parent / "uv"
    install = [uv, "pip", "install", "--offline", "--no-cache", "--no-config", "--no-deps", "--python"]
    done = made.run(*install, made.bin / "python", wheel)
    assert done.returncode == 0, done.stderr
    return made


def with_everything(made: Environment) -> Environment:
    """The same, and beside it what is installed here; this tree itself stays out, for its own link is not followed."""
    (made.site / "beside.pth").write_text(f"{HERE}\n")
    return made


def with_declared(made: Environment, extras: Iterable[str] = ()) -> Environment:
    """The same, and a copy of each distribution that the wheel declares, and these in turn; of extras those named."""
    (info,) = made.site.glob("frontrow-*.dist-info")
    for name in declared(Distribution.at(info), frozenset(extras)):
        _copy(distribution(name), made.site)
    return made


def declared(package: Distribution, extras: frozenset[str] = frozenset()) -> set[str]:
    """Names of the distributions that a package needs on this machine, and of those that they need."""
    found: set[str] = set()
    open_ends = [(package, extras)]
    while open_ends:
        needing, wanted = open_ends.pop()
        for text in needing.requires or []:
            need = Requirement(text)
            if need.marker is not None and not any(need.marker.evaluate({"extra": each}) for each in ("", *wanted)):
                continue
            name = canonical(need.name)
            if name not in found:
                found.add(name)
                open_ends.append((distribution(name), frozenset(need.extras)))
    return found


def canonical(name: str) -> str:
    """A distribution's name as all spellings of it are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _copy(package: Distribution, site: Path) -> None:
    files = package.files
    assert files, f"{package.name} does not say what it consists of"
    for file in files:
        if ".." in file.parts or file.suffix == ".pyc":
            continue
        target = site / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(package.locate_file(file)), target)
