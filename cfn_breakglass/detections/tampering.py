"""The patterns of changes to the monitoring and to the role, split by service: one pattern would be too long.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
names the calls, and the CloudTrail records in tests/events how each names what it is about.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from troposphere import Ref

from cfn_breakglass.aws.arns import parse_arn
from cfn_breakglass.config.model import CREATE, CUSTOMER_KEY, NONE, Config
from cfn_breakglass.names import Names, sub

TAMPERING: Final = "Tampering"
"""The family of the edge rules of this module."""

ABSENT: Final = [{"exists": False}]
WRITING: Final = [False, *ABSENT]

# EventBridge creates a stream for what it writes to a log group, and retries where it is denied that.
ITS_OWN: Final = "CreateLogStream"
# By the first word of CloudTrail's event source: the services that an alert passes on its way to a subscriber, and the
# services that these depend on.
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

TAGGING: Final = (
    *("TagResource", "UntagResource", "TagRole", "UntagRole", "TagPolicy", "UntagPolicy", "AddTags", "RemoveTags"),
    *("PutBucketTagging", "DeleteBucketTagging"),
)
"""Changes of tags, which change nothing about an alert."""

_Fields = dict[str, Any]


class Patterns(NamedTuple):
    """A pattern for any template; and one for the template that makes the key, where it watches that key as well."""

    anywhere: _Fields
    with_key: _Fields | None = None


def rule_changes(config: Config, names: Names, edges: Iterable[str]) -> _Fields:
    """Every writing call, by anybody, about our rules, buses and the schedule of the heartbeat.

    ``edges`` are the IDs of the edge rules. Of a rule on a bus of ours, the call names the bus; on a bus that others
    use as well, only the name of the rule tells ours.
    """
    on_shared_bus = ("RoleAssumed", "RoleDenied") if config.event_bus.existing else ()
    buses = names.buses(config)
    # The rules that watch for tampering are one family with one beginning; their whole names would be too long.
    tampering = [edge for edge in edges if edge.startswith(TAMPERING)]
    single = [names.rule(rule_id) for rule_id in (*edges, *on_shared_bus) if rule_id not in tampering]
    rules = [*single, *([{"prefix": names.rule(TAMPERING)}] if tampering else [])]
    parts: list[_Fields] = [
        {"name": [*dict.fromkeys((names.bus, *buses)), *rules, names.heartbeat]},
        {"rule": rules},
        {"eventBusName": [*buses, *({"suffix": f":event-bus/{bus}"} for bus in buses)]},
        # A key of somebody's own on the default bus encrypts our rules there, and can be disabled.
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-cmkey.html
        {"name": ["default", *ABSENT], "kmsKeyIdentifier": [{"exists": True}], "archiveName": ABSENT},
        _OMITTED_PARAMETERS,
    ]
    # An existing bus has other uses. Calls that name it and no rule are about its permissions.
    if config.event_bus.existing:
        parts.append({"eventBusName": [names.bus], "name": ABSENT, "rule": ABSENT})
    return _own(("events", "scheduler"), parts)


def delivery_changes(config: Config, names: Names) -> _Fields:
    """Every writing call, by anybody, about our topics, queues, log groups and alarms."""
    logs = [{"wildcard": f"*{names.log_groups.removeprefix('/aws/')}*"}]  # short, for the longest names to fit
    topics = (names.topic, names.fallback_topic)
    parts: list[_Fields] = [
        {"topicArn": [{"suffix": f":{topic}"} for topic in topics]},
        {"subscriptionArn": [{"wildcard": f"*:{topic}:*"} for topic in topics]},
        {"resourceArn": [*({"suffix": f":{topic}"} for topic in topics), *logs]},
        {"queueUrl": [{"suffix": f"/{names.dead_letters}"}]},
        {"sourceArn": [{"suffix": f":{names.dead_letters}"}]},
        {"logGroupName": [{"prefix": names.log_groups}]},
        {"logGroupIdentifier": logs},
        {"resourceIdentifier": logs},
        {"alarmName": [{"prefix": names.alarms}]},
        {"alarmNames": [{"prefix": names.alarms}]},
        *_of_log_policies(names),
        _OMITTED_PARAMETERS,
    ]
    if sends_text_messages(config):
        parts.append({"attributes": {"MonthlySpendLimit": [{"exists": True}]}})
    return _own(("logs", "monitoring", "sns", "sqs"), parts)


def _own(services: Iterable[str], parts: list[_Fields]) -> _Fields:
    ignored = [ITS_OWN, "StartQuery", "TagResource", "UntagResource"]
    return of_writes(
        [f"aws.{service}" for service in services], {"eventName": [{"anything-but": ignored}], **about(parts)}
    )


def account_foundation_changes(config: Config, names: Names, key_id: str | None = None) -> Patterns:
    """Every writing call about what the alert path depends on: roles, stacks, trails, keys, and the account itself.

    ``key_id`` is the logical ID of the template's key.
    """
    services, prefix = list(_ACCOUNT_FOUNDATION), names.prefix
    parts: list[_Fields] = [
        {"roleName": _roles(config, names)},
        {"policyArn": own_policies(config, names)},
        {"stackName": [prefix, {"wildcard": f"*stack/{prefix}/*"}, {"wildcard": f"*StackSet-{prefix}-*"}]},
        {"stackSetName": [prefix, {"prefix": f"{prefix}:"}]},
        _OMITTED_PARAMETERS,
    ]
    calls = [account_wide()]
    if config.trail == CREATE:
        services.append("s3")
        parts += [trail_bucket(names), {"name": [names.trail, {"suffix": f":trail/{names.trail}"}]}]
    if config.encryption != NONE:
        services.append("kms")
    if config.encryption == CUSTOMER_KEY:
        parts.append({"aliasName": [names.key_alias]})
    if existing := existing_key_id(config):
        disabling = ["DeleteImportedKeyMaterial", "DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion"]
        calls.append({"eventName": disabling, "requestParameters": _of_key(existing)})
    own_key = [*parts, _of_key(Ref(key_id))] if key_id and config.encryption == CUSTOMER_KEY else None
    return Patterns(_foundation(services, parts, calls), _foundation(services, own_key, calls) if own_key else None)


def _foundation(services: list[str], parts: list[_Fields], calls: list[_Fields]) -> _Fields:
    """Calls of ``services`` with one of ``parts`` among their request parameters, and ``calls``."""
    own = {"eventName": [{"anything-but": list(TAGGING)}], **about(parts)}
    return of_writes([f"aws.{service}" for service in services], {"$or": [own, *calls]})


def _of_log_policies(names: Names) -> list[_Fields]:
    """Changes of the policies that let events into log groups, and of those that go for all log groups of the account.

    Such a policy can shorten the retention of ours, and mask what is in them:
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutAccountPolicy.html
    """
    # Under any other name a policy can deny what ours allows; a JSON escape can hide the word.
    denying = {"policyDocument": [{"wildcard": "*Deny*"}, {"wildcard": r"*\\u*"}]}
    return [{"policyName": [names.prefix]}, denying, {"policyType": [{"exists": True}]}]


def own_roles(config: Config, names: Names) -> list[str]:
    """The names of the watched role and of our others as EventBridge's wildcards, for Fn::Sub."""
    return [names.role.name + "*" * names.role.name_is_prefix, *names.roles(config)]


