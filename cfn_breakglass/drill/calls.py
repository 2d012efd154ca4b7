"""Every call to AWS that a drill makes, and the least permissions for them: one table for both.

A call that is not in ``CALLS`` cannot be made, and one that is needs no other right than it says here. What a resource
is in each ARN: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from cfn_breakglass.drill.drill_plan import DrillPlan


class Call(NamedTuple):
    """An operation of AWS's API, and what the caller needs for it.

    ``statement`` is the Sid that allows it, empty for what AWS allows everybody. ``resources`` gives the ARNs; none
    where a drill does not make the call. ``is_indirect``: it is part of another call; only its permission is needed.
    """

    service: str
    operation: str
    statement: str
    resources: Callable[[DrillPlan], tuple[str, ...]]
    is_indirect: bool = False

    @property
    def action(self) -> str:
        """The action that a policy allows: of these services, IAM has no other name than botocore."""
        return f"{self.service}:{self.operation}"


def _any(_plan: DrillPlan) -> tuple[str, ...]:
    return ("*",)


def _state(service: str, operation: str) -> Call:
    """A call that reads what there is; AWS takes no narrower resource, or the drill has to look at all of them."""
    return Call(service, operation, "ReadState", _any)


GET_CALLER_IDENTITY: Final = Call("sts", "GetCallerIdentity", "", _any)
GET_SESSION_TOKEN: Final = Call("sts", "GetSessionToken", "", _any)
ASSUME_ROLE: Final = Call("sts", "AssumeRole", "AssumeRole", lambda plan: plan.assumable_arns)
SET_SOURCE_IDENTITY: Final = Call(
    "sts", "SetSourceIdentity", "AssumeRole", lambda plan: plan.source_identity_arns, is_indirect=True
)
"""What AssumeRole with a source identity needs too."""
FILTER_LOG_EVENTS: Final = Call("logs", "FilterLogEvents", "ReadLog", lambda plan: (f"{plan.log_group_arn}:*",))
DECRYPT: Final = Call("kms", "Decrypt", "DecryptLog", lambda plan: plan.key_arns, is_indirect=True)
LIST_SUBSCRIPTIONS: Final = Call("sns", "ListSubscriptionsByTopic", "ReadSubscriptions", lambda plan: plan.topic_arns)
LIST_STACK_INSTANCES: Final = Call(
    "cloudformation", "ListStackInstances", "ReadStackInstances", lambda plan: plan.stack_set_arns
)
DESCRIBE_ALARMS: Final = _state("cloudwatch", "DescribeAlarms")
DESCRIBE_REGIONS: Final = _state("ec2", "DescribeRegions")
LIST_RULES: Final = _state("events", "ListRules")
DESCRIBE_TRAILS: Final = _state("cloudtrail", "DescribeTrails")
GET_TRAIL_STATUS: Final = _state("cloudtrail", "GetTrailStatus")
GET_EVENT_SELECTORS: Final = _state("cloudtrail", "GetEventSelectors")
LIST_PARENTS: Final = _state("organizations", "ListParents")
LIST_POLICIES_FOR_TARGET: Final = _state("organizations", "ListPoliciesForTarget")
DESCRIBE_POLICY: Final = _state("organizations", "DescribePolicy")

CALLS: Final = (
    *(GET_CALLER_IDENTITY, GET_SESSION_TOKEN, ASSUME_ROLE, SET_SOURCE_IDENTITY, FILTER_LOG_EVENTS, DECRYPT),
    *(LIST_SUBSCRIPTIONS, LIST_STACK_INSTANCES, DESCRIBE_ALARMS, DESCRIBE_REGIONS, LIST_RULES),
    *(DESCRIBE_TRAILS, GET_TRAIL_STATUS, GET_EVENT_SELECTORS),
    *(LIST_PARENTS, LIST_POLICIES_FOR_TARGET, DESCRIBE_POLICY),
)


def least_permissions(plan: DrillPlan) -> dict[str, Any]:
    """The IAM policy of whoever runs a drill: a statement for each set of resources."""
    statements: dict[str, dict[str, Any]] = {}
    for call in CALLS:
        resources = call.resources(plan)
        if not call.statement or not resources:
            continue
        new: dict[str, Any] = {"Sid": call.statement, "Effect": "Allow", "Action": [], "Resource": list(resources)}
        statements.setdefault(call.statement, new)["Action"].append(call.action)
    if DECRYPT.statement in statements:
        statements[DECRYPT.statement]["Condition"] = _by_logs(plan)
    return {"Version": "2012-10-17", "Statement": list(statements.values())}


def _by_logs(plan: DrillPlan) -> Mapping[str, Any]:
    """CloudWatch Logs decrypts for whoever reads an encrypted log: that log alone.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    partition = plan.deployed.config.partition
    service = f"logs.{plan.main_region}.{partition.url_suffix}"
    return {"StringEquals": {"kms:ViaService": service, "kms:EncryptionContext:aws:logs:arn": plan.log_group_arn}}
