"""What to do about an error, as a command to type: what raises the error knows no commands."""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote

from cfn_breakglass.errors import (
    BreakglassError,
    CredentialsError,
    EditedFileError,
    MissingLibraryError,
    MissingRoleError,
    MissingTemplateError,
    UnknownRoleError,
    UnreadableTemplateError,
)

_FIXED_HINTS: Mapping[type[BreakglassError], str] = {
    CredentialsError: "sign in as for the AWS CLI, or choose other credentials: --profile NAME",
    EditedFileError: "move it into a blank; or add --force, which keeps that file under another name",
    UnknownRoleError: "add it: --role-arn ARN; aws iam list-roles has it",
    UnreadableTemplateError: "create it with: cfn-breakglass generate",
}


def with_hint(error: BreakglassError) -> str:
    """The message of an error and, on a line below it, the command that helps, if there is one."""
    command = _FIXED_HINTS.get(type(error)) or _hint(error)
    return f"{error}\n  {command}" if command else str(error)


def _hint(error: BreakglassError) -> str:
    match error:
        case MissingTemplateError(folder=folder):
            return f"create it with: cfn-breakglass generate --output {quote(str(folder))}"
        case MissingRoleError(role_name=name):
            query = "--query Role.AssumeRolePolicyDocument"
            return f"see the role itself: aws iam get-role --role-name {name or 'NAME'} {query}"
        case MissingLibraryError(extra=extra):
            return f"install it with: pip install 'cfn-breakglass[{extra}]'"
    return ""
