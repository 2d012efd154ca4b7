"""The patterns of changes to the monitoring and to the role, split by service: one pattern would be too long.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
names the calls, and the CloudTrail records in tests/events how each names what it is about.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from troposphere import Ref

from cfn_breakglass.aws import limits
from cfn_breakglass.aws.arns import STACK_SETS_ROLE, Arn, parse_arn
from cfn_breakglass.config.model import CREATE, NONE, Config
from cfn_breakglass.detections.composition import patterns_that_fit
from cfn_breakglass.names import Names, sub

TAMPERING: Final = "Tampering"
"""The family of the edge rules of this module."""

PRESENT: Final = [{"exists": True}]
ABSENT: Final = [{"exists": False}]
API_CALL: Final = ["AWS API Call via CloudTrail"]
WRITING: Final = [False, *ABSENT]
KEY_TYPE: Final = "AWS::KMS::Key"
MANAGEMENT: Final = {"managementEvent": [True, *ABSENT]}
"""No data events: where a trail records those, an alert would be one itself, and alerts would never end.

Records of a version before 1.06 do not say what they are.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

# By these, parts of ours become those of another stack, or are changed without any.
_TAKEOVERS: Final = ("CreateStackRefactor", "UpdateResource", "DeleteResource")
# Whether STS answers in a region, and with which tokens.
_STS_CALLS: Final = ("SetSecurity", "SetSTS")
_CHAT_SERVICES: Final = ["chatbot"]
# The account's own: its trails, whichever they are, its regions, its organization, and where STS answers.
_ACCOUNT_WIDE: Final = (
    *("StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"),
    # An account that accepts an invitation leaves for another organization.
    *("EnableRegion", "DisableRegion", "CloseAccount", "LeaveOrganization", "AcceptHandshake"),
    *({"prefix": beginning} for beginning in _STS_CALLS),
)
# IAM deletes policies by a call of the same name as an organization.
_DELETE_POLICY: Final = "DeletePolicy"
# What takes a guard SCP away from an account. Only the account that manages the organization can, and it records that.
_GUARD_REMOVALS: Final = (
    *("DetachPolicy", "UpdatePolicy", "DisablePolicyType", "MoveAccount"),
    {"prefix": _DELETE_POLICY},
)

ABOUT_ORGANIZATION: Final = (
    *("RemoveAccountFromOrganization", "RegisterDelegatedAdministrator", "DeregisterDelegatedAdministrator"),
    *("DisableAWSServiceAccess", "DeactivateOrganizationsAccess", "AttachPolicy", "PutResourcePolicy"),
)
"""What takes an account, or all of them, away from the hub, what lets others roll out to all of them, and what attaches
a policy, which may deny the forwarding, or lets others attach one.

The account that manages the organization records it. No stack owns what these are about.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html
"""

# CloudTrail omits parameters of more than 100 KB, so that blanks can hide what a call is about. No call about logs or
# alarms takes so much.
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
_OMITTED_PARAMETERS: Final = {"omitted": [True, "true"]}

# EventBridge itself makes a stream for what it writes to a log group, and retries where it is denied that.
IGNORING_TAGS: Final = [
    {"anything-but": {"prefix": ["CreateLogStream", "StartQuery", "Tag", "Untag", "PutBucketTag", "DeleteBucketTag"]}}
]
"""Changes of tags change nothing about an alert, and so do these calls."""

# Whoever installs an app gets an endpoint of its platform application.
_NO_NEW_DEVICES: Final = {"eventName": [{"anything-but": {"prefix": ["CreatePlatformEndpoint"]}}]}

_Fields = dict[str, Any]


