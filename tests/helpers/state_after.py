"""The calls by which somebody changes a part of the monitoring, each with the account that it leaves behind.

A part is a resource of the deployed templates. The stacks after a call are what the simulator sees then: some calls are
told to it in other words, which come to the same for the events that a rule delivers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from cfn_breakglass.analysis.template.reader import Resource, Stack
from cfn_breakglass.analysis.template.resource_types import bus_name
from cfn_breakglass.aws.partitions import GLOBAL_REGION

Stacks = Mapping[str, Stack]

_DELETION: Final = re.compile("Delet|Unsubscribe")
_SUBSCRIPTION_ID: Final = "6b0e71bd-7e97-4d97-80ce-4a0994e55286"


class Change(NamedTuple):
    """A call about a part: its title, its CloudTrail record, and the stacks by region that it leaves behind."""

    title: str
    record: dict[str, Any]
    stacks: Stacks


def changes(stacks: Stacks) -> Iterator[Change]:
    """Every call that can break something, for every part of the stacks; the title says region, call and part."""
    for stack in stacks.values():
        for resource in stack.resources.values():
            part = _Part(stacks, stack, resource)
            direct = list(_CALLS[resource.type](part))
            yield from direct
            yield from _by_cloud_control(
                part, [change for change in direct if _DELETION.search(change.record["eventName"])]
            )
        for resource in _existing(stack):
            yield from _CALLS[resource.type](_Part(stacks, stack, resource))
        yield from _of_the_region(stacks, stack)


def record(call: str, region: str, account: str, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    """The CloudTrail record of ``service:Call``, made by a person with a key."""
    service, _, name = call.partition(":")
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAJQABLZS4A3EXAMPLE",
            "arn": f"arn:aws:iam::{account}:user/mallory",
            "accountId": account,
            "userName": "mallory",
        },
        "eventTime": "2025-03-14T03:07:12Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": "203.0.113.24",
        "userAgent": "aws-cli/2.27.41",
        "requestParameters": parameters,
        "responseElements": None,
        "eventID": "f13605ce-60da-5bd8-b083-91cabf0f0c20",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }


@dataclass(frozen=True)
class _Part:
    """A resource of one of the stacks."""

    stacks: Stacks
    stack: Stack
    resource: Resource

    def change(self, call: str, parameters: Mapping[str, Any], after: Stacks, detail: str = "") -> Change:
        """A call, recorded where the part is. ``detail`` tells it from other calls of that name."""
        service, _, name = call.partition(":")
        # AWS records what is done to IAM in one region of the partition.
        region = GLOBAL_REGION if service == "iam" else self.stack.region
        title = f"{self.stack.region}: {name}{detail and f' ({detail})'} {self.resource.logical_id}"
        return Change(title, record(call, region, self.stack.account, parameters), after)

    def with_properties(self, **properties: Any) -> Stacks:
        return self.with_resources(replace(self.resource, properties={**self.resource.properties, **properties}))

    def with_resources(self, *resources: Resource) -> Stacks:
        return _with_resources(self.stacks, self.stack, *resources)

    def without(self, *others: Resource) -> Stacks:
        return _without(self.stacks, self.stack, self.resource, *others)

    def with_denial(self, statement: Mapping[str, Any]) -> Stacks:
        """The role of this part denied something by a policy more."""
        return self.with_resources(self.resource, _denial(self.resource, statement))


def _with_resources(stacks: Stacks, stack: Stack, *resources: Resource) -> Stacks:
    by_logical_id = {resource.logical_id: resource for resource in resources}
    return {**stacks, stack.region: replace(stack, resources={**stack.resources, **by_logical_id})}


def _without(stacks: Stacks, stack: Stack, *resources: Resource) -> Stacks:
    gone = {resource.logical_id for resource in resources}
    left = {name: resource for name, resource in stack.resources.items() if name not in gone}
    return {**stacks, stack.region: replace(stack, resources=left)}


def _existing(stack: Stack) -> Iterator[Resource]:
    """What the rules and topics of a stack use and no stack makes: buses, the role of the edge rules, a key."""
    main_types = ("AWS::SNS::Topic", "AWS::Logs::LogGroup")
    if not any(stack.of_type(resource_type) for resource_type in main_types):
        return
    own_arns = {resource.arn for resource in stack.resources.values()}
    rules = stack.of_type(_RULE)
    arn_of_bus = f"arn:{stack.partition}:events:{stack.region}:{stack.account}:event-bus/"
    for bus in sorted({bus_name(rule.properties.get("EventBusName", "default")) for rule in rules} - {"default"}):
        if (arn := f"{arn_of_bus}{bus}") not in own_arns:
            yield Resource("ExistingBus", "AWS::Events::EventBus", {}, bus, arn)
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    roles = {target["RoleArn"] for rule in rules for target in rule.properties["Targets"] if "RoleArn" in target}
    for arn in sorted(roles - own_arns):
        trust = _document(
            {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
        )
        properties = {
            "AssumeRolePolicyDocument": trust,
            "Policies": [{"PolicyName": "forward", "PolicyDocument": _document(allow)}],
        }
        yield Resource("ExistingRole", "AWS::IAM::Role", properties, arn.rpartition("/")[2], arn)
    keys = {topic.properties.get("KmsMasterKeyId", "") for topic in stack.of_type("AWS::SNS::Topic")}
    for arn in sorted(keys - own_arns - {""}):
        policy = _document({**allow, "Principal": "*"})
        yield Resource("ExistingKey", "AWS::KMS::Key", {"KeyPolicy": policy}, arn.rpartition("/")[2], arn)


def _denial(role: Resource, statement: Mapping[str, Any]) -> Resource:
    properties = {"RoleName": role.name, "PolicyName": "denial", "PolicyDocument": _document(statement)}
    return Resource(f"Denial{role.logical_id}", "AWS::IAM::RolePolicy", properties)


def _document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _deny(action: str, resource: str = "*") -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource}


_DENY_ANYBODY: Final = _document({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"})


def _denying(policy: Resource) -> Resource:
    """The policy with another document, by which nobody may do anything."""
    return replace(policy, properties={**policy.properties, "PolicyDocument": _DENY_ANYBODY})


def _of_rule(part: _Part) -> Iterator[Change]:
    resource, stack = part.resource, part.stack
    bus = resource.properties.get("EventBusName")
    on_bus = {"eventBusName": bus_name(bus)} if bus else {}
    rule, targets_of = {"name": resource.name, **on_bus}, {"rule": resource.name, **on_bus}
    # What is matched by no event of AWS.
    pattern = {"source": ["com.example"]}
    yield part.change("events:DisableRule", rule, part.with_properties(State="DISABLED"))
    yield part.change("events:DeleteRule", rule, part.without())
    put = {**rule, "eventPattern": json.dumps(pattern), "state": "ENABLED"}
    yield part.change("events:PutRule", put, part.with_properties(EventPattern=pattern), "another pattern")
    disabled = {**rule, "eventPattern": json.dumps(resource.properties["EventPattern"]), "state": "DISABLED"}
    yield part.change("events:PutRule", disabled, part.with_properties(State="DISABLED"), "disabled")
    targets = resource.properties["Targets"]
    ids = [target["Id"] for target in targets]
    yield part.change("events:RemoveTargets", {**targets_of, "ids": ids}, part.with_properties(Targets=[]))
    queue, policy = _foreign_queue(stack)
    diverted = [{"Id": target["Id"], "Arn": queue.arn} for target in targets]
    parameters = {**targets_of, "targets": [{"id": target["Id"], "arn": queue.arn} for target in targets]}
    after = part.with_resources(
        queue, policy, replace(resource, properties={**resource.properties, "Targets": diverted})
    )
    yield part.change("events:PutTargets", parameters, after, "another queue")
    if any(":sns:" in target["Arn"] for target in targets):
        text = '"All is well"'
        reworded = [{"Id": target["Id"], "Arn": target["Arn"], "Input": text} for target in targets]
        texts = [{"id": target["Id"], "arn": target["Arn"], "input": text} for target in targets]
        after = part.with_properties(Targets=[target for target in reworded if ":sns:" in target["Arn"]])
        yield part.change("events:PutTargets", {**targets_of, "targets": texts}, after, "another text")


def _foreign_queue(stack: Stack) -> tuple[Resource, Resource]:
    """A queue that takes whatever somebody sends to it, and its policy."""
    arn = f"arn:{stack.partition}:sqs:{stack.region}:{stack.account}:foreign"
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    properties = {"Queues": [arn], "PolicyDocument": _document(allow)}
    queue = Resource("ForeignQueue", "AWS::SQS::Queue", {}, "foreign", arn)
    return queue, Resource("ForeignQueuePolicy", "AWS::SQS::QueuePolicy", properties)


def _of_bus(part: _Part) -> Iterator[Change]:
    stacks, stack, bus = part.stacks, part.stack, part.resource.name
    rules = [rule for rule in stack.of_type(_RULE) if bus_name(rule.properties.get("EventBusName", "")) == bus]
    # EventBridge deletes no bus that has rules: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteEventBus.html
    yield part.change("events:DeleteEventBus", {"name": bus}, part.without(*rules))
    # A denial in the policy of a bus counts like one in the policies of the roles that put events on it.
    deny = _deny("events:PutEvents", part.resource.arn)
    roles = [*stack.of_type("AWS::IAM::Role"), *(role for role in _existing(stack) if role.type == "AWS::IAM::Role")]
    after = _with_resources(stacks, stack, *roles, *(_denial(role, deny) for role in roles))
    permission = {"eventBusName": bus, "policy": json.dumps(_document({**deny, "Principal": "*"}))}
    yield part.change("events:PutPermission", permission, after)
    # A key that nobody may use any more: what arrives is lost, as the bus has no dead-letter queue of its own.
    key = f"arn:{stack.partition}:kms:{stack.region}:{stack.account}:key/0a1b2c3d-12ab-34cd-56ef-0987654321ba"
    without_key = [replace(rule, properties={**rule.properties, "State": "DISABLED"}) for rule in rules]
    update = {"name": bus, "kmsKeyIdentifier": key}
    yield part.change("events:UpdateEventBus", update, part.with_resources(*without_key))


def _of_topic(part: _Part) -> Iterator[Change]:
    topic, stack = part.resource, part.stack
    policies = [policy for policy in stack.of_type("AWS::SNS::TopicPolicy") if topic.arn in policy.properties["Topics"]]
    denying = [_denying(policy) for policy in policies]

    def attribute(name: str, value: str, after: Stacks) -> Change:
        parameters = {"topicArn": topic.arn, "attributeName": name, "attributeValue": value}
        return part.change("sns:SetTopicAttributes", parameters, after, name)

    yield part.change("sns:DeleteTopic", {"topicArn": topic.arn}, part.without(*policies))
    yield attribute("Policy", json.dumps(_DENY_ANYBODY), part.with_resources(*denying))
    # No service may use the key of SNS itself.
    yield attribute("KmsMasterKeyId", "alias/aws/sns", part.with_properties(KmsMasterKeyId="alias/aws/sns"))
    removed = {"topicArn": topic.arn, "label": policies[0].properties["PolicyDocument"]["Statement"][0].get("Sid", "")}
    yield part.change("sns:RemovePermission", removed, part.with_resources(*denying))
    # It may refuse every message in which it finds an address.
    protection = {"resourceArn": topic.arn, "dataProtectionPolicy": "{}"}
    yield part.change("sns:PutDataProtectionPolicy", protection, part.with_resources(*denying))


def _of_subscription(part: _Part) -> Iterator[Change]:
    arn = _identifier(part)
    yield part.change("sns:Unsubscribe", {"subscriptionArn": arn}, part.without())
    # What no message passes comes to the same.
    parameters = {"subscriptionArn": arn, "attributeName": "FilterPolicy", "attributeValue": '{"never":["never"]}'}
    yield part.change("sns:SetSubscriptionAttributes", parameters, part.without(), "FilterPolicy")


def _of_queue(part: _Part) -> Iterator[Change]:
    stack, url = part.stack, _identifier(part)
    policies = stack.of_type("AWS::SQS::QueuePolicy")
    denying = [_denying(policy) for policy in policies]
    yield part.change("sqs:DeleteQueue", {"queueUrl": url}, part.without(*policies))
    attributes = {"queueUrl": url, "attributes": {"Policy": json.dumps(_DENY_ANYBODY)}}
    yield part.change("sqs:SetQueueAttributes", attributes, part.with_resources(*denying))


def _of_key(part: _Part) -> Iterator[Change]:
    key = {"keyId": part.resource.arn}
    yield part.change("kms:DisableKey", key, part.with_properties(Enabled=False))
    deletion = {**key, "pendingWindowInDays": 7}
    yield part.change("kms:ScheduleKeyDeletion", deletion, part.with_properties(Enabled=False))
    root = {"AWS": f"arn:{part.stack.partition}:iam::{part.stack.account}:root"}
    policy = _document({"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"})
    put = {**key, "policyName": "default", "policy": json.dumps(policy)}
    yield part.change("kms:PutKeyPolicy", put, part.with_properties(KeyPolicy=policy))


def _of_alias(part: _Part) -> Iterator[Change]:
    yield part.change("kms:DeleteAlias", {"aliasName": part.resource.name}, part.without())


def _of_role(part: _Part) -> Iterator[Change]:
    role = {"roleName": part.resource.name}
    nobody = _document()
    # A role that is gone is one that nobody may assume. The simulator takes one that no stack makes for another's.
    gone = part.with_properties(AssumeRolePolicyDocument=nobody)
    yield part.change("iam:DeleteRole", role, gone)
    trust = {**role, "policyDocument": json.dumps(nobody)}
    yield part.change("iam:UpdateAssumeRolePolicy", trust, gone)
    for policy in part.resource.properties.get("Policies", []):
        name = {**role, "policyName": policy["PolicyName"]}
        yield part.change("iam:DeleteRolePolicy", name, part.with_properties(Policies=[]))
        harmless = _document({"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"})
        replaced = part.with_properties(Policies=[{**policy, "PolicyDocument": harmless}])
        yield part.change("iam:PutRolePolicy", {**name, "policyDocument": json.dumps(harmless)}, replaced, "replaced")
    denied = part.with_denial(_deny("*"))
    denying = {**role, "policyName": "denial", "policyDocument": json.dumps(_document(_deny("*")))}
    yield part.change("iam:PutRolePolicy", denying, denied, "a denial")
    yield part.change("iam:AttachRolePolicy", {**role, "policyArn": "arn:aws:iam::aws:policy/AWSDenyAll"}, denied)
    boundary = {**role, "permissionsBoundary": "arn:aws:iam::aws:policy/IAMReadOnlyAccess"}
    yield part.change("iam:PutRolePermissionsBoundary", boundary, denied)
    if own := part.resource.properties.get("PermissionsBoundary"):
        version = {"policyArn": own, "policyDocument": json.dumps(_document(_deny("*"))), "setAsDefault": True}
        yield part.change("iam:CreatePolicyVersion", version, denied)


def _of_log_group(part: _Part) -> Iterator[Change]:
    group = {"logGroupName": part.resource.name}
    yield part.change("logs:DeleteLogGroup", group, part.without())
    retention = {**group, "retentionInDays": 1}
    yield part.change("logs:PutRetentionPolicy", retention, part.with_properties(RetentionInDays=1))
    # A key that does not exist lets nobody in.
    properties = {"Enabled": False, "KeyPolicy": _DENY_ANYBODY}
    arn = f"arn:{part.stack.partition}:kms:{part.stack.region}:{part.stack.account}:key/foreign"
    key = Resource("ForeignKey", "AWS::KMS::Key", properties, "foreign", arn)
    group_of_key = replace(part.resource, properties={**part.resource.properties, "KmsKeyId": arn})
    associated = part.with_resources(key, group_of_key)
    yield part.change("logs:AssociateKmsKey", {**group, "kmsKeyId": arn}, associated)
    yield part.change("logs:DisassociateKmsKey", group, part.with_properties(KmsKeyId=""))


def _of_log_policy(part: _Part) -> Iterator[Change]:
    name = {"policyName": part.resource.properties["PolicyName"]}
    yield part.change("logs:DeleteResourcePolicy", name, part.without())
    put = {**name, "policyDocument": json.dumps(_DENY_ANYBODY)}
    replaced = part.with_properties(PolicyDocument=_DENY_ANYBODY)
    yield part.change("logs:PutResourcePolicy", put, replaced, "replaced")
    another = Resource("AnotherPolicy", "AWS::Logs::ResourcePolicy", {"PolicyDocument": _DENY_ANYBODY})
    put = {"policyName": "audit", "policyDocument": json.dumps(_DENY_ANYBODY)}
    yield part.change("logs:PutResourcePolicy", put, part.with_resources(another), "another that denies")


def _of_metric_filter(part: _Part) -> Iterator[Change]:
    log_filter = {"logGroupName": part.resource.properties["LogGroupName"], "filterName": part.resource.name}
    yield part.change("logs:DeleteMetricFilter", log_filter, part.without())
    pattern = '{ $.source = "nothing" }'
    replaced = part.with_properties(FilterPattern=pattern)
    yield part.change("logs:PutMetricFilter", {**log_filter, "filterPattern": pattern}, replaced)


def _of_alarm(part: _Part) -> Iterator[Change]:
    names = {"alarmNames": [part.resource.name]}
    yield part.change("monitoring:DeleteAlarms", names, part.without())
    silent = part.with_properties(ActionsEnabled=False)
    yield part.change("monitoring:DisableAlarmActions", names, silent)
    mute = {"name": "maintenance", "muteTargets": names}
    yield part.change("monitoring:PutAlarmMuteRule", mute, silent)
    put = {"alarmName": part.resource.name, "threshold": 1_000_000.0}
    yield part.change("monitoring:PutMetricAlarm", put, part.without())


def _of_schedule(part: _Part) -> Iterator[Change]:
    name = {"name": part.resource.properties["Name"], "groupName": "default"}
    yield part.change("scheduler:DeleteSchedule", name, part.without())
    disabled = part.with_properties(State="DISABLED")
    yield part.change("scheduler:UpdateSchedule", {**name, "state": "DISABLED"}, disabled)


def _with_its_owner(_: _Part) -> Iterator[Change]:
    """The calls that change it are those of what it belongs to."""
    return iter(())


def _only_reads(_: _Part) -> Iterator[Change]:
    """No alert and no log goes by way of it."""
    return iter(())


def _by_cloud_control(part: _Part, deletions: list[Change]) -> Iterator[Change]:
    """The same by the Cloud Control API: its own call has to alert, as those that it makes come from CloudFormation.

    An update can leave as little of a part as its deletion. What is in no region can be deleted from any. What existed
    before our stacks is another stack's, and calls from CloudFormation about it alert.
    https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations-delete.html
    """
    resource, main = part.resource, part.stack.region
    is_global = resource.type.startswith("AWS::IAM::")
    for deletion in deletions[:1]:
        parameters = {"typeName": resource.type, "identifier": _identifier(part)}
        for region in part.stacks if is_global else (main,):
            where = "" if region == main else f" (in {region})"
            for call in ("DeleteResource", "UpdateResource"):
                call_record = record(f"cloudcontrolapi:{call}", region, part.stack.account, parameters)
                yield Change(f"{main}: {call}{where} {resource.logical_id}", call_record, deletion.stacks)


def _identifier(part: _Part) -> str:
    """The primary identifier of a resource: https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-identifier.html."""
    resource, stack = part.resource, part.stack
    properties = resource.properties
    match resource.type:
        case "AWS::SNS::Topic" | "AWS::Events::Rule":
            identifier = resource.arn
        case "AWS::SNS::Subscription":
            identifier = f"{properties['TopicArn']}:{_SUBSCRIPTION_ID}"
        case "AWS::SQS::Queue":
            identifier = f"https://sqs.{stack.region}.amazonaws.com/{stack.account}/{resource.name}"
        case "AWS::Logs::MetricFilter":
            identifier = f"{properties['LogGroupName']}|{resource.name}"
        case "AWS::Scheduler::Schedule":
            identifier = properties["Name"]
        case "AWS::Logs::ResourcePolicy":
            identifier = properties["PolicyName"]
        case _:
            identifier = resource.name
    return str(identifier)


def _of_the_region(stacks: Stacks, stack: Stack) -> Iterator[Change]:
    """What takes a whole region away, or breaks it."""
    region, account = stack.region, stack.account
    main, *_ = stacks
    name = stack.description.partition(":")[0]
    gone = {other: remaining for other, remaining in stacks.items() if other != region}
    own = {"stackName": name if region == main else f"StackSet-{name}-7d2f4a1e-0b53-4c1b-9d55-2f5b1d0a6c11"}
    # An update can leave as little of a stack as its deletion.
    for call in ("DeleteStack", "UpdateStack", "ExecuteChangeSet"):
        yield Change(f"{region}: {call}", record(f"cloudformation:{call}", region, account, own), gone)
    if region != main:
        instances = {"stackSetName": name, "accounts": [account], "regions": [region], "retainStacks": False}
        for call in ("DeleteStackInstances", "UpdateStackSet"):
            yield Change(f"{region}: {call}", record(f"cloudformation:{call}", main, account, instances), gone)
    if region == GLOBAL_REGION:  # it can be switched off neither for the account nor for STS
        return
    if region != main:
        disabling = record("account:DisableRegion", GLOBAL_REGION, account, {"regionName": region})
        yield Change(f"{region}: DisableRegion", disabling, gone)
    # Where STS is off, EventBridge and its scheduler get no credentials of a role.
    source = {"ArnLike": {"aws:SourceArn": [f"arn:*:events:{region}:*", f"arn:*:scheduler:{region}:*"]}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Condition": source}
    after = stacks
    for role in stacks[main].of_type("AWS::IAM::Role"):
        trust = role.properties["AssumeRolePolicyDocument"]
        denied = {**trust, "Statement": [*trust["Statement"], deny]}
        properties = {**role.properties, "AssumeRolePolicyDocument": denied}
        after = _with_resources(after, after[main], replace(role, properties=properties))
    # The record holds no parameters.
    status = record("iam:SetSTSRegionalEndpointStatus", GLOBAL_REGION, account, None)
    yield Change(f"{region}: SetSTSRegionalEndpointStatus", status, after)


_RULE: Final = "AWS::Events::Rule"
_CALLS: Final[Mapping[str, Callable[[_Part], Iterator[Change]]]] = {
    "AWS::CloudWatch::Alarm": _of_alarm,
    "AWS::Events::EventBus": _of_bus,
    _RULE: _of_rule,
    "AWS::IAM::ManagedPolicy": _with_its_owner,
    "AWS::IAM::Role": _of_role,
    "AWS::IAM::RolePolicy": _with_its_owner,
    "AWS::KMS::Alias": _of_alias,
    "AWS::KMS::Key": _of_key,
    "AWS::Logs::LogGroup": _of_log_group,
    "AWS::Logs::MetricFilter": _of_metric_filter,
    "AWS::Logs::QueryDefinition": _only_reads,
    "AWS::Logs::ResourcePolicy": _of_log_policy,
    "AWS::SNS::Subscription": _of_subscription,
    "AWS::SNS::Topic": _of_topic,
    "AWS::SNS::TopicPolicy": _with_its_owner,
    "AWS::SQS::Queue": _of_queue,
    "AWS::SQS::QueuePolicy": _with_its_owner,
    "AWS::Scheduler::Schedule": _of_schedule,
}
"""The calls about a resource, by its type; a type that is missing here fails."""
