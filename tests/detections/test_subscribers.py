"""Changes of the queues, functions and push endpoints that are notified alert, and those of their neighbours do not."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from every_case import assert_every
from named_parts import record_of_call
from samples import ACCOUNT, SETTINGS, account, templates
from template_data import resources_of

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.aws import limits
from cfn_breakglass.aws.pattern_complexity import complexity

FUNCTION: Final = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:pager"
PUSH: Final = f"arn:aws:sns:us-east-1:{ACCOUNT}:endpoint/APNS/app/5e3e9847"
QUEUE: Final = f"arn:aws:sqs:us-east-1:{ACCOUNT}:pager"
URL: Final = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/pager"
ALERTS: Final = {"emails": ["ops@example.com"], "sqs": [QUEUE], "lambda": [FUNCTION], "application": [PUSH]}
Call = tuple[str, str, dict[str, Any]]
CHANGES: Final[list[Call]] = [
    *(("sqs", "DeleteQueue", {"queueUrl": url}) for url in (URL, f"{URL}/", "pager")),
    ("sqs", "PurgeQueue", {"queueUrl": f"https://queue.amazonaws.com/{ACCOUNT}/pager"}),
    ("sqs", "StartMessageMoveTask", {"sourceArn": QUEUE}),
    *(
        ("lambda", "UpdateFunctionCode20150331v2", {"functionName": name})
        for name in ("pager", "pager:live", f"{ACCOUNT}:function:pager", FUNCTION, f"{FUNCTION}:live")
    ),
    ("lambda", "RemovePermission20150331v2", {"functionName": FUNCTION, "statementId": "sns"}),
    ("sns", "DeleteEndpoint", {"endpointArn": PUSH}),
    ("sns", "SetEndpointAttributes", {"endpointArn": PUSH, "attributes": {"Enabled": "false"}}),
    ("sns", "DeletePlatformApplication", {"platformApplicationArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:app/APNS/app"}),
]
OTHERS: Final[list[Call]] = [
    *(("sqs", "DeleteQueue", {"queueUrl": url}) for url in (f"{URL}-2", f"{URL[:-5]}my-pager", "pager-2")),
    ("sqs", "DeleteQueue", {"queueUrl": "https://sqs.us-east-1.amazonaws.com/444455556666/pager"}),
    ("sqs", "TagQueue", {"queueUrl": URL, "tags": {}}),
    ("lambda", "UpdateFunctionCode20150331v2", {"functionName": "pager-2"}),
    ("lambda", "UpdateFunctionCode20150331v2", {"functionName": f"{FUNCTION}-2"}),
    ("lambda", "UpdateFunctionCode20150331v2", {"functionName": "my-pager"}),
    ("sns", "DeleteEndpoint", {"endpointArn": f"{PUSH}0"}),
    ("sns", "CreatePlatformEndpoint", {"platformApplicationArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:app/APNS/app"}),
    ("sns", "DeletePlatformApplication", {"platformApplicationArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:app/APNS/app2"}),
]


def settings(**changes: Any) -> str:
    return json.dumps({**SETTINGS, "alerts": ALERTS, **changes})


def assert_alerts(config: str, call: Call, count: int, **fields: Any) -> None:
    service, name, parameters = call
    record = record_of_call(service, name, parameters, ACCOUNT) | fields
    deliveries = account(config).run(event_from_record(record))
    alerts = [each.detection for each in deliveries if (each.kind, each.problem) == ("topic", None)]
    assert alerts == ["MonitoringTampered"] * count


def titled(calls: list[Call], config: str, count: int) -> dict[str, tuple[Any, ...]]:
    return {" ".join(map(str, call)): (config, call, count) for call in calls}


@pytest.mark.parametrize("changes", [{}, {"regions": []}], ids=["forwarded", "one region"])
def test_a_change_of_a_subscriber_alerts_once(changes: dict[str, Any]) -> None:
    assert_every(assert_alerts, titled(CHANGES, settings(**changes), 1))


@pytest.mark.parametrize("changes", [{}, {"regions": []}], ids=["forwarded", "one region"])
def test_a_change_of_something_else_does_not(changes: dict[str, Any]) -> None:
    assert_every(assert_alerts, titled(OTHERS, settings(**changes), 0))


def test_what_cloudformation_does_for_a_subscriber_is_silent() -> None:
    """It changes a function only for a stack that has it, and permissions for ours."""
    for call in CHANGES:
        assert_alerts(settings(), call, 0, sourceIPAddress="cloudformation.amazonaws.com")


@pytest.mark.parametrize("more", [{}, {"account": ACCOUNT}], ids=["no account", "the account"])
def test_a_queue_of_another_account_is_not_ours(more: dict[str, Any]) -> None:
    alerts = {"emails": ["ops@example.com"], "sqs": ["arn:aws:sqs:us-east-1:444455556666:pager"]}
    for url in (URL, "pager"):
        assert_alerts(settings(alerts=alerts, **more), ("sqs", "DeleteQueue", {"queueUrl": url}), 0)


def test_a_queue_of_another_account_is_in_no_pattern_if_the_config_says_which_is_ours() -> None:
    alerts = {"emails": ["ops@example.com"], "sqs": ["arn:aws:sqs:us-east-1:444455556666:pager"]}
    assert "TamperingSubscribers" not in templates(settings(alerts=alerts, account=ACCOUNT))[0]
    assert "TamperingSubscribers" in templates(settings(alerts=alerts))[0]


@pytest.mark.parametrize("regions", [["eu-west-1"], []], ids=["forwarded", "one region"])
def test_many_subscribers_take_more_rules(regions: list[str]) -> None:
    functions = [f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{'f' * 60}{number}" for number in range(10)]
    config = settings(alerts={**ALERTS, "lambda": functions}, regions=regions)
    rules = {
        name: len(json.dumps(rule["Properties"]["EventPattern"], separators=(",", ":")))
        for name, rule in resources_of(templates(config)[0]).items()
        if rule["Type"] == "AWS::Events::Rule"
    }
    assert max(rules.values()) <= limits.PATTERN.maximum
    assert any(name.endswith("Subscribers4") for name in rules)
    for function in functions:
        assert_alerts(config, ("lambda", "DeleteFunction20150331", {"functionName": function}), 1)


def test_several_functions_are_not_too_complex_for_a_rule() -> None:
    """Each takes a wildcard, and the wildcards of a field count together."""
    functions = [f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}" for name in ("alert", "page", "notify")]
    template = templates(settings(alerts={**ALERTS, "lambda": functions}))[0]
    rules = [rule for rule in resources_of(template).values() if rule["Type"] == "AWS::Events::Rule"]
    assert max(complexity(rule["Properties"]["EventPattern"]) for rule in rules) <= limits.COMPLEXITY.maximum