def rule_changes(config: Config, names: Names) -> _Fields:
    """Every writing call, by anybody, about our buses, rules, log groups and alarms.

    Of the rules it leaves out the one that has this pattern. Of a rule on a bus of ours, the call names the bus.
    """
    logs = [{"wildcard": f"*{names.log_groups.removeprefix('/aws/')}*"}]  # short, for the longest names to fit
    buses, shared_bus = names.buses(config), config.event_bus.existing
    # The rules on a shared bus are RoleAssumed and RoleDenied.
    on_shared_bus = [{"prefix": names.central_rule("Role")}] if shared_bus else []
    rules = [{"prefix": names.default_bus_rules}, *on_shared_bus]
    parts: list[_Fields] = [
        {"name": [*([names.bus] if shared_bus else []), *buses, *rules]},
        {"rule": rules},
        *([{"eventBusName": [*buses, *_ends_of_arns(buses)]}] if buses else []),
        # A key of somebody's own on the default bus encrypts our rules there, and can be disabled.
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-cmkey.html
        {"name": ["default", *ABSENT], "kmsKeyIdentifier": [{"exists": True}], "archiveName": ABSENT},
        {"logGroupName": [{"prefix": names.log_groups}]},
        {"logGroupIdentifier": logs},
        {"resourceIdentifier": logs},
        {"resourceArn": logs},
        *_of_log_policies(names),
        {"alarmName": [{"prefix": names.alarms}]},
        {"alarmNames": [{"prefix": names.alarms}]},
        {"muteTargets": {"alarmNames": [{"prefix": names.alarms}]}},
        {"identifier": [{"wildcard": f"*{fragment(names.default_bus_rules)}*"}]},
    ]
    # An existing bus has other uses. Calls that name it and no rule are about its permissions.
    if shared_bus:
        parts.append({"eventBusName": [names.bus], "name": ABSENT, "rule": ABSENT})
    return _own(["cloudcontrolapi", "events", "logs", "monitoring"], parts)


def _ends_of_arns(buses: list[str]) -> list[_Fields]:
    """What the ARNs of the buses end with."""
    return [{"suffix": f"/{bus}"} for bus in buses]


def delivery_changes(config: Config, names: Names, watcher: str) -> _Fields:
    """Every writing call, by anybody, about our topics, queues, archives, replays and the schedule of the heartbeat.

    And about the rule ``watcher``, which watches all other rules.
    """
    chat = [names.chat] if config.alerts.chats else []
    created = [*([] if config.alerts.topic else [names.topic]), *chat, names.fallback_topic]
    topics = [_end_of_topic(config, names), *(f":{topic}" for topic in (*chat, names.fallback_topic))]
    queues = names.queues
    buses = _ends_of_arns(names.buses(config))
    on_default_bus = {"eventBusName": ["default", {"suffix": "/default"}, *ABSENT]}
    parts: list[_Fields] = [
        {"name": [names.default_bus_rule(watcher)], **on_default_bus},
        {"rule": [names.default_bus_rule(watcher)], **on_default_bus},
        {"name": [names.heartbeat, *created], "eventBusName": ABSENT},
        {"topicArn": [{"suffix": topic} for topic in topics]},
        {"subscriptionArn": [{"wildcard": f"*{topic}:*"} for topic in topics]},
        {"resourceArn": [{"suffix": topic} for topic in topics]},
        {"queueUrl": [*queues, *({"suffix": f"/{queue}{end}"} for queue in queues for end in ("", "/"))]},
        {"queueName": queues},
        {"sourceArn": [{"suffix": f":{queue}"} for queue in queues]},
        _OMITTED_PARAMETERS,
    ]
    if buses:
        parts += [{"eventSourceArn": buses}, {"destination": {"arn": buses}}]
    if sends_text_messages(config):
        # Without its number, an account in the sandbox sends no more to a phone.
        # https://docs.aws.amazon.com/sns/latest/dg/sns-sms-sandbox.html
        parts += [{"attributes": {"MonthlySpendLimit": PRESENT}}, {"phoneNumber": PRESENT}]
    return _own(["events", "scheduler", "sns", "sqs"], parts)


def _end_of_topic(config: Config, names: Names) -> str:
    """What the ARN of the alert topic ends with; only that of an existing one says which account's it is."""
    existing = parse_arn(config.alerts.topic or "")
    return f":{existing.account}:{existing.resource}" if existing else f":{names.topic}"


