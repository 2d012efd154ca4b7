"""The pattern that tells of refused changes to the monitoring and to the role.

AWS leaves the parameters out of most refused calls; what it answers is the only place that names what they were about.
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from typing import Any

from troposphere.kms import Key

from cfn_breakglass.config.model import CREATE, Config
from cfn_breakglass.detections.tampering import (
    ITS_OWN,
    about,
    account_wide,
    known_key,
    of_writes,
    text_messages,
    trail_bucket,
)
from cfn_breakglass.names import Names, sub


def refused(config: Config, names: Names, key: Key | None = None) -> dict[str, Any]:
    """The calls that tampering tells of, when they fail."""
    told: list[dict[str, Any]] = [
        account_wide(*text_messages(config)),
        {"eventName": [{"anything-but": [ITS_OWN]}], "errorMessage": _messages(config, names, key)},
        # It is protected from that, and the message may say no more.
        {"eventName": ["DeleteLogGroup"], "requestParameters": {"logGroupName": [{"prefix": names.log_groups}]}},
    ]
    if config.trail == CREATE:
        told.append(about([trail_bucket(names)]))  # S3 leaves the parameters in
    # The message names a part of ours also where another service is refused it, such as the role to run as.
    return of_writes([{"prefix": "aws."}], {"$or": told}, failed=True)


def _messages(config: Config, names: Names, key: Key | None) -> list[Any]:
    """What AWS answers when it refuses a call about a part of ours.

    The caller's ARN stands before the resource, and may hold the role's name. EventBridge takes few wildcards in one
    field, so these take more: whatever has our name within its own, and such a thing of another account. There is none
    left for the key where the role has a name that is not ours.
    """
    name, role = names.prefix, names.role
    # Each time that a name begins anew within itself is one more place for EventBridge to be in; its end does then.
    told = name
    while told[:2] in told[1:]:
        told = told[1:]
    messages: list[Any] = [{"wildcard": f"* on resource: *{told}*"}, {"prefix": f"Stack [{name}]"}]
    if told not in role.name:
        messages.append({"wildcard": sub(f"*: role {role.name}*" if role.goes_on else f"*: role {role.name} *")})
        messages += [] if role.goes_on else [{"suffix": sub(f": role {role.name}")}]
    elif known := known_key(config) or (key and "${" + key.title + "}"):
        messages.append({"wildcard": sub(f"*/{known}*")})
    return messages
