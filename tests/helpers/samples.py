"""The recorded events of tests/events, and the account on paper in which they happen.

``<Detection>/raises-<reason>.json`` raises that detection, ``silent-<reason>.json`` does not. ``logged-<reason>.json``
is kept in its log and notifies nobody. Each is a CloudTrail record as AWS writes it, or an EventBridge event: of an
alarm, or where somebody forged one.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from deployments import deploy
from paths import EVENTS

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record, is_event
from cfn_breakglass.analysis.simulator.simulator import Delivery, Simulator
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.config.model import DETECTIONS
from cfn_breakglass.generation.generate import template_files

ACCOUNT: Final = "111122223333"
SUBSCRIBERS: Final = (
    ("email", "ops@example.com"),
    ("sqs", f"arn:aws:sqs:us-east-1:{ACCOUNT}:pager"),
)
SETTINGS: Final[dict[str, Any]] = {
    "main_region": "us-east-1",
    "usernames": ["alice", "bob"],
    "role": {"path": "/ops/"},
    "detections": dict.fromkeys(DETECTIONS, "alert"),
    "alerts": {
        "emails": [SUBSCRIBERS[0][1]],
        "sqs": [SUBSCRIBERS[1][1]],
        "log": True,
        "fallback": ["fallback@example.com", "+15550100"],
    },
    "actions": {"log": "all"},
    "trail": "create",
}

SAMPLES: Final = sorted(EVENTS.glob("*/*.json"))
RAISES: Final = [sample for sample in SAMPLES if sample.stem.startswith("raises-")]
LOGGED: Final = [sample for sample in SAMPLES if sample.stem.startswith("logged-")]
SILENT: Final = [sample for sample in SAMPLES if sample.stem.startswith("silent-")]


# AWS makes up the ID of the key; on paper it is named after the stack.
_KEY: Final = ("1234abcd-12ab-34cd-56ef-1234567890ab", "break-glass-Key")


@cache
def text_of(sample: Path) -> str:
    """Read a sample, for the account on paper."""
    return sample.read_text(encoding="utf-8").replace(*_KEY)


def is_of_the_key(sample: Path) -> bool:
    """Whether it is a call on the key or its alias, which are in the main region, and watched there alone."""
    return sample.stem.partition("-")[2].removeprefix("denied-").startswith("kms-")


LEFT_TO_TAMPERING: Final = (
    *(
        f"BackdoorCreated/silent-{reason}"
        for reason in (
            "boundary-of-the-role-removed",
            "grant-of-the-role-attached",
            "grant-of-the-role-changed",
            "heartbeat-role-made",
            "policy-attached-to-the-role",
            "policy-too-large-to-be-recorded",
            "policy-put-on-the-role",
            "trust-of-the-forwarder-changed",
            "trust-of-the-role-changed",
        )
    ),
    "EntranceChanged/silent-grant-attached-by-cloudformation",
)
"""What is done by way of a part of the monitoring: MonitoringTampered says so, unless it is off."""


def title(sample: Path) -> str:
    """Name a sample as its path does: RoleAssumed/raises-saml."""
    return f"{sample.parent.name}/{sample.stem}"


def cases_of(detection: str, samples: list[Path] = SAMPLES) -> dict[str, tuple[Path]]:
    """Those of ``samples`` that are about a detection, as cases of ``assert_every``."""
    return {title(sample): (sample,) for sample in samples if sample.parent.name == detection}


def record_of(event: dict[str, Any]) -> dict[str, Any]:
    """Give the CloudTrail record, out of its envelope if need be; of an alarm, the detail."""
    record: dict[str, Any] = event["detail"] if is_event(event) else event
    return record


def recorded(sample: str, region: str) -> dict[str, Any]:
    """Make the event EventBridge sees when the sample, a JSON text, is recorded in ``region``."""
    event = json.loads(sample)
    if "awsRegion" in (record := record_of(event)):
        record["awsRegion"] = region
    return {**event_from_record(event), "region": region}


@cache
def templates(settings: str) -> tuple[str, str]:
    """The text of both templates for settings given as JSON: the main region's, then the others'."""
    files = template_files(config_of(json.loads(settings)))
    return files["main-region.yaml"], files["stackset.yaml"]


@cache
def account(settings: str) -> Simulator:
    """An account in which the templates for these settings, JSON text, are deployed."""
    return Simulator(deploy(*templates(settings), account=ACCOUNT))


def with_message(message: str | None) -> str:
    """The settings, as JSON text, with alerts worded as ``message``."""
    return json.dumps({**SETTINGS, "alerts": {**SETTINGS["alerts"], **({"message": message} if message else {})}})


def alert(sample: Path, message: str | None = None, **changes: Any) -> str:
    """What subscribers read of a sample, some of its top fields changed."""
    event = event_from_record({**json.loads(text_of(sample)), **changes})
    deliveries = own_deliveries(sample, account(with_message(message)).run(event))
    (alerts,) = {delivery for delivery in deliveries if delivery.kind == "topic"}
    assert alerts.problem is None
    return alerts.message


def own_deliveries(sample: Path, deliveries: list[Delivery]) -> list[Delivery]:
    """Keep the deliveries of the detection that the sample is about, subscribers' first.

    What silences its own alert notifies the fallback topic as well, which is left out.
    """
    own = [delivery for delivery in deliveries if delivery.detection == sample.parent.name]
    return sorted(
        [delivery for delivery in own if not delivery.target.endswith("-fallback")],
        key=lambda delivery: delivery.kind == "log",
    )


def caller_name(record: dict[str, Any]) -> str:
    """The name by which people know the caller: of the session, the user, or at least an ID, a service or an alarm."""
    if is_event(record):
        return str(record["detail"]["alarmName"])
    caller = record["userIdentity"]
    if caller["type"] == "AssumedRole":
        return str(caller["principalId"]).partition(":")[2]
    name = caller.get("userName") or caller.get("principalId") or caller.get("invokedBy")
    assert name
    return str(name)


def succeeded(record: dict[str, Any]) -> bool:
    """Whether AWS allowed it: a sign-in says so, another call has no errorCode, and an alarm is a failure."""
    if is_event(record):
        return False
    return "errorCode" not in record and "Failure" not in (record["responseElements"] or {}).values()
