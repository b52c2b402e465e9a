"""``frontrow completion``: the script by which a shell completes our commands."""

from __future__ import annotations

import sys

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

PROGRAM = "frontrow"
VARIABLE = "_FRONTROW_COMPLETE"
"""In which click looks for a shell's question."""

_SHELLS = {"bash": BashComplete, "fish": FishComplete, "zsh": ZshComplete}
_INSTALL = {
    "bash": "echo 'eval \"$(frontrow completion bash)\"' >> ~/.bashrc",
    "zsh": "echo 'eval \"$(frontrow completion zsh)\"' >> ~/.zshrc",
    "fish": "frontrow completion fish > ~/.config/fish/completions/frontrow.fish",
}
# A name that its value must follow gets no space after it.
_PLAIN = "COMPREPLY+=($value)"
_NO_SPACE = f"{_PLAIN}; [[ $value == *= ]] && compopt -o nospace"


@click.command(short_help="Let the shell complete commands, options and names.")
@click.argument("shell", type=click.Choice(sorted(_SHELLS)))
def command(shell: str) -> None:
    """Print the script that lets SHELL complete commands, options, metrics, dimensions and specs. It asks no network.

    \b
    bash:  echo 'eval "$(frontrow completion bash)"' >> ~/.bashrc
    zsh:   echo 'eval "$(frontrow completion zsh)"' >> ~/.zshrc
    fish:  frontrow completion fish > ~/.config/fish/completions/frontrow.fish
    """
    script = _SHELLS[shell](command, {}, PROGRAM, VARIABLE).source()
    click.echo(script.replace(_PLAIN, _NO_SPACE) if shell == "bash" else script, nl=False)
    if sys.stdout.isatty():
        click.echo(f"\nTo keep it, run this once and open a new shell:\n  {_INSTALL[shell]}", err=True)
