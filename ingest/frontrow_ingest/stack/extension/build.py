"""Compile the Druid extension on this machine, once for each state of its sources and of what it is compiled against.

The compiler is Eclipse's (ECJ), a jar that runs on the same bare JRE as Druid, so that no JDK is needed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from frontrow_ingest.errors import StackError

SOURCES = Path(__file__).parent / "java"

# Druid 33 is built for Java 17; --release would need a JDK's symbol files where the JRE is newer.
_FLAGS = ("-source", "17", "-target", "17", "-g:lines,source", "-proc:none", "-encoding", "UTF-8")
_COMPILER = "org.eclipse.jdt.internal.compiler.batch.Main"
_JVM_FLAGS = ("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_COMPILE_LIMIT_S = 180.0
_JAR_VERSION = b"1"


class ExtensionBuildError(StackError):
    """The Druid extension could not be compiled. ``output`` is what the compiler said, empty when it did not run."""

    def __init__(self, message: str, *, output: str = "") -> None:
        super().__init__(f"{message}\n{output}" if output else message)
        self.output = output


def build_extension(
    java: Path,
    compiler_jar: Path,
    classpath: Sequence[Path],
    out_dir: Path,
    *,
    sources: Path = SOURCES,
    compiling: Callable[[], None] = lambda: None,
) -> Path:
    """The extension's jar in ``out_dir``, compiled if it is not there yet.

    The jar's name is a hash of the sources, the compiler and the names and sizes of the classpath, and its bytes depend
    on nothing else: a jar that exists is right. Two processes may build at once; one compiles, the other waits.

    Args:
        java: the JRE's ``java``
        compiler_jar: ECJ
        classpath: Druid's jars and Avro's
        out_dir: made if missing; earlier jars in it are left alone, so use the returned path and not a wildcard
        sources: a tree of ``.java`` files and of resources to pack beside the classes
        compiling: called when there is something to wait for

    Raises:
        ExtensionBuildError: a jar is missing, the compiler refuses the sources or cannot be run, or ``out_dir`` cannot
            be written
    """
    for needed in (compiler_jar, *classpath):
        if not needed.is_file():
            raise ExtensionBuildError(f"{needed} is missing: download the stack's jars again")
    try:
        jar = out_dir / f"frontrow-avro-stream-{_identity(compiler_jar, classpath, sources)}.jar"
        if jar.is_file():
            return jar
        compiling()
        out_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(out_dir / ".extension.lock", timeout=_COMPILE_LIMIT_S + 20):
            if not jar.is_file():
                _make(jar, java, compiler_jar, classpath, sources)
    except Timeout as error:
        raise ExtensionBuildError(
            f"another process has been compiling the Druid extension for {_COMPILE_LIMIT_S:.0f} s: "
            f"end it, or delete {error.lock_file} if there is none"
        ) from error
    except OSError as error:
        raise ExtensionBuildError(f"cannot build the Druid extension in {out_dir}: {error}") from error
    return jar


def _identity(compiler_jar: Path, classpath: Sequence[Path], sources: Path) -> str:
    digest = hashlib.sha256(_JAR_VERSION)
    for flag in _FLAGS:
        digest.update(flag.encode() + b"\0")
    for jar in (compiler_jar, *classpath):
        # Released jars: the name carries the version. Reading 200 MB at every start would cost more than compiling.
        digest.update(f"{jar.name}:{jar.stat().st_size}".encode() + b"\0")
    for path in _files(sources):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(sources).as_posix()}:{len(content)}".encode() + b"\0" + content)
    return digest.hexdigest()[:16]


def _files(root: Path) -> Iterator[Path]:
    """Files below ``root`` in one order everywhere."""
    yield from sorted((path for path in root.rglob("*") if path.is_file()), key=lambda path: path.as_posix())


def _make(jar: Path, java: Path, compiler_jar: Path, classpath: Sequence[Path], sources: Path) -> None:
    with tempfile.TemporaryDirectory(dir=jar.parent, prefix=".extension-") as work:
        classes = Path(work) / "classes"
        classes.mkdir()
        _compile(java, compiler_jar, classpath, sources, classes)
        for path in _files(sources):
            if path.suffix != ".java":
                copy = classes / path.relative_to(sources)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
        packed = Path(work) / jar.name
        _pack(classes, packed)
        packed.replace(jar)


def _compile(java: Path, compiler_jar: Path, classpath: Sequence[Path], sources: Path, classes: Path) -> None:
    # By file: two hundred paths may be longer than a command line can be.
    arguments = classes.parent / "arguments"
    joined = os.pathsep.join(str(path) for path in classpath)
    arguments.write_text("\n".join(f'"{part}"' for part in (*_FLAGS, "-cp", joined, "-d", classes, sources)))
    command = [str(java), *_JVM_FLAGS, "-cp", str(compiler_jar), _COMPILER, f"@{arguments}"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_COMPILE_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ExtensionBuildError(
            f"the compiler did not finish the Druid extension within {_COMPILE_LIMIT_S:.0f} s: "
            "try again when the machine is less busy"
        ) from error
    except OSError as error:
        raise ExtensionBuildError(f"cannot run {java} to compile the Druid extension: {error.strerror}") from error
    if done.returncode != 0:
        output = (done.stdout + done.stderr).strip()
        raise ExtensionBuildError("the Druid extension does not compile against the jars of the stack", output=output)


def _pack(classes: Path, target: Path) -> None:
    """A jar whose bytes depend on nothing but its content: fixed order and times, nothing compressed."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as jar:
        for path in sorted(classes.rglob("*"), key=lambda path: path.as_posix()):
            name = path.relative_to(classes).as_posix()
            entry = zipfile.ZipInfo(f"{name}/" if path.is_dir() else name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = (0o40755 << 16 | 0x10) if path.is_dir() else 0o100644 << 16
            jar.writestr(entry, b"" if path.is_dir() else path.read_bytes())
