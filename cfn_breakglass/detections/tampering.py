"""The patterns of changes to the monitoring and to the role, split by service: one pattern would be too long.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
names the calls, and the CloudTrail records in tests/events how each names what it is about.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from troposphere import Ref

from cfn_breakglass.aws.arns import parse_arn
from cfn_breakglass.config.model import CREATE, CUSTOMER_KEY, NONE, Config
from cfn_breakglass.names import Names, sub

ABSENT: Final = [{"exists": False}]
WRITING: Final = [False, *ABSENT]

# EventBridge creates a stream for what it writes to a log group, and retries where it is denied that.
ITS_OWN: Final = "CreateLogStream"
# By the first word of CloudTrail's event source: the services that an alert passes on its way to a subscriber, and the
# services that these depend on.
_ALERT_PATH: Final = ("events", "logs", "monitoring", "scheduler", "sns", "sqs")
_ACCOUNT_FOUNDATION: Final = ("account", "cloudformation", "cloudtrail", "iam", "organizations")
# The account's own: its trails, whichever they are, its regions, its organization, and where STS answers.
_ACCOUNT_WIDE: Final = (
    *("StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"),
    # An account that accepts an invitation leaves for another organization.
    *("EnableRegion", "DisableRegion", "CloseAccount", "LeaveOrganization", "AcceptHandshake"),
    *({"prefix": "SetSecurityTokenService"}, {"prefix": "SetSTS"}),
)

# CloudTrail omits parameters of more than 100 KB, so that blanks can hide what a call is about.
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
_OMITTED_PARAMETERS: Final = {"omitted": [True, "true"]}

_Fields = dict[str, Any]


class Patterns(NamedTuple):
    """A pattern for any template; and one for the template that makes the key, where it watches that key as well."""

    anywhere: _Fields
    with_key: _Fields | None = None


def alert_path_changes(config: Config, names: Names) -> _Fields:
    """Every writing call, by anybody, about what an event passes from rule to subscriber, and about the heartbeat."""
    prefix = names.prefix
    own, buses = _own_names(names), own_buses(config, names)
    logs = [{"wildcard": f"*{names.log_groups.removeprefix('/aws/')}*"}]  # short, for the longest names to fit
    topics = [{"wildcard": f"*:{prefix}-*"}]
    parts: list[_Fields] = [
        {"name": [*own, names.bus]},
        {"rule": own},
        {"eventBusName": [*buses, *({"suffix": f":event-bus/{bus}"} for bus in buses)]},
        # A key of somebody's own on the default bus encrypts our rules there, and can be disabled.
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-cmkey.html
        {"name": ["default", *ABSENT], "kmsKeyIdentifier": [{"exists": True}], "archiveName": ABSENT},
        {"topicArn": topics},
        {"subscriptionArn": topics},
        {"resourceArn": topics + logs},
        {"queueUrl": [{"suffix": f"/{names.dead_letters}"}]},
        {"sourceArn": [{"suffix": f":{names.dead_letters}"}]},
        {"logGroupIdentifier": logs},
        {"resourceIdentifier": logs},
        {"alarmName": [{"prefix": names.alarms}]},
        {"alarmNames": [{"prefix": names.alarms}]},
    ]
    others: list[_Fields] = [
        _of_log_policies(names),
        {
            "eventName": [{"anything-but": [ITS_OWN, "StartQuery"]}],
            "requestParameters": {"logGroupName": [{"prefix": names.log_groups}]},
        },
    ]
    # An existing bus has other uses.
    if config.event_bus.existing:
        others.append({"eventName": [{"suffix": "Permission"}], "requestParameters": {"eventBusName": [names.bus]}})
    if sms := text_messages(config):
        others.append({"eventName": sms})
    return _watching(list(_ALERT_PATH), parts, others)


def account_foundation_changes(config: Config, names: Names, key_id: str | None = None) -> Patterns:
    """Every writing call about what the alert path depends on: roles, stacks, trails, keys, and the account itself.

    ``key_id`` is the logical ID of the template's key.
    """
    services, prefix = list(_ACCOUNT_FOUNDATION), names.prefix
    parts: list[_Fields] = [
        {"name": _own_names(names)},
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
        parts.append({"aliasName": [names.key_alias]})
    if existing := existing_key_id(config):
        disabling = ["DeleteImportedKeyMaterial", "DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion"]
        others.append({"eventName": disabling, "requestParameters": _of_key(existing)})
    own_key = [*parts, _of_key(Ref(key_id))] if key_id and config.encryption == CUSTOMER_KEY else None
    return Patterns(_watching(services, parts, others), _watching(services, own_key, others) if own_key else None)


def _watching(services: list[str], parts: list[_Fields], others: list[_Fields]) -> _Fields:
    """Calls of ``services`` with one of ``parts`` among their request parameters, and ``others``.

    No call is one of two services, so that no two such patterns match the same call.
    """
    calls = {"$or": [about([*parts, _OMITTED_PARAMETERS]), *others]}
    return of_writes([f"aws.{service}" for service in services], calls)


def _of_log_policies(names: Names) -> _Fields:
    """Changes of the policies that let events into log groups, and of those that go for all log groups of the account.

    Such a policy can shorten the retention of ours, and mask what is in them:
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutAccountPolicy.html
    """
    # Under any other name a policy can deny what ours allows; a JSON escape can hide the word.
    denying = {"policyDocument": [{"wildcard": "*Deny*"}, {"wildcard": r"*\\u*"}]}
    policies = [{"policyName": [names.prefix]}, denying, {"policyType": [{"exists": True}]}]
    return {"eventSource": ["logs.amazonaws.com"], "requestParameters": {"$or": policies}}


def _own_names(names: Names) -> list[Any]:
    """What many services call ``name``: all names of ours but the role's, the stack's and the bus's begin like this."""
    return [{"prefix": f"{names.prefix}-"}]


