"""The patterns that tell of changes to the monitoring and to the role.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
names the calls, and the CloudTrail records in tests/events how each names what it is about.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from troposphere import encode_to_dict
from troposphere.kms import Key

from cfn_breakglass import limits
from cfn_breakglass.arns import parse_arn
from cfn_breakglass.config import CREATE, CUSTOMER_KEY, NONE, Config
from cfn_breakglass.names import Names, sub

ABSENT: Final = [{"exists": False}]
WRITING: Final = [False, *ABSENT]

# EventBridge makes a stream for what it writes to a log group, and tries again where it may not.
ITS_OWN: Final = "CreateLogStream"
# The services on the road from an event to whom it tells, by the first word of CloudTrail's event source; and those
# that the road stands on.
_ROAD: Final = ("events", "logs", "monitoring", "scheduler", "sns", "sqs")
_GROUND: Final = ("account", "cloudformation", "cloudtrail", "iam", "organizations")
# The account's own: its trails, whichever they are, its regions, its organization, and where STS answers.
_ACCOUNT_WIDE: Final = (
    *("StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"),
    # To accept an invitation is to leave for another organization, too.
    *("EnableRegion", "DisableRegion", "CloseAccount", "LeaveOrganization", "AcceptHandshake"),
    *({"prefix": "SetSecurityTokenService"}, {"prefix": "SetSTS"}),
)

# CloudTrail leaves out parameters of more than 100 KB, so that blanks can hide what a call is about.
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
_UNTOLD: Final = {"omitted": [True, "true"]}

_Fields = dict[str, Any]


class _Group(NamedTuple):
    """Services, and what makes a call of theirs one about ours: request parameters alone, or more than these."""

    services: list[str]
    parts: list[_Fields]
    others: list[_Fields]


def tampering(config: Config, names: Names, key: Key | None = None) -> list[_Fields]:
    """Every writing call about a part of ours, by anybody, and those that switch off what all of it stands on.

    One pattern or, where EventBridge would not take that, one for some services and one for the rest: no call fits
    both. ``key`` is the key of the same template: in others its ID is not known, and nobody can call it there.
    """
    # In all regions the same rules: those without the key, as if it were known.
    longest = _watching(names, _road(config, names), _ground(config, names, "1234abcd-12ab-34cd-56ef-1234567890ab"))
    fits = len(json.dumps(encode_to_dict(longest), separators=(",", ":"))) <= limits.PATTERN.maximum
    groups = _road(config, names), _ground(config, names, key.ref() if key else None)
    return [_watching(names, *groups)] if fits else [_watching(names, group) for group in groups]


def _watching(names: Names, *groups: _Group) -> _Fields:
    named = {"name": [{"prefix": f"{names.prefix}-"}, names.bus]}  # many a service calls it that
    told = [
        about([named, *(part for group in groups for part in group.parts), _UNTOLD]),
        *(other for group in groups for other in group.others),
    ]
    return of_writes([f"aws.{service}" for group in groups for service in group.services], {"$or": told})


def own_roles(names: Names) -> list[str]:
    """The names of the watched role and of our others as EventBridge's wildcards, for Fn::Sub."""
    return [names.role.name + "*" * names.role.goes_on, f"{names.prefix}-*"]


def own_policies(names: Names) -> _Fields:
    """What the ARNs of our policies look like."""
    return {"wildcard": f"*:policy/{names.prefix}-*"}


def of_writes(source: list[Any], told: _Fields, *, failed: bool = False) -> _Fields:
    return {
        "source": source,
        "detail": {
            # Without data events: where a trail records those, an alert would be one itself, and never end.
            "managementEvent": [True],
            "readOnly": WRITING,
            "errorCode": [{"exists": failed}],
            **told,
        },
    }


def about(parts: list[_Fields]) -> _Fields:
    return {"requestParameters": {"$or": parts} if len(parts) > 1 else parts[0]}


def account_wide(*more: str) -> _Fields:
    # With an account it is about another one of the organization.
    return {"eventName": [*_ACCOUNT_WIDE, *more], "requestParameters": {"accountId": ABSENT}}


