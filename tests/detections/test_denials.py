"""By which error codes AWS denies a call: compared with what the services themselves declare."""

from __future__ import annotations

import json
import re
from typing import Final

import botocore.session
import pytest
from samples import ACCOUNT, SETTINGS, account

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record

# Calls that MonitoringTampered watches whatever their parameters say, so that only the error code tells a denial.
CALLS: Final = {
    "account": "DisableRegion EnableRegion",
    "cloudtrail": "DeleteTrail PutEventSelectors StopLogging UpdateTrail",
    "organizations": "AcceptHandshake CloseAccount LeaveOrganization",
    "sns": "SetSMSAttributes",
}
NO_DENIALS: Final = {
    "CloudTrailAccessNotEnabledException": "the organization does not trust CloudTrail",
    "InsufficientDependencyServiceAccessPermissionException": "the caller may not read the organization",
}
DENIAL: Final = re.compile(r"(?i)denied|authoriz|permi(t|ss)|forbidden|access|master.?account")


def error_codes(service: str, call: str) -> list[str]:
    """The codes of the errors that a service declares for a call."""
    shapes = botocore.session.Session().get_service_model(service).operation_model(call).error_shapes
    return [str(shape.error_code) for shape in shapes]


def declared() -> list[tuple[str, str, str]]:
    return [
        (service, call, code)
        for service, calls in CALLS.items()
        for call in calls.split()
        for code in error_codes(service, call)
    ]


@pytest.mark.parametrize(("service", "call", "code"), declared())
def test_a_failed_call_alerts_if_it_was_denied(service: str, call: str, code: str) -> None:
    record = {
        "eventSource": f"{service}.amazonaws.com",
        "eventName": call,
        "awsRegion": "us-east-1",
        "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT, "userName": "carol"},
        "recipientAccountId": ACCOUNT,
        "requestParameters": None,
        "errorCode": code,
        "readOnly": False,
        "managementEvent": True,
        "eventType": "AwsApiCall",
    }
    is_denial = bool(DENIAL.search(code)) and code not in NO_DENIALS
    deliveries = account(json.dumps(SETTINGS)).run(event_from_record(record))
    assert {delivery.detection for delivery in deliveries} == ({"MonitoringTampered"} if is_denial else set())
