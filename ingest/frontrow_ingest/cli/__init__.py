"""The ``frontrow`` command: one file per subcommand, each imported only when it is called."""

from frontrow_ingest.cli.main import main

__all__ = ["main"]
