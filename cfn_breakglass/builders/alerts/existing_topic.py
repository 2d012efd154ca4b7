"""An existing topic in the place of ours: the role that publishes to it if it is another account's.

EventBridge needs a role for a topic of another account, and loses messages to an encrypted topic of the same account
if there is one.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-cross-account.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

from typing import Any, Final

import awacs.kms
import awacs.sns
import awacs.sts
from awacs import aws
from troposphere import AWSHelperFn, Equals, If, Not, NoValue, Ref, iam

from cfn_breakglass.aws.arns import parse_arn
from cfn_breakglass.builders.iam_policy import EVENTS, allow, only_from, policy, service
from cfn_breakglass.builders.shared_properties import helper_role_boundary, tags
from cfn_breakglass.names import keys_beside
from cfn_breakglass.plan import Plan

_ROLE: Final = "PublisherRole"
_CONDITION: Final = "TopicOfAnotherAccount"


def publisher_role(plan: Plan) -> iam.Role | None:
    """The role for a topic of another account; where the config does not say which account this is, on a condition."""
    topic, account = parse_arn(plan.config.alerts.topic or ""), plan.config.account
    # Resources for somebody's own template can have no condition.
    if not topic or topic.account == account or (plan.is_standalone and not account):
        return None
    arn = str(plan.config.alerts.topic)
    our_rules = only_from(plan.rule_arns(plan.destinations.topic))
    through_sns = f"sns.{topic.region}.{plan.config.partition.url_suffix}"
    publish = policy(
        allow("Publish", [awacs.sns.Publish], [arn]),
        allow(
            "KeyOfTopic",
            [awacs.kms.Decrypt, awacs.kms.Action("GenerateDataKey*")],
            [keys_beside(arn)],
            when={aws.StringEquals: {"kms:ViaService": through_sns}},
        ),
    )
    return iam.Role(
        _ROLE,
        RoleName=plan.names.publisher_role,
        Description="Publishes alerts to the topic of another account",
        AssumeRolePolicyDocument=policy(
            allow("OurRules", [awacs.sts.AssumeRole], principal=service(EVENTS), when=our_rules)
        ),
        Policies=[iam.Policy(PolicyName="publish", PolicyDocument=publish)],
        **({} if account else {"Condition": _CONDITION}),
        **helper_role_boundary(plan),
        **tags(plan),
    )


def role_of_target(plan: Plan, role: iam.Role | None) -> dict[str, Any]:
    """``RoleArn`` of a target that is the existing topic, to which ``role`` publishes."""
    if not role:
        return {}
    arn = role.get_att("Arn")
    return {"RoleArn": arn if plan.config.account else If(_CONDITION, arn, NoValue)}


def conditions(plan: Plan) -> dict[str, AWSHelperFn]:
    """The condition of the role, where only CloudFormation knows whether the topic is another account's."""
    topic = parse_arn(plan.config.alerts.topic or "")
    is_needed = topic and plan.destinations.topic and not plan.config.account
    return {_CONDITION: Not(Equals(Ref("AWS::AccountId"), topic.account))} if topic and is_needed else {}
