"""The fields of an alert's message, and the paths at which EventBridge finds them in the event.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

PLACEHOLDER: Final = re.compile(r"<([^<>]*)>")


class Field(NamedTuple):
    """A field of a message.

    Its value is the values at ``paths``, in this order, with ``between`` between them. A path that an event does not
    have is empty, so paths that only some kinds of callers have can be in one list. ``between`` is empty where an event
    has only one of the paths. A ``constant`` is a value that does not come from the event.
    """

    about: str
    paths: tuple[str, ...] = ()
    constant: str | None = None
    between: str = " "


_DETAIL: Final = "$.detail."
_USER_IDENTITY: Final = f"{_DETAIL}userIdentity."

FIELDS: Final[dict[str, Field]] = {
    "detection": Field("Which detection this is, such as RoleAssumed", constant=""),
    "result": Field("Success or Failure", constant=""),
    "role": Field("The break-glass role", constant=""),
    "username": Field(
        "The caller's user name, then principal ID, then service, as far as the event has them",
        (_USER_IDENTITY + "userName", _USER_IDENTITY + "principalId", _USER_IDENTITY + "invokedBy"),
    ),
    "principal": Field(
        "The caller's principal ID, then user name, then service, as far as the event has them",
        (_USER_IDENTITY + "principalId", _USER_IDENTITY + "userName", _USER_IDENTITY + "invokedBy"),
    ),
    "sessionName": Field("The name of the role session", (_USER_IDENTITY + "principalId",)),
    "switchedFrom": Field(
        "The ARN that a console user switched from",
        ("$.detail.additionalEventData.SwitchFrom",),
    ),
    "mfa": Field("Whether the caller had MFA", (_USER_IDENTITY + "sessionContext.attributes.mfaAuthenticated",)),
    "mfaDevice": Field("The MFA device that the caller used", ("$.detail.requestParameters.serialNumber",)),
    "error": Field("AWS's message when it denied the call; the reason of an alarm", ("$.detail.errorMessage",)),
    "errorCode": Field("The error code, such as AccessDenied", ("$.detail.errorCode",)),
    "account": Field("The account in which it happened", ("$.account",)),
    "region": Field("The region in which it was recorded", ("$.detail.awsRegion",)),
    "eventTime": Field("When it happened, in UTC", ("$.detail.eventTime",)),
    "eventName": Field("The API call, such as AssumeRole; or the alarm", ("$.detail.eventName",)),
    "eventSource": Field("The service that was called, such as sts.amazonaws.com", ("$.detail.eventSource",)),
    "source": Field("EventBridge's source, such as aws.sts", ("$.source",)),
    "detailType": Field("EventBridge's detail type, such as AWS API Call via CloudTrail", ("$.detail-type",)),
    "eventCategory": Field("Management, Data or Insight", ("$.detail.eventCategory",)),
    "eventType": Field("AwsApiCall, AwsConsoleSignIn and the like", ("$.detail.eventType",)),
    "readonly": Field("Whether the call only reads", ("$.detail.readOnly",)),
    "ip": Field("The address from which the call came", ("$.detail.sourceIPAddress",)),
    "userAgent": Field("The program that made the call, as it names itself", ("$.detail.userAgent",)),
    "eventId": Field("The unique ID of the event; two alerts about one event have the same ID", ("$.detail.eventID",)),
    "requestId": Field("The unique ID of the request", ("$.detail.requestID",)),
    "requestedRole": Field("The role that the caller wanted to assume", ("$.detail.requestParameters.roleArn",)),
    "caller": Field(
        "Everything that the event says about the caller: type, ARN, account, source identity",
        ("$.detail.userIdentity",),
    ),
}
"""Every field of a message, in the order in which an alert without ``alerts.message`` lists them."""

_NAMES: Final = f"(?:{'|'.join(FIELDS)})"
OTHER_NOTATION: Final = "|".join(
    (
        rf"[$#]?\{{+ ?{_NAMES} ?\}}+",
        rf"\$\(?{_NAMES}(?![A-Za-z0-9_])\)?",
        rf"%\(?{_NAMES}(?:%|\)s)",
        rf"<<+ ?{_NAMES} ?>>+",
    )
)
"""A field in the notation of another language, as a pattern: ``{name}``, ``${name}``, ``$name``, ``%name%`` and so on.

It would stay as it is in every alert. ``{x}`` and ``$5`` name no field, so they are text.
"""

# What a detection has in the place of these:
SUCCESS: Final = {"result": Field("", constant="Success")}
FAILURE: Final = {"result": Field("", constant="Failure")}
ASSUMING: Final = {
    "sessionName": Field("", ("$.detail.requestParameters.roleSessionName",)),
    # An MFA code given with the call itself shows as the device's serial number only.
    "mfa": Field("", (*FIELDS["mfa"].paths, "$.detail.requestParameters.serialNumber")),
}
OF_AN_ALARM: Final = FAILURE | {
    # An alarm's event is not a CloudTrail record: no call, no caller. Fields that identify one have the alarm.
    **{
        name: Field("", constant="")
        for name, field in FIELDS.items()
        if field.paths and field.paths[0].startswith(_DETAIL)
    },
    **dict.fromkeys(("username", "principal", "eventName"), Field("", ("$.detail.alarmName",))),
    "error": Field("", ("$.detail.state.reason",)),
    "region": Field("", ("$.region",)),
    "eventTime": Field("", ("$.time",)),
    "eventId": Field("", ("$.id",)),
}


def signing_in(*events: str) -> dict[str, Field]:
    """The fields of a sign-in, which is one of ``events``."""
    return {
        # AWS names the result after the event. An event has only one of these paths, and the others are empty.
        "result": Field("", tuple(f"$.detail.responseElements.{name}" for name in events), between=""),
        "mfa": Field("", ("$.detail.additionalEventData.MFAUsed",)),
    }


def _caller_fields(*paths: str) -> dict[str, Field]:
    """The caller, for events whose userIdentity has only ``paths``; the others would be gaps in the text."""
    return dict.fromkeys(("username", "principal"), Field("", tuple(_USER_IDENTITY + path for path in paths)))


# No record of a session has a user name. A service that acts for the session adds its own name.
BY_A_SESSION: Final = _caller_fields("principalId", "invokedBy")
BY_PRINCIPAL_ID: Final = _caller_fields("principalId")
