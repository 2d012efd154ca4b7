"""What an alert can say: each message field and where EventBridge finds it in the event.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

PLACEHOLDER: Final = re.compile(r"<([^<>]*)>")


class Field(NamedTuple):
    """A value of the alert.

    ``paths`` are read in order and written with ``between`` between them; one that the event lacks is empty,
    so what AWS gives for one kind of caller only stands beside what it gives for the others. Nothing ``between``
    is for AWS's own words, of which one is there as a rule. ``constant`` is a value known beforehand.
    """

    about: str
    paths: tuple[str, ...] = ()
    constant: str | None = None
    between: str = " "


_RECORD: Final = "$.detail."
_WHO: Final = f"{_RECORD}userIdentity."

FIELDS: Final[dict[str, Field]] = {
    "detection": Field("Which detection this is, such as RoleAssumed", constant=""),
    "result": Field("Success or Failure", constant=""),
    "role": Field("The role that is watched", constant=""),
    "username": Field(
        "The caller's user name, then principal ID or service, as far as AWS gives them",
        (_WHO + "userName", _WHO + "principalId", _WHO + "invokedBy"),
    ),
    "principal": Field(
        "The caller's principal ID, then user name or service, as far as AWS gives them",
        (_WHO + "principalId", _WHO + "userName", _WHO + "invokedBy"),
    ),
    "sessionName": Field("The name of the role session", (_WHO + "principalId",)),
    "switchedFrom": Field(
        "The ARN that a console user switched from",
        ("$.detail.additionalEventData.SwitchFrom",),
    ),
    "mfa": Field("Whether the caller had MFA", (_WHO + "sessionContext.attributes.mfaAuthenticated",)),
    "mfaDevice": Field("The MFA device that the caller named", ("$.detail.requestParameters.serialNumber",)),
    "error": Field("What AWS answered when it refused; why an alarm went off", ("$.detail.errorMessage",)),
    "errorCode": Field("The same in a word, such as AccessDenied", ("$.detail.errorCode",)),
    "account": Field("The account this happened in", ("$.account",)),
    "region": Field("The region that recorded it", ("$.detail.awsRegion",)),
    "eventTime": Field("When it happened, in UTC", ("$.detail.eventTime",)),
    "eventName": Field("The API call, such as AssumeRole; or the alarm", ("$.detail.eventName",)),
    "eventSource": Field("The service called, such as sts.amazonaws.com", ("$.detail.eventSource",)),
    "source": Field("The source EventBridge gives, such as aws.sts", ("$.source",)),
    "detailType": Field("The kind of event EventBridge gives", ("$.detail-type",)),
    "eventCategory": Field("Management, Data or Insight", ("$.detail.eventCategory",)),
    "eventType": Field("AwsApiCall, AwsConsoleSignIn and the like", ("$.detail.eventType",)),
    "readonly": Field("Whether the call only reads", ("$.detail.readOnly",)),
    "ip": Field("The address the call came from", ("$.detail.sourceIPAddress",)),
    "userAgent": Field("The program the call came from, as it names itself", ("$.detail.userAgent",)),
    "eventId": Field("The unique ID of the event; the same alert twice has the same one", ("$.detail.eventID",)),
    "requestId": Field("The unique ID of the request", ("$.detail.requestID",)),
    "requestedRole": Field("The role that was asked for", ("$.detail.requestParameters.roleArn",)),
    "caller": Field(
        "All that AWS tells of the caller: type, ARN, account, source identity", ("$.detail.userIdentity",)
    ),
}
"""Every field of a message, in the order an alert without a message of its own lists them."""

# Where a detection fills a field otherwise:
SUCCESS: Final = {"result": Field("", constant="Success")}
FAILURE: Final = {"result": Field("", constant="Failure")}
ASSUMING: Final = {
    "sessionName": Field("", ("$.detail.requestParameters.roleSessionName",)),
    # An MFA code given with the call itself shows as the device's serial number only.
    "mfa": Field("", (*FIELDS["mfa"].paths, "$.detail.requestParameters.serialNumber")),
}
OF_AN_ALARM: Final = FAILURE | {
    # CloudWatch sends no CloudTrail record: no call, and no caller. A text that names one names the alarm.
    **{name: Field("", constant="") for name, one in FIELDS.items() if one.paths and one.paths[0].startswith(_RECORD)},
    **dict.fromkeys(("username", "principal", "eventName"), Field("", ("$.detail.alarmName",))),
    "error": Field("", ("$.detail.state.reason",)),
    "region": Field("", ("$.region",)),
    "eventTime": Field("", ("$.time",)),
    "eventId": Field("", ("$.id",)),
}


def signing_in(*events: str) -> dict[str, Field]:
    """The fields of a sign-in, which is one of ``events``."""
    return {
        # AWS names the result after the event; a path the event lacks is empty, so exactly one of them speaks.
        "result": Field("", tuple(f"$.detail.responseElements.{name}" for name in events), between=""),
        "mfa": Field("", ("$.detail.additionalEventData.MFAUsed",)),
    }


def _by(*paths: str) -> dict[str, Field]:
    """Who did it, where fewer ``paths`` of a userIdentity than usual can say that: the others would be gaps."""
    return dict.fromkeys(("username", "principal"), Field("", tuple(_WHO + path for path in paths)))


# A session has a user name in no record; a service that acts for it leaves its own.
BY_A_SESSION: Final = _by("principalId", "invokedBy")
BY_ONE_NAME: Final = _by("principalId")
