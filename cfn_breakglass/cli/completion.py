"""``completion``: what a shell completes the command with."""

from __future__ import annotations

import click


@click.command(
    epilog="""\b
Examples:
  cfn-breakglass completion bash >> ~/.bashrc
  cfn-breakglass completion zsh >> ~/.zshrc
  cfn-breakglass completion fish > ~/.config/fish/completions/cfn-breakglass.fish"""
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what makes a shell complete this command."""
    from click.shell_completion import get_completion_class

    complete = get_completion_class(shell)
    if complete is None:
        raise click.UsageError(f"there is no completion for {shell}")
    whole = ctx.find_root().command
    click.echo(complete(whole, {}, "cfn-breakglass", "_CFN_BREAKGLASS_COMPLETE").source())