def channel_changes(config: Config, names: Names) -> _Fields:
    """Every writing call, by anybody, about our chat channels, or about the workspaces and teams that they are in.

    AWS documents records of this service whose parameters begin with a capital, as in its API; those of other services
    begin with a small letter. https://docs.aws.amazon.com/chatbot/latest/adminguide/logging-using-cloudtrail.html
    """
    channels = [{"wildcard": f"*/{names.chat_channels}*"}]
    parts: list[_Fields] = [{"chatConfigurationArn": channels}, {"chatConfiguration": channels}]
    # A call that names a configuration too makes a new one, most often of somebody else.
    if workspaces := sorted({slack.workspace for slack in config.alerts.slack}):
        parts.append({"slackTeamId": workspaces, "configurationName": ABSENT})
    if teams := sorted({channel.team for channel in config.alerts.teams}):
        parts.append({"teamId": teams, "configurationName": ABSENT})
    capitals = [{name[0].upper() + name[1:]: values for name, values in part.items()} for part in parts]
    return _own(_CHAT_SERVICES, [spelled for pair in zip(parts, capitals, strict=True) for spelled in pair])


def subscriber_changes(config: Config) -> list[_Fields]:
    """Every writing call, by anybody, about the queues, functions and push endpoints that are notified."""

    def pattern_of(subscribers: list[Arn]) -> _Fields:
        values_by_name: dict[str, list[Any]] = {}
        for name, values in (field for subscriber in subscribers for field in _of_subscriber(subscriber).items()):
            values_by_name.setdefault(name, []).extend(values)
        services = sorted({subscriber.service for subscriber in subscribers})
        # Where the rule is in other accounts too, or the config does not say whether that is the account of the role.
        is_there = config.account and not config.organization
        accounts = {} if is_there else {"recipientAccountId": sorted({arn.account for arn in subscribers})}
        parts = [{name: values} for name, values in values_by_name.items()]
        return _own(services, parts, _NO_NEW_DEVICES | accounts)

    endpoints = (*config.alerts.endpoints, *config.alerts.fallback_endpoints)
    arns = dict.fromkeys(arn for _, endpoint in endpoints if (arn := parse_arn(endpoint)))
    here = [arn for arn in arns if arn.account == (config.account or arn.account)]
    return patterns_that_fit(here, pattern_of, limits.PATTERN.maximum // 2)


def _of_subscriber(arn: Arn) -> _Fields:
    """The request parameters that name a queue, a function or a push endpoint, and how."""
    resource = arn.resource
    if arn.service == "sqs":
        end = f"/{arn.account}/{resource}"
        return {
            "queueUrl": [resource, {"suffix": end}, {"suffix": f"{end}/"}],
            "sourceArn": [{"suffix": f":{arn.account}:{resource}"}],
        }
    if arn.service == "lambda":
        name = resource.split(":")[1]
        function = f":function:{name}"
        return {"functionName": [name, {"prefix": f"{name}:"}, {"suffix": function}, {"wildcard": f"*{function}:*"}]}
    application = arn._replace(resource=f"app/{resource.partition('/')[2].rpartition('/')[0]}")
    return {"endpointArn": [":".join(("arn", *arn))], "platformApplicationArn": [":".join(("arn", *application))]}


def part_changes(config: Config, names: Names) -> _Fields:
    """Every writing call, by anybody, about our roles, policies, stacks, saved queries and bucket.

    The rule of the log groups has no room for the queries.
    """
    prefix = names.prefix
    services = ["iam", "cloudformation", "logs"]
    parts: list[_Fields] = [
        {"roleName": _roles(config, names)},
        {"policyArn": own_policies(config, names)},
        {"stackName": [prefix, *_stack_ids(config, names)]},
        # A stack set takes the stack in.
        {"stackId": _stack_ids(config, names)},
        {"stackIds": _stack_ids(config, names)},
        *([{"stackSetName": _stack_sets(names)}] if config.forwards else []),
        {"name": [{"prefix": names.saved_queries}]},
        _OMITTED_PARAMETERS,
    ]
    if config.trail == CREATE:
        services.append("s3")
        parts.append(trail_bucket(names))
    if config.encryption != NONE:
        services.append("kms")  # for what is omitted: no other parameter here is one of its calls
    # To detect drift changes nothing, and a rule of AWS Config does it for every stack, again and again.
    ignored = [*_STS_CALLS, _DELETE_POLICY, *_TAKEOVERS, "DetectStack"]
    others = {"eventName": [{"anything-but": {"prefix": ignored}}]}
    return _own(services, parts, others)


def forwarder_changes(names: Names) -> _Fields:
    """Every writing call, by anybody, about the role that forwards from an account of an organization.

    In one account, a rule of the main region notifies the fallback topic of these without that role.
    """
    return _own(["iam"], [{"roleName": [{"equals-ignore-case": names.forwarder_role}]}])


def account_changes(config: Config, names: Names) -> _Fields:
    """Calls about what is not ours and alerts need: trails, regions, the organization, STS.

    And calls by which another stack takes parts of ours, or Cloud Control changes them: all parts but the key and the
    rules on the default bus, of which this is one.
    """
    of_account: _Fields = {
        "stackDefinitions": {"stackName": ABSENT},
        "identifier": ABSENT,
        # No other policy of IAM is ours.
        "policyArn": [*ABSENT, *own_policies(config, names)],
        # CloudTrail puts resource policies by a call of the same name as an organization.
        **({"resourceArn": ABSENT} if config.organization else {}),
    }
    takeovers: list[_Fields] = [
        {"stackDefinitions": {"stackName": [names.prefix, *_stack_ids(config, names)]}},
        # The ID of a key is random, and a short name can be a part of it.
        {"typeName": [{"anything-but": [KEY_TYPE]}], "identifier": _identifiers(config, names)},
    ]
    services = ["account", "cloudcontrolapi", "cloudformation", "cloudtrail", "iam", "organizations"]
    calls = account_wide(config, [*_GUARD_REMOVALS, *_TAKEOVERS, *(ABOUT_ORGANIZATION if config.organization else ())])
    return _own(services, [{**calls.get("requestParameters", {}), **of_account}, *takeovers], calls)


def _identifiers(config: Config, names: Names) -> list[Any]:
    """What Cloud Control calls our parts by: a name, a path or an ARN."""
    name, beginning = names.prefix, f"{names.prefix}-"
    other_buses = [bus for bus in names.buses(config) if bus != name and not bus.startswith(beginning)]
    ends: list[_Fields] = [{"suffix": f"/{name}"}, {"prefix": f"{name}:"}]
    return [name, *other_buses, {"wildcard": f"*{fragment(beginning)}*"}, {"wildcard": f"*/{name}/*"}, *ends]


def _stack_ids(config: Config, names: Names) -> list[_Fields]:
    """The IDs of our stack, and of the stacks of our stack set if there is one."""
    of_stackset = [{"wildcard": f"*StackSet-{names.prefix}-*"}] if config.forwards else []
    return [{"wildcard": f"*stack/{names.prefix}/*"}, *of_stackset]


def _stack_sets(names: Names) -> list[Any]:
    """Our stack sets, by their names or by their IDs."""
    return [*names.watched_stack_sets, *({"prefix": f"{name}:"} for name in names.watched_stack_sets)]


def notifies_only_chats(config: Config) -> bool:
    """Whether nobody hears of what silences a chat: where people are notified too, they do."""
    return bool(config.alerts.chats) and not config.alerts.has_subscribers


def silencing_changes(config: Config, names: Names, key_id: str | None = None) -> _Fields:
    """Calls after which no alert about them would arrive: about the way from the monitoring bus to the subscribers.

    ``key_id`` is the logical ID of the key in the same template.
    """
    bus, forwarder = names.monitoring_bus, names.forwarder_role_arn.rpartition("/")[2]
    services = ["cloudcontrolapi", "sns"]
    topic = f":{names.chat}" if notifies_only_chats(config) else _end_of_topic(config, names)
    topic_arn, subscription_arn = {"suffix": topic}, {"wildcard": f"*{topic}:*"}
    roles = [{"equals-ignore-case": names.publisher_role}] if config.alerts.topic else []
    parts: list[_Fields] = [
        {"topicArn": [topic_arn]},
        {"subscriptionArn": [subscription_arn]},
        {"resourceArn": [topic_arn]},
    ]
    identifiers: list[Any] = [topic_arn, subscription_arn]
    if config.forwards:
        services.append("events")
        parts += [{"name": [bus]}, {"eventBusName": [bus, {"suffix": f"/{bus}"}]}]
        roles.append({"equals-ignore-case": forwarder})
        identifiers += [bus, {"wildcard": f"*:rule/{bus}/*"}]
    if roles:
        services.append("iam")
        parts.append({"roleName": roles})
        identifiers += roles
        if config.deployer:  # the boundary of these roles
            parts.append({"policyArn": _policy_arns([names.boundary])})
    if key := existing_key_id(config) or (Ref(key_id) if key_id else None):
        services.append("kms")
        parts.append(of_key(key))
        identifiers.append({"suffix": key})
    return _own(services, [*parts, {"identifier": identifiers}])


def _own(services: Iterable[str], parts: list[_Fields], calls: _Fields | None = None) -> _Fields:
    """Calls of ``services`` with one of ``parts`` among their request parameters."""
    return of_writes(sources(services), {**(calls or {}), **about(parts)})


def sources(services: Iterable[str]) -> list[str]:
    """The sources of the events of ``services``."""
    return [f"aws.{service}" for service in services]


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
    return _policy_arns(names.policies(config))


def _policy_arns(policies: Iterable[str]) -> list[_Fields]:
    return [{"suffix": {"equals-ignore-case": f":policy/{name}"}} for name in policies]


def of_writes(source: list[Any], calls: _Fields) -> _Fields:
    """A pattern of writing calls that succeeded."""
    return {"source": source, "detail": {"readOnly": WRITING, "errorCode": ABSENT, **calls}}


def about(parts: list[_Fields]) -> _Fields:
    return {"requestParameters": {"$or": parts} if len(parts) > 1 else parts[0]}


def account_wide(config: Config, more: Iterable[Any] = ()) -> _Fields:
    """The calls about what alerts need of an account, and ``more``."""
    calls = {"eventName": [*_ACCOUNT_WIDE, *more]}
    if config.organization:
        return calls
    # With another account's ID the call is about that account, of the same organization.
    return {**calls, "requestParameters": {"accountId": [*ABSENT, Ref("AWS::AccountId")]}}


def sends_text_messages(config: Config) -> bool:
    """Whether alerts go to phones, so that what the account may spend on text messages matters."""
    endpoints = (*config.alerts.endpoints, *config.alerts.fallback_endpoints)
    return any(protocol == "sms" for protocol, _ in endpoints)


def _roles(config: Config, names: Names) -> list[_Fields]:
    watched = {"prefix" if names.role.name_is_prefix else "equals-ignore-case": sub(names.role.name)}
    roles: list[_Fields] = [{"equals-ignore-case": name} for name in names.roles(config)]
    if not config.organization:
        return [watched, *roles]
    others = [role for role in roles if role != {"equals-ignore-case": names.forwarder_role}]
    return [watched, *others, {"prefix": {"equals-ignore-case": STACK_SETS_ROLE}}]


def of_key(key: Any) -> _Fields:
    """The request parameter that names a key: calls spell it as its ID or its ARN."""
    return {"keyId": [{"suffix": key}]}


def existing_key_id(config: Config) -> str:
    """The ID of the key whose ARN the config gives; empty without one."""
    arn = parse_arn(config.encryption)
    return arn.resource.removeprefix("key/") if arn else ""


def trail_bucket(names: Names) -> _Fields:
    return {"bucketName": [sub(names.trail_bucket)]}


def fragment(name: str) -> str:
    """The end of ``name`` from where its first two characters stand for the last time.

    Each place where a name begins anew within itself is one more state for EventBridge to be in.
    """
    while name[:2] in name[1:]:
        name = name[1:]
    return name
