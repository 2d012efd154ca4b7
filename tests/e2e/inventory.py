"""What there is in an account."""

from __future__ import annotations

from typing import Any

from aws import Account


def inventory(account: Account) -> set[str]:
    """Everything that the templates could have made, as ``region kind name``; what is global is of the main region."""
    found = {f"{account.main} {kind} {name}" for kind, names in _global(account).items() for name in names}
    for region in account.regions:
        found |= {f"{region} {kind} {name}" for kind, names in _regional(account, region).items() for name in names}
    return found


def _global(account: Account) -> dict[str, list[str]]:
    iam, formation = account.client("iam"), account.client("cloudformation")
    sets = formation.list_stack_sets(Status="ACTIVE")["Summaries"]
    return {
        "role": _names(iam.list_roles()["Roles"], "RoleName"),
        "policy": _names(iam.list_policies(Scope="Local")["Policies"], "PolicyName"),
        "stack set": _names(sets, "StackSetName"),
    }


def _regional(account: Account, region: str) -> dict[str, list[str]]:
    events = account.client("events", region)
    buses = _names(events.list_event_buses()["EventBuses"], "Name")
    sns = account.client("sns", region)
    stacks = account.client("cloudformation", region).describe_stacks()["Stacks"]
    queues = account.client("sqs", region).list_queues().get("QueueUrls", [])
    return {
        "bus": buses,
        "rule": [name for bus in buses for name in _names(events.list_rules(EventBusName=bus)["Rules"], "Arn")],
        "topic": _names(sns.list_topics()["Topics"], "TopicArn"),
        "subscription": _names(sns.list_subscriptions()["Subscriptions"], "Endpoint"),
        "queue": [url.rpartition("/")[2] for url in queues],
        "log group": _names(account.client("logs", region).describe_log_groups()["logGroups"], "logGroupName"),
        "stack": _names([each for each in stacks if each["StackStatus"] != "DELETE_COMPLETE"], "StackName"),
    }


def _names(found: list[dict[str, Any]], key: str) -> list[str]:
    return [str(each[key]) for each in found]