def own_buses(config: Config, names: Names) -> list[str]:
    """The buses that are ours alone: an existing one has other uses."""
    return [*([] if config.event_bus.existing else [names.bus]), names.action_bus]


def own_roles(names: Names) -> list[str]:
    """The names of the watched role and of our others as EventBridge's wildcards, for Fn::Sub."""
    return [names.role.name + "*" * names.role.name_is_prefix, f"{names.prefix}-*"]


def own_policies(names: Names) -> _Fields:
    """What the ARNs of our policies look like."""
    return {"wildcard": f"*:policy/{names.prefix}-*"}


def of_writes(source: list[Any], calls: _Fields, *, failed: bool = False) -> _Fields:
    """A pattern of writing calls, all that succeeded or all that ``failed``."""
    return {
        "source": source,
        "detail": {
            # No data events: where a trail records those, an alert would be one itself, and alerts would never end.
            "managementEvent": [True],
            "readOnly": WRITING,
            "errorCode": [{"exists": failed}],
            **calls,
        },
    }


def about(parts: list[_Fields]) -> _Fields:
    return {"requestParameters": {"$or": parts} if len(parts) > 1 else parts[0]}


def account_wide(*more: str) -> _Fields:
    # With another account's ID the call is about that account, of the same organization.
    return {"eventName": [*_ACCOUNT_WIDE, *more], "requestParameters": {"accountId": [*ABSENT, Ref("AWS::AccountId")]}}


def text_messages(config: Config) -> list[str]:
    """The call that changes how much the account may spend on text messages, if the config has phones."""
    endpoints = (*config.alerts.endpoints, *config.alerts.fallback_endpoints)
    return ["SetSMSAttributes"] if any(protocol == "sms" for protocol, _ in endpoints) else []


def _roles(config: Config, names: Names) -> Iterator[_Fields]:
    yield {"prefix" if names.role.name_is_prefix else "equals-ignore-case": sub(names.role.name)}
    yield {"prefix": {"equals-ignore-case": f"{names.prefix}-"}}
    if forwarder := config.event_bus.forwarder_role:
        yield {"equals-ignore-case": forwarder.rpartition("/")[2]}


def _of_key(key: Any) -> _Fields:
    # Calls spell it as its ID or its ARN.
    return {"keyId": [{"suffix": key}]}


def existing_key_id(config: Config) -> str:
    """The ID of the key whose ARN the config gives; empty without one."""
    arn = parse_arn(config.encryption)
    return arn.resource.removeprefix("key/") if arn else ""


def trail_bucket(names: Names) -> _Fields:
    return {"bucketName": [sub(names.trail_bucket)]}
