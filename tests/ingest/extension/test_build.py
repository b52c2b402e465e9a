"""Compiling the extension: once, the same everywhere, and with the compiler's words when it fails."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from filelock import FileLock

from frontrow_ingest.errors import StackError
from frontrow_ingest.stack.extension import ExtensionBuildError, build, build_extension
from support.extension_jars import Toolchain

SERVICE = "META-INF/services/org.apache.druid.initialization.DruidModule"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Sources that compile quickly and need no classpath."""
    sources = tmp_path / "small sources"
    (sources / "pkg").mkdir(parents=True)
    (sources / "pkg" / "One.java").write_text("package pkg;\npublic final class One { int n = 1; }\n")
    (sources / "META-INF").mkdir()
    (sources / "META-INF" / "note").write_text("kept\n")
    return sources


def test_the_jar_loads_as_an_extension_of_druid(extension_jar: Path) -> None:
    with zipfile.ZipFile(extension_jar) as jar:
        names = jar.namelist()
        assert jar.read(SERVICE).decode().strip() == "io.frontrow.druid.avro.AvroStreamModule"
        assert "io/frontrow/druid/avro/AvroStreamModule.class" in names
        assert {"META-INF/", "META-INF/services/", "io/", "io/frontrow/druid/avro/"} <= set(names)
        assert not [name for name in names if name.endswith(".java")]
        assert {entry.date_time for entry in jar.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_jar_that_is_there_is_not_made_again(tools: Toolchain, small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = build_extension(tools.java, tools.compiler, [], out, sources=small)
    written = first.stat().st_mtime_ns
    # Without a JRE only a jar that is there can be answered.
    assert build_extension(tmp_path / "no java", tools.compiler, [], out, sources=small) == first
    assert first.stat().st_mtime_ns == written
    assert sorted(path.name for path in out.iterdir()) == sorted([first.name, ".extension.lock"])


def test_the_same_sources_give_the_same_bytes_anywhere(tools: Toolchain, small: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(small, tmp_path / "elsewhere"))
    one = build_extension(tools.java, tools.compiler, [], tmp_path / "a", sources=small)
    two = build_extension(tools.java, tools.compiler, [], tmp_path / "b with a space", sources=copy)
    assert one.name == two.name
    assert one.read_bytes() == two.read_bytes()


def test_any_change_gives_another_name(tools: Toolchain, small: Path, tmp_path: Path) -> None:
    library = tmp_path / "library-1.0.jar"
    with zipfile.ZipFile(library, "w") as jar:
        jar.writestr("a", b"a")
    out = tmp_path / "out"
    names = [build_extension(tools.java, tools.compiler, [], out, sources=small).name]
    names.append(build_extension(tools.java, tools.compiler, [library], out, sources=small).name)
    (small / "META-INF" / "note").write_text("changed\n")
    names.append(build_extension(tools.java, tools.compiler, [], out, sources=small).name)
    (small / "pkg" / "Two.java").write_text("package pkg;\nclass Two {}\n")
    names.append(build_extension(tools.java, tools.compiler, [], out, sources=small).name)
    assert len(set(names)) == 4


def test_broken_sources_are_an_error_in_the_compilers_words(tools: Toolchain, small: Path, tmp_path: Path) -> None:
    (small / "pkg" / "Broken.java").write_text("package pkg;\nclass Broken { Missing field; }\n")
    out = tmp_path / "out"
    with pytest.raises(ExtensionBuildError) as raised:
        build_extension(tools.java, tools.compiler, [], out, sources=small)
    assert isinstance(raised.value, StackError)
    assert "Missing cannot be resolved to a type" in raised.value.output
    assert "Broken.java" in str(raised.value)
    assert [path.name for path in out.iterdir()] == [".extension.lock"]


def test_a_missing_jar_is_named(tools: Toolchain, small: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone.jar"
    with pytest.raises(ExtensionBuildError, match=r"gone\.jar is missing: download"):
        build_extension(tools.java, tools.compiler, [gone], tmp_path / "out", sources=small)
    with pytest.raises(ExtensionBuildError, match=r"gone\.jar is missing: download"):
        build_extension(tools.java, gone, [], tmp_path / "out", sources=small)


def test_a_missing_jre_is_an_error(tools: Toolchain, small: Path, tmp_path: Path) -> None:
    with pytest.raises(ExtensionBuildError, match=r"cannot run .*no-java"):
        build_extension(tmp_path / "no-java", tools.compiler, [], tmp_path / "out", sources=small)


def test_a_directory_that_cannot_be_is_an_error(tools: Toolchain, small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExtensionBuildError, match="cannot build the Druid extension in"):
        build_extension(tools.java, tools.compiler, [], tmp_path / "file" / "out", sources=small)


def test_waiting_for_another_build_ends(
    tools: Toolchain, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "_COMPILE_LIMIT_S", -19.9)
    with FileLock(tmp_path / ".extension.lock"), pytest.raises(ExtensionBuildError, match="another process"):
        build_extension(tools.java, tools.compiler, [], tmp_path, sources=small)


def test_a_compiler_that_hangs_is_ended(tools: Toolchain, small: Path, tmp_path: Path) -> None:
    sleeper = tmp_path / "java"
    sleeper.write_text("#!/bin/sh\nexec sleep 60\n")
    sleeper.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "_COMPILE_LIMIT_S", 0.3)
        with pytest.raises(ExtensionBuildError, match="did not finish"):
            build_extension(sleeper, tools.compiler, [], tmp_path / "out", sources=small)


def test_two_processes_at_once_build_one_jar(tools: Toolchain, small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    program = (
        "import sys\nfrom pathlib import Path\nfrom frontrow_ingest.stack.extension import build_extension\n"
        "java, compiler, out, sources = map(Path, sys.argv[1:])\n"
        "print(build_extension(java, compiler, [], out, sources=sources))"
    )
    command = [sys.executable, "-c", program, str(tools.java), str(tools.compiler), str(out), str(small)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = {process.communicate(timeout=600)[0].strip() for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(answers) == 1
    (jar,) = (path for path in out.iterdir() if path.suffix == ".jar")
    assert answers == {str(jar)}
    with zipfile.ZipFile(jar) as content:
        assert content.testzip() is None
        assert content.read("META-INF/note") == b"kept\n"


def test_the_sources_compile_without_a_warning(tools: Toolchain, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(str(tools.java), "-cp", str(tools.compiler), "org.eclipse.jdt.internal.compiler.batch.Main"),
            *("-source", "17", "-target", "17", "-proc:none", "-encoding", "UTF-8"),
            "-warn:+allDeprecation,unusedImport,unusedLocal,unusedPrivate,unchecked,raw,fallthrough,resource,static-access,uselessTypeCheck,null",
            *("-cp", ":".join(str(jar) for jar in tools.classpath), "-d", str(tmp_path), str(build.SOURCES)),
        ],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.stdout + done.stderr == ""
    assert done.returncode == 0
