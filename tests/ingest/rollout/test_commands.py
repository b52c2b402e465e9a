"""apply, rollback, history and reset as commands, over the Druid in memory."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner, Result

from frontrow_ingest.cli import specs_apply, specs_reset
from frontrow_ingest.cli.main import command
from frontrow_specs import RollupSpec

from .conftest import CHANGES, World

SMALL = str(CHANGES / "allowed" / "nothing" / "before.yaml")
WIDER = str(CHANGES / "allowed" / "added_metric" / "after.yaml")


class Opened:
    def __init__(self, world: World) -> None:
        self._world = world

    def __enter__(self) -> Any:
        return self._world.druid

    def __exit__(self, *_: object) -> None: ...


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    def ends(_bootstrap: str, topic: str) -> dict[int, int]:
        return {0: len(world.sent.get(topic, []))}

    for module in (specs_apply, specs_reset):
        monkeypatch.setattr(module, "Transport", lambda _url: Opened(world))
    monkeypatch.setattr(specs_apply, "event_ends", ends)
    monkeypatch.setattr(specs_reset, "end_offsets", ends)
    monkeypatch.setattr(specs_apply, "ensure_topic", lambda *_, **__: False)
    monkeypatch.setattr(specs_reset, "begin_offsets", lambda *_: {0: 0})


def run(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(command, ["specs", *arguments], input=answer, standalone_mode=False)


def apply(path: str, *more: str) -> Result:
    return run("apply", path, "--sample", "0", "--bootstrap", "memory:9092", "--deadline", "60", *more)


def test_apply_rollback_history(world: World) -> None:
    assert apply(SMALL).output.startswith("small: started; version 20")
    world.event()
    assert apply(SMALL).output.startswith("small: left as it is; version 20")
    assert apply(WIDER).output.startswith("small: changed; version 20")
    refused = apply(str(CHANGES / "refused" / "renamed_metric" / "after.yaml"))
    assert "nothing was submitted." in str(refused.exception)
    back = apply(SMALL, "--druid-bootstrap", "nowhere.invalid:9092")
    assert "is put back" in back.output
    assert "was put back, and ingests again" in str(back.exception)
    done = run("rollback", "small", "--bootstrap", "memory:9092")
    assert done.exception is None, "not to the version that did not ingest"
    assert "small: from now on: metric ad_ms: removed" in done.output
    lines = run("history", "small").output.splitlines()
    assert lines[-1].endswith("  started")
    assert any(line.endswith("metric ad_ms: added: kept from now on; older rows answer null and add nothing.")
               for line in lines)  # fmt: skip
    assert "remembers no supervisor 'other'" in str(run("history", "other").exception)


def test_one_that_fails_does_not_keep_the_others_from_being_watched(world: World, small: RollupSpec) -> None:
    apply(SMALL)
    failed = run("apply", SMALL, WIDER, "--sample", "0", "--bootstrap", "nowhere.invalid:1", "--deadline", "1")
    assert str(failed.exception).count("small: ") == 2


def test_reset_asks(world: World) -> None:
    apply(SMALL)
    for _ in range(4):
        world.event()
    refused = run("reset", "small", "--to", "0=3", answer="n\n")
    assert (
        "events-0: kept up to 0, would go on at 3; skips 3 records (0 to 2), of which 3 can be asked" in refused.output
    )
    assert refused.return_value == 1
    assert refused.output.endswith("nothing was changed; --yes does not ask\n")
    # Where nobody can be asked it is the same.
    assert run("reset", "small", "--to", "0=3", answer="").output.endswith("nothing was changed; --yes does not ask\n")
    assert world.druid.count("small").events == 4
    done = run("reset", "small", "--to", "0=3", answer="y\n")
    assert done.output.endswith("small: reads from the new offsets\n")
    assert world.druid.count("small").events == 1
    assert "is earliest, latest, or like 0=1200" in str(run("reset", "small", "--to", "newest").exception)
