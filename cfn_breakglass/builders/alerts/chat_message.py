"""The message for chat channels, in the only form that their service reads: a custom notification.

EventBridge escapes nothing that it writes within quotes, and what is no JSON then, it does not deliver. So only what
AWS itself chooses stands within quotes here. What a caller may choose is an element of its own: EventBridge writes that
as JSON, with the quotes, and as an empty text if the event does not have it.

https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from troposphere import events

from cfn_breakglass.builders.alerts.messages import fields_of, json_text
from cfn_breakglass.config.message_fields import FIELDS, PLACEHOLDER, Field
from cfn_breakglass.detections.detection import Detection
from cfn_breakglass.detections.edges import ALARM, ASSUME, SESSION
from cfn_breakglass.plan import Plan

_FIELDS: Final = {
    # Without the path of the role, which may have any character.
    "assumed": Field("", ("$.detail.responseElements.assumedRoleUser.arn",)),
    # A user of SAML or OIDC may have any name, but these assume the role and do nothing else.
    "userName": FIELDS["username"],
}
_ALARM_LINK: Final = "cloudwatch/home?region=<region>#alarmsV2:"
"""Without the name of the alarm, which may have any character."""


def chat_message(plan: Plan, detection: Detection) -> events.InputTransformer:
    """What a channel says of ``detection``."""
    fields = fields_of(plan, detection) | _FIELDS
    is_alarm, runbook = detection.family == ALARM, plan.config.alerts.runbook
    if is_alarm:
        fields["link"] = Field("", constant=f"https://<region>.{plan.config.partition.console_host}/{_ALARM_LINK}")
    next_steps = [
        detection.next_step,
        *(["<error>"] if is_alarm else []),
        "See <link>",
        *([f"Runbook: {runbook}"] if runbook else []),
    ]
    callers = ["<arn>", *(["<principal>"] if detection.family == ASSUME else []), "<ip>"]
    members = {
        "version": '"1.0"',
        "source": '"custom"',
        "id": '"<eventId>"',
        "content": _object(
            {
                "textType": '"client-markdown"',
                "title": json.dumps(f"{detection.severity}: {detection.id}"),
                "description": json.dumps("\n".join((f"{detection.summary}.", *_lines(detection, fields)))),
                "nextSteps": _array(next_steps),
                "keywords": _array([detection.id, *(["<target>"] if is_alarm else callers)]),
            }
        ),
        "metadata": _object({"eventType": json.dumps(detection.id)}),
    }
    return json_text(_object(members), fields)


def _lines(detection: Detection, fields: Mapping[str, Field]) -> Iterator[str]:
    """What AWS itself chooses of an event, in lines."""
    result = fields["result"].constant
    if detection.family != ALARM:
        who = {ASSUME: "<callerType>", SESSION: "<principal>"}
        yield f"Who: {who.get(detection.family, '<callerType> <userName>')}"
        if detection.family == ASSUME and result == "Success":
            yield "Session: <assumed>"
        yield "Call: <eventName> (<eventSource>)"
        yield f"Result: {'Failure (<errorCode>)' if result == 'Failure' else '<result>'}"
    yield "When: <eventTime>"
    yield "Where: <region> of account <account>"


def _object(members: Mapping[str, str]) -> str:
    """A JSON object of values that are JSON."""
    return "{" + ",\n".join(f"{json.dumps(name)}: {value}" for name, value in members.items()) + "}"


def _array(elements: Iterable[str]) -> str:
    """A JSON array of texts; a text that is a placeholder and nothing else has no quotes."""
    quoted = (element if PLACEHOLDER.fullmatch(element) else json.dumps(element) for element in elements)
    return f"[{', '.join(quoted)}]"
