"""Every call that can blind the monitoring: it alerts, or docs/not-caught.md says why not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

import pytest
from paths import ROOT
from samples import RAISES

# The calls that break or blind a part of the path from CloudTrail to somebody's mailbox, by service. Braces are
# alternatives, as in a shell.
CALLS: Final = {
    "events": "{Disable,Delete,Put}Rule {Put,Remove}Targets {Delete,Update}EventBus {Put,Remove}Permission",
    "sns": "DeleteTopic Unsubscribe Subscribe Set{Topic,Subscription}Attributes {Add,Remove}Permission"
    " PutDataProtectionPolicy",
    "logs": "DeleteLog{Group,Stream} {Put,Delete}RetentionPolicy {Put,Delete}ResourcePolicy {A,Disa}ssociateKmsKey"
    " PutDataProtectionPolicy PutLogGroupDeletionProtection PutSubscriptionFilter {Put,Delete}MetricFilter",
    "cloudtrail": "StopLogging {Delete,Update}Trail PutEventSelectors",
    "s3": "DeleteBucket {Put,Delete}BucketPolicy PutBucketVersioning PutBucketLifecycle",
    "sqs": "DeleteQueue PurgeQueue SetQueueAttributes",
    "kms": "DisableKey ScheduleKeyDeletion PutKeyPolicy RevokeGrant",
    "monitoring": "PutMetricAlarm DeleteAlarms DisableAlarmActions SetAlarmState",
    "scheduler": "{Update,Delete}Schedule",
    "iam": "UpdateAssumeRolePolicy DeleteRole {Put,Delete,Attach,Detach}RolePolicy CreatePolicyVersion"
    " SetDefaultPolicyVersion DeletePolicy{,Version} {Put,Delete}RolePermissionsBoundary"
    " SetSecurityTokenServicePreferences SetSTSRegionalEndpointStatus",
    "cloudformation": "{Delete,Update}Stack {Create,Execute}ChangeSet UpdateStackSet DeleteStackInstances"
    " UpdateTerminationProtection SetStackPolicy",
    "account": "{En,Dis}ableRegion CloseAccount",
    "organizations": "LeaveOrganization",
}
# What docs/not-caught.md says of the others: no template of ours makes what they change, or AWS records nothing.
NOT_COVERED: Final = {
    "events {T,Unt}agResource": "Tags",
    "events {Delete,Update}Archive": "bus archive",
    "sns SetSMSAttributes": "SetSMSAttributes",
    "logs PutLogEvents": "PutLogEvents",
    "cloudtrail DeleteEventDataStore": "event data store",
    "chatbot {Update,Delete}SlackChannelConfiguration": "Slack",
}


def expanded(text: str) -> list[str]:
    """What a shell makes of the braces in a word."""
    if not (found := re.search(r"\{([^{}]*)\}", text)):
        return [text]
    before, after = text[: found.start()], text[found.end() :]
    return [name for each in found[1].split(",") for name in expanded(before + each + after)]


def calls() -> Iterator[tuple[str, str]]:
    for service, names in CALLS.items():
        for word in names.split():
            yield from ((f"{service}.amazonaws.com", name) for name in expanded(word))


def told() -> set[tuple[str, str]]:
    """The calls that an alert of MonitoringTampered is shown for."""
    tampered = [json.loads(sample.read_text()) for sample in RAISES if sample.parent.name == "MonitoringTampered"]
    return {(record["eventSource"], record["eventName"]) for record in tampered}


TOLD: Final = told()


@pytest.mark.parametrize(("source", "name"), [*calls()])
def test_it_sets_off_an_alert(source: str, name: str) -> None:
    assert (source, name) in TOLD


@pytest.mark.parametrize("words", NOT_COVERED.values(), ids=NOT_COVERED)
def test_the_manual_says_what_is_not_covered(words: str) -> None:
    assert words in (ROOT / "docs" / "not-caught.md").read_text(encoding="utf-8")
