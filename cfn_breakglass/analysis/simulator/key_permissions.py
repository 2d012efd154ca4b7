"""Whether the key of a topic, a queue, a log group or a trail lets a service use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.analysis.simulator.delivery_problem import DeliveryProblem
from cfn_breakglass.analysis.template.reader import Resource, Stack


class KeyUse(NamedTuple):
    """What a service does with a key: its actions and the condition keys of its calls.

    ``service`` is its principal, ``service_name`` its name for people.
    """

    service: str
    service_name: str
    actions: tuple[str, ...]
    context: Mapping[str, str | list[str]]


def find_key(stack: Stack, key_reference: str) -> Resource | None:
    """The key of the stack with this ID, ARN or alias; None if the stack makes no such key."""
    name = key_reference.rpartition("/")[2] if ":key/" in key_reference else key_reference
    aliases = {alias.name: alias.properties["TargetKeyId"] for alias in stack.of_type("AWS::KMS::Alias")}
    name = aliases.get(name, name)
    return next((key for key in stack.of_type("AWS::KMS::Key") if name in (key.name, key.arn)), None)


def key_denial(key: Resource, *uses: KeyUse) -> DeliveryProblem | None:
    """Why a service cannot use a key that a stack makes, or None if it can."""
    if key.properties.get("Enabled", True) is False:
        message = f"the key {key.arn} is disabled: {uses[0].service_name} cannot use it"
        return DeliveryProblem("key-disabled", message, key.template, key.logical_id)
    for use in uses:
        for action in use.actions:
            if not allowed(
                [key.properties.get("KeyPolicy", {})],
                action=action,
                resource=key.arn,
                principal_service=use.service,
                context=use.context,
            ):
                message = f"the policy of the key {key.arn} does not let {use.service_name} use it"
                return DeliveryProblem("key-policy-denies", message, key.template, key.logical_id, use.service_name)
    return None
