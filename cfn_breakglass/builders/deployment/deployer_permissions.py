"""What deploying takes: from the resources that a template holds to the statements of a policy.

Every statement is limited to our names. A call that IAM limits to nothing, ``handlers.ANYWHERE``, is limited to the
region where there is only one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from awacs import aws

from cfn_breakglass.aws.cloudformation_handlers import ANYWHERE, HANDLERS, calls_of, needed
from cfn_breakglass.builders.iam_policy import Conditions, allow
from cfn_breakglass.names import Names, bucket_arn, part_arn, sub, type_arn

Resources = Mapping[str, Mapping[str, Any]]
"""The resources of a template by their logical IDs, as plain data."""

STACK_SET: Final = "AWS::CloudFormation::StackSet"
_PASSED_TO: Final = {
    STACK_SET: "cloudformation.amazonaws.com",
    "AWS::Events::Rule": "events.amazonaws.com",
    "AWS::Scheduler::Schedule": "scheduler.amazonaws.com",
}
_ROLE_KEYS: Final = ("RoleArn", "AdministrationRoleARN")
_ALIAS: Final = frozenset({"kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"})
_OTHERWISE: Final = ("CloudFormation", "IAM", "Lambda")
"""Services whose rights are more than a list of calls and one of ARNs."""


def actions(names: Iterable[str]) -> list[aws.Action]:
    """Each ``service:Name`` as awacs has it, in order."""
    return [aws.Action(*name.split(":")) for name in sorted(set(names))]


def of_type(resources: Resources, kind: str) -> list[Mapping[str, Any]]:
    """The properties of every resource of a type."""
    return [held["Properties"] for held in resources.values() if held["Type"] == kind]


def calls_for(resources: Resources, *kinds: str) -> set[str]:
    """What CloudFormation calls for the resources of ``kinds``."""
    by_type = [(held["Type"], needed(held["Type"], held.get("Properties", {}))) for held in resources.values()]
    return {call for kind, calls in by_type if kind in kinds for call in calls}


def parts(names: Names, resources: Resources, region: str, buses: Iterable[str] = ()) -> Iterator[aws.Statement]:
    """The right to make and keep our parts, wherever they need no more than that; rules may be on ``buses`` too."""
    kinds = sorted({held["Type"] for held in resources.values()})
    wanted = calls_for(resources, *(kind for kind in kinds if kind.split("::")[1] not in _OTHERWISE))
    # What is about a key is in the policy of that key: nobody knows its ID before it is there.
    wanted -= {call for call in wanted if call.startswith("kms:") and call not in ANYWHERE | _ALIAS} | {"iam:PassRole"}
    arns = [arn for kind, some in _arns(names, region, list(buses)).items() if kind in kinds for arn in some]
    yield allow(actions(wanted - ANYWHERE), [sub(arn) for arn in arns])
    if anywhere := wanted & ANYWHERE:
        here: Conditions = {aws.StringEquals: {"aws:RequestedRegion": region}}
        yield allow(actions(anywhere), ["*"], when=here if region != "*" else None)


def _arns(names: Names, region: str, buses: list[str]) -> dict[str, list[str]]:
    """Our names of each type; types that belong to another, such as the policy of a topic, have none of their own."""
    prefix = names.prefix
    return {
        "AWS::CloudTrail::Trail": [names.trail_arn],
        "AWS::CloudWatch::Alarm": [part_arn("cloudwatch", f"alarm:{names.alarms}*", region)],
        "AWS::Events::EventBus": [names.bus_arn(bus) for bus in buses],
        "AWS::Events::Rule": [
            part_arn("events", f"rule/{on}{prefix}-*", region) for on in ("", *(f"{bus}/" for bus in buses))
        ],
        "AWS::KMS::Alias": [part_arn("kms", names.key_alias, region)],
        "AWS::Logs::LogGroup": [part_arn("logs", f"log-group:{names.log_groups}*", region)],
        "AWS::S3::Bucket": [bucket_arn(names.trail_bucket)],
        "AWS::SNS::Topic": [names.topic_arn, part_arn("sns", names.fallback_topic, region)],
        "AWS::SQS::Queue": [part_arn("sqs", names.dead_letters, region)],
        "AWS::Scheduler::Schedule": [part_arn("scheduler", f"schedule/default/{names.heartbeat}", region)],
    }


def key_calls() -> list[aws.Action]:
    """What the policy of a key of ours has to allow whoever deploys it: the calls that are about the key itself."""
    calls = {call for kind in ("AWS::KMS::Key", "AWS::KMS::Alias") for row in HANDLERS[kind] for call in calls_of(row)}
    return actions(calls - ANYWHERE)


def key_tags(resources: Resources, region: str) -> Iterator[aws.Statement]:
    """The right to make a key that has our tags already; its policy counts for nothing before it is there."""
    for key in of_type(resources, "AWS::KMS::Key"):
        if tags := {tag["Key"]: tag["Value"] for tag in key.get("Tags", [])}:
            ours: Conditions = {
                aws.StringEquals: {f"aws:RequestTag/{name}": value for name, value in tags.items()},
                aws.ForAllValuesStringEquals: {"aws:TagKeys": sorted(tags)},
            }
            yield allow(actions(["kms:TagResource"]), [sub(part_arn("kms", "key/*", region))], when=ours)


def stack_sets(names: Names, inside: Resources, calls: Iterable[str]) -> Iterator[aws.Statement]:
    """The right to ``calls`` about our stack set, with its administration role and the types that it holds.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/security_iam_id-based-policy-examples.html
    """
    wanted = set(calls) - {"iam:PassRole"}
    # Both take a template, and would take another role's rights without one of ours.
    makes, changes = {"cloudformation:CreateStackSet"}, {"cloudformation:UpdateStackSet"}
    ours = [
        part_arn("cloudformation", f"stackset/{names.prefix}:*", names.main_region),
        part_arn("cloudformation", f"stackset-target/{names.prefix}:*"),
        *(type_arn(kind) for kind in sorted({held["Type"] for held in inside.values()})),
    ]
    with_role: Conditions = {aws.ArnEquals: {"cloudformation:RoleArn": sub(names.administration_role_arn)}}
    yield allow(actions(wanted & makes), ["*"], when=with_role)
    yield allow(actions(wanted & changes), [sub(arn) for arn in ours], when=with_role)
    yield allow(actions(wanted - makes - changes - ANYWHERE), [sub(arn) for arn in ours])
    if reads := (wanted & ANYWHERE) - makes:
        yield allow(actions(reads), ["*"])


def passing(resources: Resources) -> Iterator[aws.Statement]:
    """The right to hand the roles that ``resources`` name to the services that these are of, and to no other."""
    for kind, service in _PASSED_TO.items():
        named = [arn for held in of_type(resources, kind) for arn in _role_arns(held)]
        roles = {json.dumps(role): role for role in (_by_name(arn, resources) for arn in named)}
        if roles:
            yield pass_role(list(roles.values()), service)


def pass_role(arns: list[Any], service: str) -> aws.Statement:
    return allow(actions(["iam:PassRole"]), arns, when={aws.StringEquals: {"iam:PassedToService": service}})


def _by_name(role: Any, resources: Resources) -> Any:
    """An ARN as another template spells it: by the name of the role, where this one refers to a role of its own."""
    if isinstance(role, dict) and (of := role.get("Fn::GetAtt")):
        return {"Fn::Sub": part_arn("iam", f"role/{resources[of[0]]['Properties']['RoleName']}", "")}
    return role


def _role_arns(held: Any) -> Iterator[Any]:
    if isinstance(held, dict):
        for key, value in held.items():
            yield from [value] if key in _ROLE_KEYS else _role_arns(value)
    elif isinstance(held, list):
        for item in held:
            yield from _role_arns(item)
