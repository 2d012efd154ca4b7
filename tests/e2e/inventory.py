"""What there is in an account."""

from __future__ import annotations

from typing import Any

from aws import STACK, Account


def inventory(account: Account) -> set[str]:
    """Everything that the templates could have made, as ``region kind name``; what is global is of the main region."""
    found = {f"{account.main} {kind} {name}" for kind, names in _global(account).items() for name in names}
    for region in account.regions:
        found |= {f"{region} {kind} {name}" for kind, names in _regional(account, region).items() for name in names}
    return found


def kept(account: Account) -> set[str]:
    """What outlives its stack beside the logs: what the trail recorded, and the key to all of that."""
    return {f"{account.main} key {account.key}", f"{account.main} bucket {STACK}-{account.number}-{account.main}"}


def _global(account: Account) -> dict[str, list[str]]:
    iam, formation = account.client("iam"), account.client("cloudformation")
    sets = formation.list_stack_sets(Status="ACTIVE")["Summaries"]
    buckets = _names(account.client("s3").list_buckets()["Buckets"], "Name")
    return {
        # CloudFormation's own is the console's.
        "bucket": [name for name in buckets if not name.startswith("cf-templates-")],
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
    alarms = account.client("cloudwatch", region).describe_alarms()["MetricAlarms"]
    schedules = account.client("scheduler", region).list_schedules()["Schedules"]
    return {
        "alarm": _names(alarms, "AlarmName"),
        "schedule": _names(schedules, "Name"),
        **_keys(account, region),
        "bus": buses,
        "rule": [name for bus in buses for name in _names(events.list_rules(EventBusName=bus)["Rules"], "Arn")],
        "topic": _names(sns.list_topics()["Topics"], "TopicArn"),
        "subscription": _names(sns.list_subscriptions()["Subscriptions"], "Endpoint"),
        "queue": [url.rpartition("/")[2] for url in queues],
        "log group": _names(account.client("logs", region).describe_log_groups()["logGroups"], "logGroupName"),
        "stack": _names([each for each in stacks if each["StackStatus"] != "DELETE_COMPLETE"], "StackName"),
    }


def _keys(account: Account, region: str) -> dict[str, list[str]]:
    """The keys that are not to be deleted, and the aliases that are not AWS's own."""
    kms = account.client("kms", region)
    found = [kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"] for each in kms.list_keys()["Keys"]]
    aliases = _names(kms.list_aliases()["Aliases"], "AliasName")
    return {
        "key": _names([key for key in found if key["KeyState"] == "Enabled"], "KeyId"),
        "alias": [name for name in aliases if not name.startswith("alias/aws/")],
    }


def _names(found: list[dict[str, Any]], key: str) -> list[str]:
    return [str(each[key]) for each in found]
