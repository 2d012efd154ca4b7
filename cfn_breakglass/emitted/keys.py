"""Would AWS let a service use a key? From the key policies that the same stack holds.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cfn_breakglass.emitted.policies import allowed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cfn_breakglass.emitted.reader import Resource, Stack


class Use(NamedTuple):
    """What a service, called ``who`` by people, does with a key, and what it says of itself when it asks for that."""

    service: str
    who: str
    actions: tuple[str, ...]
    context: Mapping[str, str | list[str]]


def find(stack: Stack, given: str) -> Resource | None:
    """The key that somebody means by an ID, an ARN or an alias, if the stack makes it."""
    name = given.rpartition("/")[2] if ":key/" in given else given
    aliases = {alias.name: alias.properties["TargetKeyId"] for alias in stack.of_type("AWS::KMS::Alias")}
    name = aliases.get(name, name)
    return next((key for key in stack.of_type("AWS::KMS::Key") if name in (key.name, key.arn)), None)


def refusal(key: Resource, *uses: Use) -> str | None:
    """Why a service cannot use a key of the stack, or None if it can."""
    if key.properties.get("Enabled", True) is False:
        return f"the key {key.arn} is disabled: {uses[0].who} cannot use it"
    for use in uses:
        for action in use.actions:
            if not allowed(
                [key.properties["KeyPolicy"]],
                action=action,
                resource=key.arn,
                principal_service=use.service,
                context=use.context,
            ):
                return f"the policy of the key {key.arn} does not let {use.who} use it"
    return None
