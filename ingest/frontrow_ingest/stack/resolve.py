"""Writing the lock anew: Maven resolves the POMs beside this module; only whoever renews the lock needs Maven."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from frontrow_ingest.errors import StackError
from frontrow_ingest.stack.lock import CLASSPATHS, Jar

POMS = Path(__file__).parent / "poms"
_LIMIT_S = 900.0


def resolve() -> tuple[Jar, ...]:
    """Every jar that the POMs need at run time, with size and SHA-256.

    Raises:
        StackError: Maven is missing, or it cannot resolve a POM
    """
    maven = shutil.which("mvn")
    if maven is None:
        raise StackError("writing the lock anew needs Maven (mvn) on the PATH. Starting a stack does not.")
    jars: list[Jar] = []
    for classpath in CLASSPATHS:
        with tempfile.TemporaryDirectory(prefix="frontrow-lock-") as work:
            jars += _resolve_one(maven, classpath, Path(work))
    return tuple(jars)


def _resolve_one(maven: str, classpath: str, work: Path) -> list[Jar]:
    shutil.copyfile(POMS / f"{classpath}.xml", work / "pom.xml")
    command = [
        maven,
        "--quiet",
        "--batch-mode",
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        "-Dmdep.useRepositoryLayout=true",
        f"-DoutputDirectory={work / 'jars'}",
    ]
    try:
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise StackError(f"Maven did not resolve the {classpath} classpath within {_LIMIT_S:.0f} s.") from error
    if done.returncode != 0:
        raise StackError(f"Maven cannot resolve the {classpath} classpath:\n{(done.stdout + done.stderr)[-3000:]}")
    found = sorted((work / "jars").rglob("*.jar"), key=lambda jar: (names_others(jar), jar))
    return [_locked(classpath, jar, work / "jars") for jar in found]


def names_others(jar: Path) -> bool:
    """Whether a jar's manifest puts more jars behind it on the classpath.

    Such a jar must come last: one that pulls another in before its turn makes the JVM refuse its own class archive
    ("shared class paths mismatch"), and every start is as slow as the first.
    """
    with zipfile.ZipFile(jar) as archive:
        try:
            manifest = archive.read("META-INF/MANIFEST.MF")
        except KeyError:
            return False
    return b"\nClass-Path:" in manifest


def _locked(classpath: str, jar: Path, root: Path) -> Jar:
    *group, artifact, version, file_name = jar.relative_to(root).parts
    classifier = file_name.removeprefix(f"{artifact}-{version}").removesuffix(".jar").removeprefix("-")
    coordinates = ":".join((".".join(group), artifact, version, *([classifier] if classifier else [])))
    content = jar.read_bytes()
    return Jar(classpath, coordinates, len(content), hashlib.sha256(content).hexdigest())
