"""Half of what a delivery takes is not enough: both services that write logs, and both calls on a key."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from deployments import deploy
from paths import EVENTS
from samples import ACCOUNT, SETTINGS, templates

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.analysis.simulator.simulator import Simulator
from cfn_breakglass.analysis.template.reader import parse

Resources = dict[str, Any]
EVENT = event_from_record(
    json.loads((EVENTS / "RoleAssumed" / "raises-user-of-the-same-account.json").read_text(encoding="utf-8"))
)


def lost(edit: Callable[[Resources], None]) -> set[str]:
    """The kinds of targets that an alert does not reach once the resources of the main region are edited."""
    main, stackset = templates(json.dumps(SETTINGS))
    template = parse(main, "main-region.yaml")
    edit(template["Resources"])
    deliveries = Simulator(deploy(json.dumps(template), stackset, account=ACCOUNT)).run(EVENT)
    assert deliveries
    return {delivery.kind for delivery in deliveries if delivery.problem}


def only_writer(service: str) -> Callable[[Resources], None]:
    """Let one service alone write to the log groups.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html names two.
    """

    def edit(resources: Resources) -> None:
        document = resources["LogPolicy"]["Properties"]["PolicyDocument"]
        policy = json.loads(document["Fn::Sub"])
        policy["Statement"][0]["Principal"] = {"Service": service}
        document["Fn::Sub"] = json.dumps(policy)

    return edit


def only_call(action: str) -> Callable[[Resources], None]:
    """Let EventBridge make one call alone on the key.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html names two.
    """

    def edit(resources: Resources) -> None:
        statements = resources["Key"]["Properties"]["KeyPolicy"]["Statement"]
        (of_events,) = (each for each in statements if "events.amazonaws.com" in str(each["Principal"]))
        of_events["Action"] = [action]

    return edit


EDITS: dict[str, tuple[Callable[[Resources], None], set[str]]] = {
    "nothing": (lambda _: None, set()),
    "EventBridge alone writes logs": (only_writer("events.amazonaws.com"), {"log"}),
    "the delivery of logs alone writes them": (only_writer("delivery.logs.amazonaws.com"), {"log"}),
    "EventBridge only decrypts": (only_call("kms:Decrypt"), {"topic"}),
    "EventBridge only makes data keys": (only_call("kms:GenerateDataKey*"), {"topic"}),
}


@pytest.mark.parametrize("what", EDITS)
def test_a_delivery_takes_every_permission(what: str) -> None:
    edit, kinds = EDITS[what]
    assert lost(edit) == kinds
