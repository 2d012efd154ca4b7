"""What LocalStack's CloudFormation reports as done and leaves undone, done with the calls AWS's own handlers make.

It has no update of rules, log groups and managed policies nor of a topic's key, sets no retention, and has no
UpdateStackSet. AWS updates all of these in place ("Update requires: No interruption"), so the physical ID stays, and so
does what is behind it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final

from aws import KEY_ON_PAPER, Account

from cfn_breakglass.analysis.template.reader import Resource, parse, resolve


def _rule(account: Account, region: str, rule: Resource) -> None:
    events, properties = account.client("events", region), rule.properties
    bus = {"EventBusName": properties["EventBusName"]} if "EventBusName" in properties else {}
    events.put_rule(
        Name=properties["Name"], EventPattern=json.dumps(properties["EventPattern"]), State=properties["State"], **bus
    )
    events.put_targets(Rule=properties["Name"], Targets=properties["Targets"], **bus)


def _log_group(account: Account, region: str, group: Resource) -> None:
    properties = group.properties
    account.client("logs", region).put_retention_policy(
        logGroupName=properties["LogGroupName"], retentionInDays=properties["RetentionInDays"]
    )


def _topic(account: Account, region: str, topic: Resource) -> None:
    key = topic.properties.get("KmsMasterKeyId", "").replace(KEY_ON_PAPER, account.key)
    account.client("sns", region).set_topic_attributes(
        TopicArn=topic.arn, AttributeName="KmsMasterKeyId", AttributeValue=key
    )


def _managed_policy(account: Account, region: str, policy: Resource) -> None:
    iam = account.client("iam", region)
    document = json.dumps(policy.properties["PolicyDocument"])
    iam.create_policy_version(PolicyArn=policy.arn, PolicyDocument=document, SetAsDefault=True)
    for user in policy.properties["Users"]:
        iam.attach_user_policy(UserName=user, PolicyArn=policy.arn)


_HANDLERS: Final[dict[str, Callable[[Account, str, Resource], None]]] = {
    "AWS::Events::Rule": _rule,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::SNS::Topic": _topic,
    "AWS::IAM::ManagedPolicy": _managed_policy,
}


def finish(account: Account, template: str, regions: Iterable[str], *, created: bool = False) -> None:
    """Do what is left after a template was deployed; after a stack was created that is the retention alone."""
    types = ["AWS::Logs::LogGroup"] if created else list(_HANDLERS)
    for region in regions:
        stack: Any = resolve(parse(account.with_key(template), "template"), account=account.number, region=region)
        for kind in types:
            for resource in stack.of_type(kind):
                _HANDLERS[kind](account, region, resource)
