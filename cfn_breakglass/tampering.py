"""The patterns that tell of changes to the monitoring and to the role, and of refused ones.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
names the calls, and the CloudTrail records in tests/events how each names what it is about.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from troposphere import encode_to_dict
from troposphere.kms import Key

from cfn_breakglass import limits
from cfn_breakglass.arns import parse_arn
from cfn_breakglass.config import CREATE, CUSTOMER_KEY, NONE, Config
from cfn_breakglass.names import Names, sub

ABSENT: Final = [{"exists": False}]
WRITING: Final = [False, *ABSENT]

# EventBridge makes a stream for what it writes to a log group, and tries again where it may not.
_ITS_OWN: Final = "CreateLogStream"
_SERVICES: Final = (
    *("account", "cloudformation", "cloudtrail", "events", "iam", "logs", "monitoring"),
    *("organizations", "scheduler", "sns", "sqs"),
)
# The account's own: its trails, whichever they are, its regions, its organization, and where STS answers.
_ACCOUNT_WIDE: Final = (
    *("StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"),
    *("EnableRegion", "DisableRegion", "CloseAccount", "LeaveOrganization"),
    *({"prefix": "SetSecurityTokenService"}, {"prefix": "SetSTS"}),
)

_Fields = dict[str, Any]


def tampering(config: Config, names: Names, key: Key | None = None) -> list[_Fields]:
    """Every writing call about a part of ours, by anybody, and those that switch off what all of it stands on.

    One pattern, or two where names are so long that EventBridge would not take one. ``key`` is the key of the same
    template: in others its ID is not known, and nobody can call it there.
    """
    source, parts, others = _services(config), [*_parts(config, names)], [*_others(config, names)]
    # In all regions the same rules: those without the key, as if it were known.
    unknown = [_of_key("1234abcd-12ab-34cd-56ef-1234567890ab")] if config.encryption == CUSTOMER_KEY else []
    longest = encode_to_dict(_pattern(source, {"$or": [_about([*parts, *unknown]), *others]}))
    fits = len(json.dumps(longest, separators=(",", ":"))) <= limits.PATTERN.maximum
    ours = _about([*parts, *([_of_key(key.ref())] if key else [])])
    return [_pattern(source, told) for told in ([{"$or": [ours, *others]}] if fits else [ours, {"$or": others}])]


def refused(config: Config, names: Names, key: Key | None = None) -> _Fields:
    """The same calls when they fail. AWS leaves the parameters out of most of these; only its message names a part."""
    told: list[_Fields] = [
        _account_wide(config),
        {"eventName": [{"anything-but": [_ITS_OWN]}], "errorMessage": _messages(config, names, key)},
        # It is protected from that, and the message may say no more.
        {"eventName": ["DeleteLogGroup"], "requestParameters": {"logGroupName": [{"prefix": names.log_groups}]}},
    ]
    if config.trail == CREATE:
        told.append(_about([_bucket(names)]))  # S3 leaves the parameters in
    # The message names a part of ours also where another service is refused it, such as the role to run as.
    return _pattern([{"prefix": "aws."}], {"$or": told}, failed=True)


def own_roles(names: Names) -> list[str]:
    """The names of the watched role and of our others as EventBridge's wildcards, for Fn::Sub."""
    return [names.role.name + "*" * names.role.goes_on, f"{names.prefix}-*"]


def own_policies(names: Names) -> _Fields:
    """What the ARNs of our policies look like."""
    return {"wildcard": f"*:policy/{names.prefix}-*"}


def _pattern(source: list[Any], told: _Fields, *, failed: bool = False) -> _Fields:
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


def _services(config: Config) -> list[Any]:
    # What CloudWatch is called by CloudTrail is not what its own events say.
    services = [
        *_SERVICES,
        *(["s3"] if config.trail == CREATE else []),
        *(["kms"] if config.encryption != NONE else []),
    ]
    return [f"aws.{service}" for service in services]


def _about(parts: list[_Fields]) -> _Fields:
    return {"requestParameters": {"$or": parts} if len(parts) > 1 else parts[0]}


