"""Where LocalStack 4.14.0 does otherwise than AWS documents: nothing else may differ.

What AWS would send is the simulator's word. Each difference turns that into what LocalStack sends, byte for byte, so
that one which is gone, or a new one, fails the tests. LocalStack also judges no IAM, topic or Logs policy and no
``Rules`` of a template, and knows no AWS::Logs::ResourcePolicy: of these nothing is proved here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import chain, product
from typing import Any, Final, NamedTuple

from cfn_breakglass.analysis.template.reader import parse

_TRANSFORMER: Final = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html"
_DELETION: Final = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html"
)
_WILDCARDS: Final = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching"


class Difference(NamedTuple):
    """What AWS documents, what LocalStack does instead, and the rewriting from the one to the other."""

    aws: str
    localstack: str
    source: str
    rewrite: Callable[[str], str]


def _without_false(message: str) -> str:
    fields: dict[str, Any] = json.loads(message)
    return json.dumps({name: value or "" for name, value in fields.items()})


def _compact(message: str) -> str:
    return json.dumps(json.loads(message), separators=(",", ":"))


def _one_string(message: str) -> str:
    return json.dumps(message[1:-1])


def _retained(template: str) -> str:
    return template.replace("RetainExceptOnCreate", "Retain")


def _spelled_out(template: str) -> str:
    """The same template, each wildcard beside those with some of its asterisks left out."""
    return json.dumps(_each_wildcard(parse(template, "template"), _with_fewer_asterisks))


def _as_it_stands(template: str) -> str:
    return json.dumps(_each_wildcard(parse(template, "template"), lambda text: [text.replace(r"\\", "\\")]))


def _line_ends_by_number(template: str) -> str:
    return json.dumps(_each_template(parse(template, "template")))


def _each_template(held: Any) -> Any:
    if isinstance(held, dict):
        return {
            key: value.replace(r"\n", r"\u000a")
            if key == "InputTemplate" and isinstance(value, str) and value.startswith("{")
            else _each_template(value)
            for key, value in held.items()
        }
    return [_each_template(value) for value in held] if isinstance(held, list) else held


def _each_wildcard(held: Any, spelled: Callable[[str], list[str]]) -> Any:
    if isinstance(held, dict):
        return {key: _each_wildcard(value, spelled) for key, value in held.items()}
    if isinstance(held, list):
        return [each for value in held for each in _wildcards(value, spelled)]
    return held


def _wildcards(value: Any, spelled: Callable[[str], list[str]]) -> list[Any]:
    if not (isinstance(value, dict) and value.keys() == {"wildcard"}):
        return [_each_wildcard(value, spelled)]
    text = value["wildcard"]
    if isinstance(text, dict):
        return [{"wildcard": {**text, "Fn::Sub": each}} for each in spelled(text["Fn::Sub"])]
    return [{"wildcard": each} for each in spelled(text)]


def _with_fewer_asterisks(text: str) -> list[str]:
    first, *rest = text.split("*")
    stars = product(("*", ""), repeat=len(rest))
    return [first + "".join(chain(*zip(some, rest, strict=True))) for some in stars]


def _without_escapes(text: str) -> str:
    return text.replace(r"\"", "'").replace(r"\n", " ")


EVENTS: Final = (
    Difference(
        "the quotes and line ends in a text of an object stay escaped where the object goes into a JSON template",
        "they do not, so that the alert is no JSON and does not arrive; no event that happens there has any",
        _TRANSFORMER,
        _without_escapes,
    ),
)
JSON_ALERTS: Final = (
    Difference(
        "the value at a path goes where its variable stands in a JSON template, false as false and null as null",
        "whatever is false in Python is an empty text",
        _TRANSFORMER,
        _without_false,
    ),
    Difference(
        "a JSON template is sent as it is written, its variables filled in",
        "it is read as JSON and written anew",
        _TRANSFORMER,
        _compact,
    ),
)
TEXT_ALERTS: Final = (
    Difference(
        "a text arrives as it stands in the template, each line in its quotes",
        "the outermost quotes are taken off, and the rest is written as one JSON string",
        _TRANSFORMER,
        _one_string,
    ),
)
TEMPLATES: Final = (
    Difference(
        "RetainExceptOnCreate keeps a resource when its stack is deleted",
        "only Retain does",
        _DELETION,
        _retained,
    ),
    Difference(
        "an asterisk of a wildcard is any characters, or none",
        "it is at least one",
        _WILDCARDS,
        _spelled_out,
    ),
    Difference(
        "a backslash of a wildcard is written twice",
        "it is written as any other character",
        _WILDCARDS,
        _as_it_stands,
    ),
    Difference(
        "a line end in a text of a JSON template is a backslash and an n",
        "these are made a line end, so that the template is no JSON any more",
        _TRANSFORMER,
        _line_ends_by_number,
    ),
)
LEFT_BEHIND: Final = {
    r"us-east-1 subscription security@example\.com": "DeleteStack deletes what the stack was created with, and misses "
    "what an update added",
    r"us-east-1 log group sns/us-east-1/\d+/break-glass-(alerts|fallback)": "SNS logs each text message, "
    "and AWS only where the account asks for that",
    r"us-east-1 rule arn:aws:events:us-east-1:\d+:rule/security/break-glass-.*": "a rule is looked for on the default "
    "bus only; those of a bus that is deleted go with it",
}
"""What LocalStack keeps of a deleted stack, and AWS does not."""
NOT_DONE: Final = {
    "the state of a rule": "services/events/provider.py, _process_rules: a disabled rule sends too",
    "dead letters": "services/events/provider.py, _process_rules: what a target does not take is logged, and lost",
    "deletion protection": "services/logs/provider.py, create_log_group: moto does the work, and knows none",
    "the key of a log group": "services/logs/resource_providers/aws_logs_loggroup.py passes on the name alone; "
    "and AssociateKmsKey is not implemented",
    "metric filters": "CloudFormation knows no AWS::Logs::MetricFilter and takes it for done",
    "Logs resource policies": "the same goes for AWS::Logs::ResourcePolicy",
    "trails": "the same goes for AWS::CloudTrail::Trail, and there is no CloudTrail",
    "schedules": "services/scheduler/provider.py: moto keeps them, and nobody runs them",
    "events of alarms": "services/cloudwatch/provider_v2.py, set_alarm_state: it does an alarm's actions only",
    "alarms on a query": "services/cloudwatch/alarm_scheduler.py, _is_alarm_supported: they are kept, and never judged",
}
"""What LocalStack takes and does not do.

