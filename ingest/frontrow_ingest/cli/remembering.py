"""What ``frontrow produce`` remembers between runs, and the keys of viewer pseudonyms: options and their objects."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TypeVar

import click

from frontrow_ingest.contract import FILE_VARIABLE, ViewerKeys
from frontrow_ingest.resume.input_file import Place
from frontrow_ingest.resume.session import ResumableRun

Command = TypeVar("Command", bound=Callable[..., object])


@dataclass(frozen=True)
class Remembering:
    """Where to keep what was sent (None: nowhere), whether to go on in the file, whether to read the whole topic."""

    directory: Path | None
    resume: bool
    learn: bool

    @classmethod
    def of(cls, source: Path | None, state: Path | None, *, resume: bool, learn: bool) -> Remembering:
        """From the options; raises UsageError where they do not fit together."""
        if resume and (source is None or not source.is_file()):
            raise click.UsageError("--resume goes on within a file: FILE must be one (--state works with any input)")
        if resume and state is None and source is not None:
            resolved = source.resolve()
            state = resolved.with_name(resolved.name + ".state")
        if learn and state is None:
            raise click.UsageError("--learn fills a state: give --resume or --state with it")
        return cls(state, resume, learn)

    @contextmanager
    def opened(self) -> Iterator[ResumableRun | None]:
        """The state, held until the end of the block."""
        if self.directory is None:
            yield None
            return
        with ResumableRun(self.directory) as run:
            yield run


def state_options(command: Command) -> Command:
    """``--resume``, ``--state`` and ``--learn``."""
    for option in (
        click.option("--learn", is_flag=True, help="First read the whole topic for what it holds already."),
        click.option(
            "--state",
            "state",
            metavar="DIR",
            type=click.Path(path_type=Path, file_okay=False),
            help="Remember here what was sent, and do not send it again.  [default with --resume: FILE.state]",
        ),
        click.option("--resume", is_flag=True, help="Go on where an earlier run stopped, however it stopped."),
    ):
        command = option(command)
    return command


key_file_option = click.option(
    "--viewer-key-file",
    metavar="FILE",
    envvar=FILE_VARIABLE,
    show_envvar=True,
    type=click.Path(path_type=Path),
    help="Keys of viewer pseudonyms, a line EPOCH:HEX each, the last one current.",
)


def key_options(command: Command) -> Command:
    """``--raw-viewer-ids`` and ``--viewer-key-file``."""
    raw = click.option("--raw-viewer-ids", is_flag=True, help="viewer_id is a raw id: make a pseudonym of it.")
    return raw(key_file_option(command))


def viewer_keys(raw: bool, file: Path | None) -> ViewerKeys | None:
    """The keys if raw ids come: of the file, or of the environment. Raises ViewerKeyError where there is none."""
    if not raw:
        return None
    if file is None:
        return ViewerKeys.from_environment()
    return ViewerKeys.from_file(file, warn=lambda text: click.echo(f"warning: {text}", err=True))


@contextmanager
def reread_on_hangup(keys: ViewerKeys | None) -> Iterator[None]:
    """SIGHUP has the keys read again, for the time of the block."""
    if keys is None:
        yield
        return

    def again(_number: int, _frame: FrameType | None) -> None:
        keys.look_again()

    before = signal.signal(signal.SIGHUP, again)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def tell_start(run: ResumableRun, place: Place) -> None:
    """Say on standard error what the state and the topic told."""
    found = run.found
    if place.offset:
        click.echo(f"going on at line {place.line:,} ({place.offset:,} bytes are sent)", err=True)
    if found.learnt:
        click.echo(f"{found.learnt:,} events more were found in the topic and are not sent again", err=True)
    if found.unknown:
        click.echo(
            f"warning: {found.unknown:,} records behind the last checkpoint are gone from the topic: whether events of "
            "this input were among them cannot be known; if so, they are sent again",
            err=True,
        )


def told(run: ResumableRun | None, place: Place, keys: ViewerKeys | None) -> dict[str, object]:
    """The same and the epochs of keys for the summary as JSON."""
    said: dict[str, object] = {}
    if run is not None:
        said["resumed_at"] = {"line": place.line, "offset": place.offset}
        said["read_back"] = {"records": run.found.read, "learnt": run.found.learnt, "unknown": run.found.unknown}
    if keys is not None:
        said["viewer_key_epochs"] = dict(keys.used)
    return said