def _account_wide(config: Config) -> _Fields:
    endpoints = (*config.alerts.endpoints, *config.alerts.fallback_endpoints)
    # What the account may spend on text messages, if any are to be sent.
    sms = ["SetSMSAttributes"] if any(protocol == "sms" for protocol, _ in endpoints) else []
    # With an account it is about another one of the organization.
    return {"eventName": [*_ACCOUNT_WIDE, *sms], "requestParameters": {"accountId": ABSENT}}


def _parts(config: Config, names: Names) -> Iterator[_Fields]:
    """The request parameters that name a part of ours."""
    prefix, logs = names.prefix, [{"wildcard": f"*{names.log_groups}*"}]
    topics = [{"wildcard": f"*:{prefix}-*"}]
    yield {"name": [{"prefix": f"{prefix}-"}, names.bus]}
    yield {"rule": [{"prefix": f"{prefix}-"}]}
    yield {"eventBusName": [*([] if config.event_bus.existing else [names.bus]), names.action_bus]}
    yield {"topicArn": topics}
    yield {"subscriptionArn": topics}
    yield {"resourceArn": topics + logs}
    yield {"queueUrl": [{"suffix": f"/{names.dead_letters}"}]}
    yield {"logGroupIdentifier": logs}
    yield {"resourceIdentifier": logs}
    yield {"alarmName": [{"prefix": names.alarms}]}
    yield {"alarmNames": [{"prefix": names.alarms}]}
    yield {"roleName": [*_roles(config, names)]}
    yield {"policyArn": [own_policies(names)]}
    yield {"stackName": [prefix, {"wildcard": f"*stack/{prefix}/*"}, {"wildcard": f"*StackSet-{prefix}-*"}]}
    yield {"stackSetName": [prefix, {"prefix": f"{prefix}:"}]}
    if config.trail == CREATE:
        yield _bucket(names)
    if config.encryption == CUSTOMER_KEY:
        yield {"aliasName": [names.key_alias]}


def _roles(config: Config, names: Names) -> Iterator[_Fields]:
    yield {"prefix" if names.role.goes_on else "equals-ignore-case": sub(names.role.name)}
    yield {"prefix": {"equals-ignore-case": f"{names.prefix}-"}}
    if forwarder := config.event_bus.forwarder_role:
        yield {"equals-ignore-case": forwarder.rpartition("/")[2]}


def _others(config: Config, names: Names) -> Iterator[_Fields]:
    """What it takes more than request parameters to tell."""
    yield _account_wide(config)
    # Under any other name it can deny what ours allows; a JSON escape can hide the word.
    denying = [{"wildcard": "*Deny*"}, {"wildcard": r"*\\u*"}]
    policies = [{"policyName": [names.prefix]}, {"policyDocument": denying}]
    yield {"eventSource": ["logs.amazonaws.com"], "requestParameters": {"$or": policies}}
    yield {
        "eventName": [{"anything-but": [_ITS_OWN, "StartQuery"]}],
        "requestParameters": {"logGroupName": [{"prefix": names.log_groups}]},
    }
    # What was there before has other work as well.
    if config.event_bus.existing:
        yield {"eventName": [{"suffix": "Permission"}], "requestParameters": {"eventBusName": [names.bus]}}
    if key := _key_id(config):
        ends = ["DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion"]
        yield {"eventName": ends, "requestParameters": _of_key(key)}


def _of_key(key: Any) -> _Fields:
    # Calls spell it as its ID or its ARN.
    return {"keyId": [{"suffix": key}]}


def _key_id(config: Config) -> str:
    """The ID of a key that was there before, if there is one."""
    arn = parse_arn(config.encryption)
    return arn.resource.removeprefix("key/") if arn else ""


def _bucket(names: Names) -> _Fields:
    return {"bucketName": [sub(names.trail_bucket)]}


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
    elif known := _key_id(config) or (key and "${" + key.title + "}"):
        messages.append({"wildcard": sub(f"*/{known}*")})
    return messages