test_failing shows of each that it is still so, where AWS would do it, and test_drill_in_regions of the first.
"""
NOT_COMPARED: Final = {
    "id": "EventBridge invents it, where a simulated event has that of its record",
    "time": "PutEvents is given none, and LocalStack would not forward it",
}
"""Fields of a logged event that are as they should be on AWS only; of an alarm's event, the alert tells them too."""
_INVENTED: Final = re.compile(r"[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def as_sent(message: str) -> str:
    """What LocalStack makes of an alert that AWS sends."""
    for difference in JSON_ALERTS if message.startswith("{") else TEXT_ALERTS:
        message = difference.rewrite(message)
    return message


def as_compared(alert: str) -> str:
    """An alert without what EventBridge makes up, where its own ID and time are told: those of an alarm are."""
    return _INVENTED.sub("", alert) if "DeliveryFailing" in alert else alert


def as_happening(event: str) -> str:
    """The JSON of an event, such that LocalStack can tell of it."""
    for difference in EVENTS:
        event = difference.rewrite(event)
    return event


def as_deployed(template: str) -> str:
    """A template as it has to be written for LocalStack to do what AWS does."""
    for difference in TEMPLATES:
        template = difference.rewrite(template)
    return template


def left_behind(thing: str) -> bool:
    """Whether something in an inventory is there by a mistake of LocalStack's."""
    return any(re.fullmatch(pattern, thing) for pattern in LEFT_BEHIND)


def as_logged(event: dict[str, Any]) -> str:
    """An event, in a form in which one from a log and one from AWS are equal."""
    return json.dumps({key: value for key, value in event.items() if key not in NOT_COMPARED}, sort_keys=True)
