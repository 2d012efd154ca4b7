"""What a trail of data events adds makes no alert: an alert is a data event itself, and there would be no end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from samples import ACCOUNT, SETTINGS, account

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record

SOMEBODY = {"type": "AWSService", "invokedBy": "events.amazonaws.com"}
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:break-glass-alerts"
BUCKET = f"break-glass-{ACCOUNT}-us-east-1"


def record(service: str, name: str, parameters: dict[str, Any], *, is_management: bool) -> dict[str, Any]:
    return {
        "eventID": "1",
        "eventTime": "2025-03-14T03:07:12Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "userIdentity": SOMEBODY,
        "requestParameters": parameters,
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": is_management,
        "eventCategory": "Management" if is_management else "Data",
        "recipientAccountId": ACCOUNT,
    }


CALLS = {
    "publish an alert": ("sns", "Publish", {"topicArn": TOPIC}),
    "write a file of the trail": ("s3", "PutObject", {"bucketName": BUCKET, "key": "AWSLogs/1"}),
    "send what could not be delivered": (
        *("sqs", "SendMessage"),
        {"queueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/break-glass-dead-letters"},
    ),
}


@pytest.mark.parametrize("what", CALLS)
def test_the_work_of_the_monitoring_is_no_tampering(what: str) -> None:
    service, name, parameters = CALLS[what]
    simulator = account(json.dumps(SETTINGS))

    def detections(*, is_management: bool) -> set[str]:
        event = event_from_record(record(service, name, parameters, is_management=is_management))
        return {delivery.detection for delivery in simulator.run(event)}

    assert detections(is_management=False) == set()
    # The same parameters in a management event are a change of ours.
    assert detections(is_management=True) == {"MonitoringTampered"}


def test_a_record_that_does_not_say_what_it_is_alerts() -> None:
    """Of a version before 1.06, which some services still write."""
    old = record("sns", "DeleteTopic", {"topicArn": TOPIC}, is_management=True)
    del old["managementEvent"], old["eventCategory"]
    event = event_from_record({**old, "eventVersion": "1.05"})
    assert {delivery.detection for delivery in account(json.dumps(SETTINGS)).run(event)} == {"MonitoringTampered"}
