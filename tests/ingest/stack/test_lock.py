"""The lock of jars."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import pytest

from frontrow_ingest.errors import StackError
from frontrow_ingest.stack.lock import LOCK_FILE, Jar, lock_identity, read_lock, write_lock
from frontrow_ingest.stack.resolve import names_others


def test_the_committed_lock_is_whole_and_names_no_address() -> None:
    jars = read_lock()
    assert {jar.classpath for jar in jars} == {"druid", "kafka", "compiler"}
    assert len({(jar.classpath, jar.file_name) for jar in jars}) == len(jars)
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in jars)
    assert "://" not in LOCK_FILE.read_text()
    names = {jar.coordinates for jar in jars}
    assert {"org.apache.druid:druid-server:33.0.0", "org.apache.kafka:kafka_2.13:4.3.1"} <= names


def test_a_jar_knows_its_place_in_a_repository() -> None:
    plain = Jar("druid", "org.example.deep:thing:1.0", 1, "0" * 64)
    assert plain.repository_path == "org/example/deep/thing/1.0/thing-1.0.jar"
    classified = Jar("druid", "org.example:thing:1.0:linux", 1, "0" * 64)
    assert classified.repository_path == "org/example/thing/1.0/thing-1.0-linux.jar"


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    jars = read_lock()
    write_lock(jars, tmp_path / "lock.json")
    assert read_lock(tmp_path / "lock.json") == jars, "in this order: it is the classpath's"
    assert (tmp_path / "lock.json").read_text() == LOCK_FILE.read_text()


@pytest.mark.parametrize("content", ["", "[]", '{"classpaths": {}}', '{"classpaths": {"druid": [{"jar": 1}]}}'])
def test_a_damaged_lock_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "lock.json"
    path.write_text(content)
    with pytest.raises(StackError, match=r"lock\.json is not a lock of jars.*Restore it from git"):
        read_lock(path)


@pytest.mark.parametrize("coordinates", ["thing", "../../etc:thing:1", "a:b/c:1"])
def test_a_hostile_name_does_not_leave_the_cache(tmp_path: Path, coordinates: str) -> None:
    path = tmp_path / "lock.json"
    entry = f'[{{"jar": "{coordinates}", "size": 1, "sha256": "0"}}]'
    path.write_text(f'{{"classpaths": {{"druid": {entry}, "kafka": [], "compiler": []}}}}')
    with pytest.raises(StackError, match="not group:artifact:version"):
        read_lock(path)


def test_the_identity_changes_with_any_byte() -> None:
    jars = read_lock()
    changed = Jar(jars[0].classpath, jars[0].coordinates, jars[0].size, "f" * 64)
    assert lock_identity(jars) != lock_identity([changed, *jars[1:]])


def test_the_identity_is_that_of_the_jars_in_any_order() -> None:
    jars = list(read_lock())
    mixed = random.Random(1).sample(jars, len(jars))
    assert lock_identity(mixed) == lock_identity(jars)


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        ("Manifest-Version: 1.0\r\nClass-Path: other.jar\r\n", True),
        ("Manifest-Version: 1.0\r\nBundle-ClassPath: .\r\n", False),
        (None, False),
    ],
)
def test_a_jar_that_pulls_others_in_is_told(tmp_path: Path, manifest: str | None, expected: bool) -> None:
    with zipfile.ZipFile(tmp_path / "some.jar", "w") as jar:
        jar.writestr("content", "")
        if manifest is not None:
            jar.writestr("META-INF/MANIFEST.MF", manifest)
    assert names_others(tmp_path / "some.jar") is expected
