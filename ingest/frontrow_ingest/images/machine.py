"""What an image takes from this machine: the JRE, the shared libraries it needs, and a static busybox."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from frontrow_ingest.images.docker import ImageError
from frontrow_ingest.stack.cache import java

# Parts of the JRE that draw, print or make sounds; they would need libraries of a desktop.
_DESKTOP = re.compile(
    r"lib(awt\w*|jawt|fontmanager|freetype|javajpeg|jsound|lcms|mlib_image|splashscreen)\.so|psfont.*|src\.zip"
)
# What libraries inside of jars (compression) and the resolver of host names ask for, beside what the JRE does.
_MORE_LIBRARIES = ("libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libresolv.so.2", "libnss_dns.so.2")
_LINE = re.compile(r"\s*(?:\S+ => )?(/\S+) \(0x")


def runtime_files() -> dict[str, Path | str]:
    """Files of the root directory that every image has.

    Raises:
        ImageError: this is not Linux with glibc, or busybox is missing
    """
    if platform.system() != "Linux":
        raise ImageError(
            f"images are made of this machine's Linux libraries, and this is {platform.system()}. "
            "Use the official images: docker-compose up takes them by default."
        )
    files: dict[str, Path | str] = {"bin/busybox": busybox()}
    home = java().resolve().parents[1]
    kept = list(_java_files(home))
    files |= {f"opt/java/{path.relative_to(home).as_posix()}": path for path in kept}
    binaries = [path for path in kept if path.name == "java" or ".so" in path.name]
    files |= {str(path).lstrip("/"): path.resolve() for path in libraries(binaries)}
    return files


def busybox() -> Path:
    """A busybox that needs no library.

    Raises:
        ImageError: there is none
    """
    found = shutil.which("busybox")
    if found is None or b"/ld-" in Path(found).read_bytes()[:4096]:
        what = "no busybox" if found is None else f"{found} is not a static one"
        raise ImageError(f"{what}; the images need its shell. Install it (on Debian: apt install busybox-static).")
    return Path(found).resolve()


def libraries(binaries: Sequence[Path]) -> set[Path]:
    """Shared libraries of this machine, and their loader, that the binaries and libraries in jars need.

    Raises:
        ImageError: ``ldd`` is missing, or does not tell
    """
    ldd = shutil.which("ldd")
    if ldd is None:
        raise ImageError(
            "there is no ldd, which tells the JRE's libraries. Install it (on Debian: apt install libc-bin)."
        )
    done = subprocess.run([ldd, *map(str, binaries)], capture_output=True, text=True, timeout=60, check=False)
    own = {path.resolve().parent for path in binaries}
    found = {
        Path(match[1])
        for line in done.stdout.splitlines()
        if (match := _LINE.match(line)) and Path(match[1]).resolve().parent not in own
    }
    libc = next((path for path in found if path.name == "libc.so.6"), None)
    if libc is None or not any(path.name.startswith("ld-") for path in found):
        raise ImageError(
            f"the JRE does not run on this machine's C library, which must be glibc:\n{done.stderr[-500:]}"
        )
    return found | {libc.parent / name for name in _MORE_LIBRARIES if (libc.parent / name).exists()}


def _java_files(home: Path) -> Iterator[Path]:
    yield home / "release"
    yield home / "bin" / "java"
    for part in ("conf", "legal", "lib"):
        yield from (
            path for path in sorted((home / part).rglob("*")) if path.is_file() and not _DESKTOP.fullmatch(path.name)
        )