def own_policies(config: Config, names: Names) -> list[_Fields]:
    """What the ARNs of our policies end with; IAM ignores their letter case."""
    return [{"suffix": {"equals-ignore-case": f":policy/{name}"}} for name in names.policies(config)]


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


def account_wide(more: Iterable[str] = ()) -> _Fields:
    # With another account's ID the call is about that account, of the same organization.
    return {"eventName": [*_ACCOUNT_WIDE, *more], "requestParameters": {"accountId": [*ABSENT, Ref("AWS::AccountId")]}}


def sends_text_messages(config: Config) -> bool:
    """Whether alerts go to phones, so that what the account may spend on text messages matters."""
    endpoints = (*config.alerts.endpoints, *config.alerts.fallback_endpoints)
    return any(protocol == "sms" for protocol, _ in endpoints)


def _roles(config: Config, names: Names) -> list[_Fields]:
    watched = {"prefix" if names.role.name_is_prefix else "equals-ignore-case": sub(names.role.name)}
    return [watched, *({"equals-ignore-case": name} for name in names.roles(config))]


def _of_key(key: Any) -> _Fields:
    # Calls spell it as its ID or its ARN.
    return {"keyId": [{"suffix": key}]}


def existing_key_id(config: Config) -> str:
    """The ID of the key whose ARN the config gives; empty without one."""
    arn = parse_arn(config.encryption)
    return arn.resource.removeprefix("key/") if arn else ""


def trail_bucket(names: Names) -> _Fields:
    return {"bucketName": [sub(names.trail_bucket)]}
