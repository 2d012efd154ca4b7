"""The fields of an alert's message, and the paths at which EventBridge finds them in the event.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

PLACEHOLDER: Final = re.compile(r"<([^<>]*)>")


class Field(NamedTuple):
    """A field of a message.

    Its value in a text is the values at ``paths``, in this order, with ``between`` between them. A path that an event
    does not have is empty, so paths that only some kinds of callers have can be in one list. In JSON it is the value at
    the first path; the values at all of them if no caller can put a quote into any (``is_safe``). A ``constant`` is a
    value that does not come from the event, or only by way of the fields that it names. ``json_types`` are what it may
    be in JSON.
    """

    about: str
    paths: tuple[str, ...] = ()
    constant: str | None = None
    between: str = " "
    is_safe: bool = False
    json_types: tuple[str, ...] = ("string",)


_DETAIL: Final = "$.detail."
_USER_IDENTITY: Final = f"{_DETAIL}userIdentity."
_PARAMETERS: Final = f"{_DETAIL}requestParameters"
# Without the host of the console, which differs from partition to partition.
_EVENT_LINK: Final = "cloudtrailv2/home?region=<region>#/events/<eventId>"
_ALARM_LINK: Final = "cloudwatch/home?region=<region>#alarmsV2:alarm/<target>"

FIELDS: Final[dict[str, Field]] = {
    "detection": Field("Which detection this is, such as RoleAssumed", constant=""),
    "severity": Field("How bad it is: CRITICAL, HIGH, MEDIUM or LOW", constant=""),
    "meaning": Field("What happened, as a sentence", constant=""),
    "nextStep": Field("What to do now", constant=""),
    "result": Field("Success or Failure", constant=""),
    "role": Field("The break-glass role", constant=""),
    "runbook": Field("The address of alerts.runbook", constant=""),
    "link": Field("The event in the CloudTrail console, or the alarm in that of CloudWatch", constant=_EVENT_LINK),
    "username": Field(
        "The caller's name: of a user, or of the role of a session; in a session of the break-glass role, the role's ID"
        " and the session's name",
        (_USER_IDENTITY + "userName", _USER_IDENTITY + "sessionContext.sessionIssuer.userName"),
        between="",
        is_safe=True,
    ),
    "mfa": Field(
        "Whether the caller had MFA; empty where AWS does not know",
        (_USER_IDENTITY + "sessionContext.attributes.mfaAuthenticated",),
    ),
    "target": Field(
        "What it is about: a role, an alarm, or the parameters that name it",
        (_PARAMETERS,),
        json_types=("string", "object", "null"),
    ),
    "error": Field("AWS's message when the call failed; the reason of an alarm", ("$.detail.errorMessage",)),
    "errorCode": Field("The error code, such as AccessDenied", ("$.detail.errorCode",)),
    "principal": Field(
        "The caller's principal ID; in a session, the ID of its role and the session's name",
        (_USER_IDENTITY + "principalId",),
    ),
    "arn": Field("The caller's ARN", (_USER_IDENTITY + "arn",)),
    "sessionName": Field(
        "The name that the caller gives to the session of a role", (f"{_PARAMETERS}.roleSessionName",)
    ),
    "switchedFrom": Field(
        "The ARN that a console user switched from",
        ("$.detail.additionalEventData.SwitchFrom",),
    ),
    "mfaDevice": Field("The MFA device whose code came with the call", (f"{_PARAMETERS}.serialNumber",)),
    "account": Field("The account in which it happened", ("$.account",)),
    "region": Field("The region in which it was recorded", ("$.detail.awsRegion",)),
    "eventTime": Field("When it happened, in UTC", ("$.detail.eventTime",)),
    "eventName": Field("The API call, such as AssumeRole", ("$.detail.eventName",)),
    "eventSource": Field("The service that was called, such as sts.amazonaws.com", ("$.detail.eventSource",)),
    "source": Field("EventBridge's source, such as aws.sts", ("$.source",)),
    "detailType": Field("EventBridge's detail type, such as AWS API Call via CloudTrail", ("$.detail-type",)),
    "eventCategory": Field("Management, Data or Insight", ("$.detail.eventCategory",)),
    "eventType": Field("AwsApiCall, AwsConsoleSignIn and the like", ("$.detail.eventType",)),
    "readonly": Field("Whether the call only reads", ("$.detail.readOnly",), json_types=("boolean", "string")),
    "ip": Field("The address or the service from which the call came", ("$.detail.sourceIPAddress",)),
    "userAgent": Field("The program that made the call, as it names itself", ("$.detail.userAgent",)),
    "eventId": Field("The unique ID of the event; two alerts about one event have the same ID", ("$.detail.eventID",)),
    "requestId": Field("The unique ID of the request", ("$.detail.requestID",)),
    "requestedRole": Field("The role that the caller wanted to assume", (f"{_PARAMETERS}.roleArn",)),
    "parameters": Field("The parameters of the call", (_PARAMETERS,), json_types=("object", "null", "string")),
    "caller": Field(
        "Everything that the event says about the caller: type, ARN, account, source identity",
        ("$.detail.userIdentity",),
        json_types=("object", "string"),
    ),
}
"""Every field of a message, in the order in which an alert of the format json lists them.

