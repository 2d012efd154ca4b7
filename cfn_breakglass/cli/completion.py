"""``completion``: the script with which a shell completes this command."""

from __future__ import annotations

import click


@click.command(
    short_help="Print a script for completion in bash, zsh or fish.",
    epilog="""\b
Examples:
  cfn-breakglass completion bash >> ~/.bashrc
  cfn-breakglass completion zsh >> ~/.zshrc
  cfn-breakglass completion fish \\
    > ~/.config/fish/completions/cfn-breakglass.fish

\b
Example of its output, in part:
  $ cfn-breakglass completion zsh
  #compdef cfn-breakglass
  ...

Exit codes: 0 printed, 2 there is no such shell.""",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script with which a shell completes commands, options and file names."""
    from click.shell_completion import get_completion_class

    complete = get_completion_class(shell)
    if complete is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(complete(ctx.find_root().command, {}, "cfn-breakglass", "_CFN_BREAKGLASS_COMPLETE").source())
