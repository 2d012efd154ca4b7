"""What to do about an error, as a command to type: what raises the error knows no commands."""

from __future__ import annotations

from shlex import quote

from cfn_breakglass.errors import (
    BreakglassError,
    MissingLibraryError,
    MissingRoleError,
    MissingTemplateError,
    UnknownRoleError,
    UnreadableTemplateError,
)


def with_hint(error: BreakglassError) -> str:
    """The message of an error and, on a line below it, the command that helps, if there is one."""
    command = _hint(error)
    return f"{error}\n  {command}" if command else str(error)


def _hint(error: BreakglassError) -> str:
    match error:
        case MissingTemplateError(folder=folder):
            return f"create it with: cfn-breakglass generate --output {quote(str(folder))}"
        case UnreadableTemplateError():
            return "create it with: cfn-breakglass generate"
        case MissingRoleError(role_name=name):
            query = "--query Role.AssumeRolePolicyDocument"
            return f"see the role itself: aws iam get-role --role-name {name or 'NAME'} {query}"
        case UnknownRoleError():
            return "add it: --role-arn ARN; aws iam list-roles has it"
        case MissingLibraryError(extra=extra):
            return f"install it with: pip install 'cfn-breakglass[{extra}]'"
    return ""