Those down to ``errorCode`` differ from detection to detection.
"""

TEXT: Final = """\
<severity>: <meaning>
Who: <who>
Session: <session>
Call: <eventName> (<eventSource>)
About: <about>
Parameters: <call>
From: <ip>
When and where: <eventTime>, <region>, account <account>
MFA, if AWS knows: <usedMfa>
Result: <outcome>
Next: <nextStep>
See: <link>
Runbook: <runbook>"""
"""An alert of the format text. Lines with a field that a detection never has are left out."""

_NOTHING: Final = Field("", constant="")
TEXT_FIELDS: Final[dict[str, Field]] = {
    "callerType": Field("", (_USER_IDENTITY + "type",)),
    "callerAccount": Field("", (_USER_IDENTITY + "accountId",)),
    # A colon, because some callers have neither an ID nor an ARN.
    "who": Field("", constant="<callerType>:<principal> <arn>"),
    "session": _NOTHING,
    "about": _NOTHING,
    "call": Field("", constant="<parameters>"),
    "usedMfa": Field("", constant="<mfa>"),
    "outcome": Field("", constant="<result>"),
    "alarmDescription": _NOTHING,
}
"""What only ``TEXT`` has, made for reading."""

_NAMES: Final = f"(?:{'|'.join(FIELDS)})"
_WORD: Final = "[A-Za-z][A-Za-z0-9_]+"
OTHER_NOTATION: Final = "|".join(
    (
        rf"[$#]?\{{+ ?{_WORD} ?\}}+",
        rf"\$\(?{_WORD}\)?",
        rf"%\(?{_NAMES}(?:%|\)s)",
        rf"<<+ ?{_NAMES} ?>>+",
    )
)
"""A field in the notation of another language, as a pattern: ``{name}``, ``${name}``, ``$name``, ``%name%`` and so on.

It would stay as it is in every alert. ``{x}`` and ``$5`` are text.
"""

# What a detection has in the place of these:
SUCCESS: Final = {"result": Field("", constant="Success")}
FAILURE: Final = {
    "result": Field("", constant="Failure"),
    "outcome": Field("", constant="Failure, <errorCode>: <error>"),
}
# Where a failed sign-in has no code.
WITH_MESSAGE: Final = {"outcome": Field("", constant="Failure: <error> <errorCode>")}
ASSUMING: Final = {
    # The record of the role's account has no ARN of a caller of another account.
    "who": Field("", constant="<callerType> <callerAccount>:<principal> <arn>"),
    # An MFA code given with the call itself shows as the device's serial number only.
    "mfa": Field("", (*FIELDS["mfa"].paths, *FIELDS["mfaDevice"].paths)),
    "usedMfa": Field("", (*FIELDS["mfa"].paths, *FIELDS["mfaDevice"].paths), between=""),
    # A user of SAML or OIDC may have any name.
    "username": Field("", (_USER_IDENTITY + "userName", _USER_IDENTITY + "invokedBy"), between=""),
}
BY_A_SESSION: Final = {"username": FIELDS["principal"], "who": Field("", constant="<principal> <arn>")}


_WITHOUT_PARAMETERS: Final = {"target": _NOTHING, "call": _NOTHING}


def about_one_thing(target: Field) -> dict[str, Field]:
    """The fields of a detection whose calls are all about one thing."""
    return {"target": target, "about": Field("", constant="<target>"), "call": _NOTHING}


OF_AN_ALARM: Final = (
    {
        # An alarm's event is not a CloudTrail record: no call, no caller.
        name: _NOTHING
        for name, field in (FIELDS | TEXT_FIELDS).items()
        if field.paths and field.paths[0].startswith(_DETAIL)
    }
    | {"who": _NOTHING}
    | about_one_thing(Field("", ("$.detail.alarmName",)))
    | {
        # It says what the alarm means and what to do.
        "alarmDescription": Field("", ("$.detail.configuration.description",)),
        "about": Field("", constant="<target>. <alarmDescription>"),
        "result": Field("", constant="Failure"),
        "outcome": Field("", constant="<error>"),
        "error": Field("", ("$.detail.state.reason",)),
        "region": Field("", ("$.region",)),
        "eventTime": Field("", ("$.time",)),
        "eventId": Field("", ("$.id",)),
        "link": Field("", constant=_ALARM_LINK),
    }
)


def signing_in(*events: str) -> dict[str, Field]:
    """The fields of a sign-in, which is one of ``events``."""
    return _WITHOUT_PARAMETERS | {
        # AWS names the result after the event. An event has only one of these paths, and the others are empty.
        "result": Field("", tuple(f"$.detail.responseElements.{name}" for name in events), between="", is_safe=True),
        "outcome": Field("", constant="<result> <error>"),
        "mfa": Field("", ("$.detail.additionalEventData.MFAUsed",)),
    }


# A sign-in says it in another place than a call.
BY_ROOT: Final = {
    "mfa": Field("", (*FIELDS["mfa"].paths, "$.detail.additionalEventData.MFAUsed"), between="", is_safe=True),
}
# AWS leaves the parameters out of most calls that it denies, and with them the name of the session.
WITH_SESSION: Final = {"session": Field("", constant="<sessionName>")}
# AWS says "No" of every session that opens the console.
WITHOUT_MFA: Final = {"mfa": _NOTHING}
BY_A_USER: Final = {
    "username": Field("", (_USER_IDENTITY + "userName",)),
    # A colon here too: AWS leaves out the name of some, and the ARN of whoever fails to sign in.
    "who": Field("", constant="IAMUser:<username> <arn>"),
}
