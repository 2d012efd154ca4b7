"""The permissions that a deployment needs: from the resources of a template to the statements of a policy.

Every statement is limited to our names. Calls that IAM cannot limit to our resources are limited
to the region if there is only one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final

from awacs import aws

from cfn_breakglass.aws.cloudformation_handlers import calls_of_type, calls_on_everything, calls_to_deploy
from cfn_breakglass.aws.handler_ownership import CHANNEL_TYPES, CLOUDFORMATION
from cfn_breakglass.builders.iam_policy import Conditions, allow
from cfn_breakglass.names import Names, bucket_arn, part_arn, sub, type_arn

Properties = Mapping[str, Any]
"""The properties of a resource, as plain data."""

Resources = Mapping[str, Mapping[str, Any]]
"""The resources of a template by their logical IDs, as plain data."""

STACK_SET: Final = "AWS::CloudFormation::StackSet"
_PASSED_TO: Final = {
    CLOUDFORMATION: (STACK_SET,),
    "events.amazonaws.com": ("AWS::Events::Rule",),
    "scheduler.amazonaws.com": ("AWS::Scheduler::Schedule",),
    "chatbot.amazonaws.com": CHANNEL_TYPES,
}
_ROLE_KEYS: Final = ("RoleArn", "AdministrationRoleARN", "IamRoleArn")
_SERVICE_LINKED_ROLE: Final = "iam:CreateServiceLinkedRole"
_CHAT_SERVICE: Final = "management.chatbot.amazonaws.com"
_ALIAS: Final = frozenset({"kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"})
_SPECIAL_TYPES: Final = frozenset(
    {STACK_SET, "AWS::IAM::ManagedPolicy", "AWS::IAM::Role", "AWS::IAM::RolePolicy", "AWS::Lambda::Permission"}
)
"""Types whose statements are more than a list of calls and a list of ARNs."""


def actions(names: Iterable[str]) -> list[aws.Action]:
    """Each ``service:Name`` as an action of awacs, sorted."""
    return [aws.Action(*name.split(":")) for name in sorted(set(names))]


def of_type(resources: Resources, kind: str) -> list[Properties]:
    """The properties of every resource of a type."""
    return [resource["Properties"] for resource in resources.values() if resource["Type"] == kind]


def calls_for(resources: Resources, *kinds: str) -> set[str]:
    """What CloudFormation calls for the resources of ``kinds``. Raises LookupError for a type without handlers."""
    return {
        call
        for resource in resources.values()
        if resource["Type"] in kinds
        for call in calls_to_deploy(resource["Type"], resource.get("Properties", {}))
    }


def resource_statements(
    names: Names, resources: Resources, region: str, buses: Iterable[str] = ()
) -> Iterator[aws.Statement]:
    """The right to create and change ``resources``, but those of special types; rules may be on ``buses`` too."""
    kinds = sorted({resource["Type"] for resource in resources.values()})
    calls = calls_for(resources, *(kind for kind in kinds if kind not in _SPECIAL_TYPES))
    # Calls about a key are in the policy of that key: nobody knows its ID before it exists.
    on_everything = calls_on_everything()
    about_the_key = {call for call in calls if call.startswith("kms:") and call not in on_everything | _ALIAS}
    calls -= about_the_key | {"iam:PassRole", _SERVICE_LINKED_ROLE}
    arns = [arn for kind, own_arns in _arns(names, region, list(buses)).items() if kind in kinds for arn in own_arns]
    yield allow("Parts", actions(calls - on_everything), [sub(arn) for arn in arns])
    if unlimited := calls & on_everything:
        in_region: Conditions = {aws.StringEquals: {"aws:RequestedRegion": region}}
        yield allow("OfAnyResource", actions(unlimited), ["*"], when=in_region if region != "*" else None)


def _arns(names: Names, region: str, buses: list[str]) -> dict[str, list[str]]:
    """Our ARNs of each type; a type that belongs to another one, such as the policy of a topic, has none of its own."""
    return {
        **{kind: [names.chat_channel_arns] for kind in CHANNEL_TYPES},
        "AWS::CloudTrail::Trail": [names.trail_arn],
        "AWS::CloudWatch::Alarm": [part_arn("cloudwatch", f"alarm:{names.alarms}*", region)],
        "AWS::Events::EventBus": [names.bus_arn(bus) for bus in buses],
        "AWS::Events::Rule": [arn for bus in (None, *buses) for arn in names.rule_arns(bus, region)],
        "AWS::KMS::Alias": [part_arn("kms", names.key_alias, region)],
        "AWS::Logs::LogGroup": [part_arn("logs", f"log-group:{names.log_groups}*", region)],
        "AWS::S3::Bucket": [bucket_arn(names.trail_bucket)],
        "AWS::SNS::Topic": [
            *(part_arn("sns", topic, region) for topic in (names.own_topic, names.chat, names.fallback_topic)),
        ],
        "AWS::SQS::Queue": [part_arn("sqs", queue, region) for queue in names.queues],
        "AWS::Scheduler::Schedule": [part_arn("scheduler", f"schedule/default/{names.heartbeat}", region)],
    }


def key_calls() -> list[aws.Action]:
    """What the policy of our key has to allow whoever deploys it: the calls about the key itself."""
    calls = calls_of_type("AWS::KMS::Key") | calls_of_type("AWS::KMS::Alias")
    return actions(calls - calls_on_everything())


def key_tags(resources: Resources, region: str) -> Iterator[aws.Statement]:
    """The right to create a key with our tags: the policy of the key has no effect before the key exists."""
    for key in of_type(resources, "AWS::KMS::Key"):
        if tags := {tag["Key"]: tag["Value"] for tag in key.get("Tags", [])}:
            our_tags: Conditions = {
                aws.StringEquals: {f"aws:RequestTag/{name}": value for name, value in tags.items()},
                aws.ForAllValuesStringEquals: {"aws:TagKeys": sorted(tags)},
            }
            yield allow("KeyTags", actions(["kms:TagResource"]), [sub(part_arn("kms", "key/*", region))], when=our_tags)


def stack_set_statements(names: Names, rolled_out: Resources, calls: Iterable[str]) -> Iterator[aws.Statement]:
    """The right to ``calls`` about our stack sets, with their administration role and the types that they hold.

    Stack sets of an organization have no such role, and take any call only from a delegated administrator.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/security_iam_id-based-policy-examples.html
    """
    needed_calls = set(calls) - {"iam:PassRole"}
    # Both get a template. Without our administration role they would work with the rights of another role.
    creates, updates = {"cloudformation:CreateStackSet"}, {"cloudformation:UpdateStackSet"}
    kinds = sorted({resource["Type"] for resource in rolled_out.values()})
    sets = zip(names.stack_set_arns, names.stack_set_target_arns, strict=True)
    arns = [*chain.from_iterable(sets), *map(type_arn, kinds)]
    with_role: Conditions = {aws.ArnEquals: {"cloudformation:RoleArn": sub(names.administration_role_arn)}}
    if names.hub:
        with_role = {aws.Null: {"cloudformation:RoleArn": "true"}}
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html
        yield allow("AsDelegatedAdministrator", actions(["organizations:ListDelegatedAdministrators"]), ["*"])
    yield allow("CreateStackSet", actions(needed_calls & creates), ["*"], when=with_role)
    yield allow("UpdateStackSet", actions(needed_calls & updates), [sub(arn) for arn in arns], when=with_role)
    on_everything = calls_on_everything()
    yield allow("OurStackSet", actions(needed_calls - creates - updates - on_everything), [sub(arn) for arn in arns])
    if reads := (needed_calls & on_everything) - creates:
        yield allow("ReadStackSets", actions(reads), ["*"])


def pass_role_statements(resources: Resources) -> Iterator[aws.Statement]:
    """The right to pass the roles that ``resources`` name to the services of those resources, and to no other."""
    for service, kinds in _PASSED_TO.items():
        arns = [arn for kind in kinds for properties in of_type(resources, kind) for arn in _role_arns(properties)]
        roles = {json.dumps(role): role for role in (_by_name(arn, resources) for arn in arns)}
        if roles:
            yield pass_role(f"PassTo{service.partition('.')[0].capitalize()}", list(roles.values()), service)


def chat_service_role(resources: Resources) -> Iterator[aws.Statement]:
    """The right to let the chat service have the role with which it subscribes to topics.

    https://docs.aws.amazon.com/chatbot/latest/adminguide/using-service-linked-roles.html
    """
    if calls_for(resources, *CHANNEL_TYPES):
        role = part_arn("iam", f"role/aws-service-role/{_CHAT_SERVICE}/AWSServiceRoleForAWSChatbot", "")
        for_chat: Conditions = {aws.StringEquals: {"iam:AWSServiceName": _CHAT_SERVICE}}
        yield allow("ChatServiceRole", actions([_SERVICE_LINKED_ROLE]), [sub(role)], when=for_chat)


def pass_role(sid: str, arns: list[Any], service: str) -> aws.Statement:
    return allow(sid, actions(["iam:PassRole"]), arns, when={aws.StringEquals: {"iam:PassedToService": service}})


def _by_name(role: Any, resources: Resources) -> Any:
    """An ARN as another template spells it: by the name of the role, where this one refers to a role of its own."""
    if isinstance(role, dict) and "Fn::If" in role:  # or without a role
        return _by_name(role["Fn::If"][1], resources)
    if isinstance(role, dict) and (reference := role.get("Fn::GetAtt")):
        logical_id = reference[0]
        return {"Fn::Sub": part_arn("iam", f"role/{resources[logical_id]['Properties']['RoleName']}", "")}
    return role


def _role_arns(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from [value] if key in _ROLE_KEYS else _role_arns(value)
    elif isinstance(node, list):
        for element in node:
            yield from _role_arns(element)
