"""Queries of the log groups that CloudWatch Logs Insights keeps for whoever looks: a folder in its console.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

from typing import Final

from troposphere import Ref, logs

from cfn_breakglass.plan import Plan

# Of a caller who is no user and no role, AWS records no ARN.
_CALLER: Final = "coalesce(detail.userIdentity.arn, detail.userIdentity.principalId, detail.userIdentity.invokedBy)"
# A call without readOnly counts as a write, so that no write is missed. In a query, false is 0.
_IS_WRITE: Final = "not ispresent(detail.readOnly) or detail.readOnly = 0"
# Nobody is let in by a call of STS that fails, whatever the code; services say in many ways that they deny a call.
_IS_DENIED: Final = (
    "detail.errorCode like /Denied|Unauthorized|NotPermitted|NotAuthorized|Forbidden/"
    ' or (detail.eventName like "AssumeRole" and ispresent(detail.errorCode))'
    ' or detail.responseElements.ConsoleLogin = "Failure"'
)
_NEWEST_FIRST: Final = "sort @timestamp desc"


def saved_queries(plan: Plan) -> list[logs.QueryDefinition]:
    """A query for each question that the log groups of the plan can answer.

    Each waits for its log groups: AWS does not say whether it takes the name of one that does not exist.
    """
    destinations = plan.destinations
    login = ["LoginLog"] if destinations.login_log else []
    actions = ["ActionLog"] if destinations.action_log else []
    queries = []
    if any(detection.id == "RoleAssumed" for detection in destinations.login_log):
        queries.append(_query(plan, "Sessions", login, *_sessions(plan)))
    if actions and plan.config.actions.log != "read":
        queries.append(_query(plan, "Writes", actions, *_writes()))
    if login or actions:
        queries.append(_query(plan, "Denials", [*login, *actions], *_denials()))
    if plan.heartbeat:
        queries.append(_query(plan, "Heartbeats", ["HeartbeatLog"], *_last_heartbeats()))
    return queries


def _sessions(plan: Plan) -> tuple[str, ...]:
    """Who assumed the role, from where, and the session that it made."""
    of_the_role = plan.names.role.sessions.rpartition(":")[2]
    return (
        (
            f"fields @timestamp, account, {_CALLER} as caller, detail.responseElements.assumedRoleUser.arn as session,"
            " detail.sourceIPAddress as ip"
        ),
        f'filter session like ":{of_the_role}"',
        _NEWEST_FIRST,
    )


def _writes() -> tuple[str, ...]:
    """What sessions of the role changed, or tried to, in the order of time."""
    return (
        (
            "fields @timestamp, account, region, detail.userIdentity.arn as session, detail.eventSource,"
            " detail.eventName, detail.errorCode"
        ),
        f"filter {_IS_WRITE}",
        "sort @timestamp asc",
    )


def _denials() -> tuple[str, ...]:
    """What was denied, to whom; a call that both logs hold once."""
    return (
        f"fields @timestamp, account, region, {_CALLER} as caller, detail.eventName, detail.errorMessage",
        f"filter {_IS_DENIED}",
        _NEWEST_FIRST,
        "dedup detail.eventID",
    )


def _last_heartbeats() -> tuple[str, ...]:
    """The last heartbeat of each account and region; what has had none for longest comes first."""
    return ("stats max(@timestamp) as last by account, region", "sort last asc")


def _query(plan: Plan, title: str, log_groups: list[str], *commands: str) -> logs.QueryDefinition:
    return logs.QueryDefinition(
        f"{title}Query",
        Name=f"{plan.names.saved_queries}{title.lower()}",
        LogGroupNames=[Ref(logical_id) for logical_id in log_groups],
        QueryString="\n| ".join(commands),
    )