def text_messages(config: Config) -> list[str]:
    """What changes how much the account may spend on text messages, if any are to be sent."""
    endpoints = (*config.alerts.endpoints, *config.alerts.fallback_endpoints)
    return ["SetSMSAttributes"] if any(protocol == "sms" for protocol, _ in endpoints) else []


def _road(config: Config, names: Names) -> _Group:
    """What an event passes from a rule to whom it tells, and what proves that it does."""
    prefix, existing = names.prefix, config.event_bus.existing
    logs = [{"wildcard": f"*{names.log_groups.removeprefix('/aws/')}*"}]
    topics = [{"wildcard": f"*:{prefix}-*"}]
    # Under any other name a policy can deny what ours allows; a JSON escape can hide the word.
    denying = [{"wildcard": "*Deny*"}, {"wildcard": r"*\\u*"}]
    parts: list[_Fields] = [
        {"rule": [{"prefix": f"{prefix}-"}]},
        {"eventBusName": [*([] if existing else [names.bus]), names.action_bus]},
        # A key of somebody's own on this bus encrypts our rules there, and can be disabled.
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-cmkey.html
        {"name": ["default"], "kmsKeyIdentifier": [{"exists": True}]},
        {"topicArn": topics},
        {"subscriptionArn": topics},
        {"resourceArn": topics + logs},
        {"queueUrl": [{"suffix": f"/{names.dead_letters}"}]},
        {"logGroupIdentifier": logs},
        {"resourceIdentifier": logs},
        {"alarmName": [{"prefix": names.alarms}]},
        {"alarmNames": [{"prefix": names.alarms}]},
    ]
    others: list[_Fields] = [
        {
            "eventSource": ["logs.amazonaws.com"],
            "requestParameters": {"$or": [{"policyName": [prefix]}, {"policyDocument": denying}]},
        },
        {
            "eventName": [{"anything-but": [ITS_OWN, "StartQuery"]}],
            "requestParameters": {"logGroupName": [{"prefix": names.log_groups}]},
        },
    ]
    # What was there before has other work as well.
    if existing:
        others.append({"eventName": [{"suffix": "Permission"}], "requestParameters": {"eventBusName": [names.bus]}})
    if sms := text_messages(config):
        others.append({"eventName": sms})
    return _Group(list(_ROAD), parts, others)


def _ground(config: Config, names: Names, key: Any) -> _Group:
    """What the road stands on: roles, stacks, trails, keys and the account; ``key`` is the ID of a key of ours."""
    services, prefix = list(_GROUND), names.prefix
    parts: list[_Fields] = [
        {"roleName": [*_roles(config, names)]},
        {"policyArn": [own_policies(names)]},
        {"stackName": [prefix, {"wildcard": f"*stack/{prefix}/*"}, {"wildcard": f"*StackSet-{prefix}-*"}]},
        {"stackSetName": [prefix, {"prefix": f"{prefix}:"}]},
    ]
    others = [account_wide()]
    if config.trail == CREATE:
        services.append("s3")
        parts.append(trail_bucket(names))
    if config.encryption != NONE:
        services.append("kms")
    if config.encryption == CUSTOMER_KEY:
        parts += [{"aliasName": [names.key_alias]}, *([_of_key(key)] if key else [])]
    if there := known_key(config):
        ends = ["DeleteImportedKeyMaterial", "DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion"]
        others.append({"eventName": ends, "requestParameters": _of_key(there)})
    return _Group(services, parts, others)


def _roles(config: Config, names: Names) -> Iterator[_Fields]:
    yield {"prefix" if names.role.goes_on else "equals-ignore-case": sub(names.role.name)}
    yield {"prefix": {"equals-ignore-case": f"{names.prefix}-"}}
    if forwarder := config.event_bus.forwarder_role:
        yield {"equals-ignore-case": forwarder.rpartition("/")[2]}


def _of_key(key: Any) -> _Fields:
    # Calls spell it as its ID or its ARN.
    return {"keyId": [{"suffix": key}]}


def known_key(config: Config) -> str:
    """The ID of a key that was there before, if there is one."""
    arn = parse_arn(config.encryption)
    return arn.resource.removeprefix("key/") if arn else ""


def trail_bucket(names: Names) -> _Fields:
    return {"bucketName": [sub(names.trail_bucket)]}
