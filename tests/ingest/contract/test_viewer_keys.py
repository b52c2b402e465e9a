"""Keys of viewer pseudonyms: where from, what is refused, how they change."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import pytest

from frontrow_ingest.contract import (
    EventRefusedError,
    RawViewerValidator,
    Validator,
    ViewerKeyError,
    ViewerKeys,
    pseudonymize,
)
from frontrow_ingest.contract.viewer_keys import LOOK_EVERY_S, _file_mark, _read_file
from support.viewing_events import a_line, an_event

FIRST, SECOND = bytes(range(32)), bytes(range(100, 132))
RAW = "mallory@example.org"


def key_file(path: Path, *lines: str, mode: int = 0o600) -> Path:
    path.write_text("\n".join(lines) + "\n")
    path.chmod(mode)
    return path


def test_the_last_key_of_a_file_is_current(tmp_path: Path) -> None:
    file = key_file(tmp_path / "keys", "# ours", "", f"2026-q3:{FIRST.hex()}", f"2026-q4: {SECOND.hex()} ")
    keys = ViewerKeys.from_file(file)
    assert keys.epoch == "2026-q4"
    assert keys.pseudonym(RAW) == pseudonymize(RAW, SECOND)
    assert keys.used == {"2026-q4": 1}


def test_the_environment_holds_one_key() -> None:
    keys = ViewerKeys.from_environment({"FRONTROW_VIEWER_KEY": f"live:{FIRST.hex()}"})
    assert (keys.epoch, keys.pseudonym(RAW)) == ("live", pseudonymize(RAW, FIRST))


def test_no_key_says_how_to_make_one() -> None:
    with pytest.raises(ViewerKeyError, match=r"--viewer-key-file .*token_hex"):
        ViewerKeys.from_environment({})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "holds no key"),
        (FIRST.hex(), "no name of an epoch"),
        (f"a b:{FIRST.hex()}", "no name of an epoch"),
        (f"x:{FIRST.hex()[:-3]}zz", "not hexadecimal"),
        (f"x:{FIRST.hex()[:30]}", "has 120 bits and needs 128"),
        ("x:" + "00" * 32, "not random"),
        (f"x:{FIRST.hex()}\nx:{SECOND.hex()}", "line 2: epoch x is named twice"),
    ],
)
def test_a_key_that_is_none_is_refused_and_not_shown(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ViewerKeyError, match=said) as caught:
        ViewerKeys.from_file(key_file(tmp_path / "keys", line))
    assert FIRST.hex()[:12] not in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ViewerKeyError, match="chmod 600"):
        ViewerKeys.from_file(key_file(tmp_path / "keys", f"x:{FIRST.hex()}", mode=mode))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    file = key_file(tmp_path / "keys", f"x:{FIRST.hex()}")
    os.chown(file, 12_345, 12_345)
    with pytest.raises(ViewerKeyError, match="another user"):
        ViewerKeys.from_file(file)


@pytest.mark.parametrize("name", [".", "missing"])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ViewerKeyError):
        ViewerKeys.from_file(tmp_path / name)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def watched(path: Path, clock: Clock, warnings: list[str]) -> ViewerKeys:
    return ViewerKeys(lambda: _read_file(path), mark=lambda: _file_mark(path), warn=warnings.append, clock=clock)


def test_a_new_line_rotates_the_key_without_a_restart(tmp_path: Path) -> None:
    clock, warnings = Clock(), list[str]()
    file = key_file(tmp_path / "keys", f"one:{FIRST.hex()}")
    keys = watched(file, clock, warnings)
    key_file(file, f"one:{FIRST.hex()}", f"two:{SECOND.hex()}")
    assert keys.pseudonym(RAW) == pseudonymize(RAW, FIRST), "looked at once a second"
    clock.now += LOOK_EVERY_S
    assert keys.pseudonym(RAW) == pseudonymize(RAW, SECOND)
    assert (keys.used, warnings) == ({"one": 1, "two": 1}, [])


def test_a_change_that_cannot_be_used_leaves_the_key_and_is_told_once(tmp_path: Path) -> None:
    clock, warnings = Clock(), list[str]()
    file = key_file(tmp_path / "keys", f"one:{FIRST.hex()}")
    keys = watched(file, clock, warnings)
    for change in (lambda: key_file(file, "two:half"), lambda: file.chmod(0o644), file.unlink):
        change()
        for _ in range(3):
            clock.now += LOOK_EVERY_S
            assert keys.pseudonym(RAW) == pseudonymize(RAW, FIRST)
    assert len(warnings) == 3
    assert all(text.endswith("the key of epoch one stays in use") for text in warnings)
    key_file(file, f"two:{SECOND.hex()}")
    clock.now += LOOK_EVERY_S
    assert keys.pseudonym(RAW) == pseudonymize(RAW, SECOND)


def test_a_signal_has_it_looked_at_at_once(tmp_path: Path) -> None:
    clock = Clock()
    clock.now = 100.0
    file = key_file(tmp_path / "keys", f"one:{FIRST.hex()}")
    keys = watched(file, clock, [])
    key_file(file, f"two:{SECOND.hex()}")
    keys.look_again()
    assert keys.pseudonym(RAW) == pseudonymize(RAW, SECOND)


def test_no_representation_shows_a_secret() -> None:
    keys = ViewerKeys.from_environment({"FRONTROW_VIEWER_KEY": f"live:{FIRST.hex()}"})
    assert "<secret>" in repr(keys._key)
    assert repr(FIRST)[2:-1] not in repr(keys._key)


def raw_validator() -> RawViewerValidator:
    key = secrets.token_hex(16)
    return RawViewerValidator(Validator(), ViewerKeys.from_environment({"FRONTROW_VIEWER_KEY": f"e:{key}"}))


@pytest.mark.parametrize("raw", [RAW, "AAECAwQFBgcICQoLDA0ODw", "ü" * 500, " "])
def test_every_raw_id_becomes_a_pseudonym_also_one_that_looks_like_it(raw: str) -> None:
    check = raw_validator()
    by_line = check.line(a_line(viewer_id=raw))
    assert by_line == check.event(an_event(viewer_id=raw))
    assert by_line.viewer_id != raw
    assert len(by_line.viewer_id) == 22


@pytest.mark.parametrize("raw", ["", None, 17, ["x"], ...])
def test_a_viewer_id_that_is_none_is_refused(raw: object) -> None:
    for refused in (
        lambda: raw_validator().line(a_line(viewer_id=raw)),
        lambda: raw_validator().event(an_event(viewer_id=raw)),
    ):
        with pytest.raises(EventRefusedError) as caught:
            refused()
        assert [refusal.field for refusal in caught.value.refusals] == ["viewer_id"]


@pytest.mark.parametrize("line", [b"nonsense", b"[]", b"17", b"\xff", b"", a_line() + b"x"])
def test_what_is_no_event_is_refused_as_everywhere(line: bytes) -> None:
    with pytest.raises(EventRefusedError) as expected:
        Validator().line(line)
    with pytest.raises(EventRefusedError) as caught:
        raw_validator().line(line)
    assert caught.value.refusals == expected.value.refusals


def test_an_event_that_only_one_parser_can_read_never_passes_with_its_raw_id() -> None:
    line = a_line(viewer_id="AAECAwQFBgcICQoLDA0ODw").replace(b'"play_ms": 9600', b'"play_ms": 9600, "x": NaN')
    with pytest.raises(EventRefusedError):
        raw_validator().line(line)
