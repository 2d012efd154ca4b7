"""What subscribers read of the samples in each format, and the parts of the pages that are made of it."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from costs import ORGANIZATION
from deployments import deploy_folder, template_files as deployable
from organization_samples import HUB
from paths import EVENTS, ROOT
from samples import ACCOUNT, RAISES, SETTINGS, account, text_of

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.analysis.simulator.simulator import Simulator, deploy
from cfn_breakglass.aws import limits
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.config.model import DETECTIONS
from cfn_breakglass.generation.generate import template_files

RUNBOOK: Final = "https://wiki.example.com/break-glass"
_DEMO_ACCOUNT: Final = "100000000000"
# https://docs.aws.amazon.com/general/latest/gr/sns.html
SNS_MESSAGE: Final = 262_144
TYPICAL: Final = {
    "RoleAssumed": "raises-mfa-session-of-a-user",
    "RoleDenied": "raises-no-identity-based-policy",
    "ConsoleSignIn": "raises-switch",
    "RoleChained": "raises-another-role",
    "RolePassed": "raises-run-instances-with-a-profile",
    "RoleActions": "raises-data-event",
    "BackdoorCreated": "raises-create-access-key",
    "BackdoorCreated.Resource": "raises-resource-snapshot-shared",
    "EntranceChanged": "raises-update-login-profile",
    "MonitoringTampered": "raises-events-disable-rule",
    "MonitoringTampered.Failed": "raises-denied-events-disable-rule",
    "MonitoringTampered.Fallback": "raises-sns-set-topic-attributes",
    "UserSignIn": "raises-without-mfa",
    "RootUsed": "raises-without-mfa",
    "DeliveryFailing": "raises-heartbeat-of-another-region",
}
"""The sample of a rule that docs/alerts.md shows; of any other rule, its first."""


@cache
def settings_for(alert_format: str) -> str:
    """The settings of the samples, as JSON text, with alerts of a format and a runbook."""
    return json.dumps({**SETTINGS, "alerts": {**SETTINGS["alerts"], "format": alert_format, "runbook": RUNBOOK}})


def alerts_of(sample: Path, alert_format: str, record: dict[str, Any] | None = None) -> dict[str, str]:
    """What the subscribers of each rule of the sample's detection read of it, or of ``record`` in its place."""
    event = event_from_record(record or json.loads(text_of(sample)))
    return {
        delivery.rule.removeprefix("break-glass")[1:]: delivery.message
        for delivery in account(settings_for(alert_format)).run(event)
        if delivery.kind == "topic" and delivery.detection == sample.parent.name
    }


@cache
def alerts_by_rule(alert_format: str) -> dict[str, dict[Path, str]]:
    """Every alert: for each rule, those of its samples."""
    by_rule: dict[str, dict[Path, str]] = {}
    for sample in RAISES:
        for rule, alert in alerts_of(sample, alert_format).items():
            by_rule.setdefault(rule, {})[sample] = alert
    return by_rule


def without_quotes(text: str) -> str:
    """A text without the quotes that EventBridge leaves around each line."""
    lines = text.split("\n")
    assert all(line[0] == line[-1] == '"' for line in lines), text
    return "\n".join(line[1:-1] for line in lines)


def _typical(alert_format: str) -> dict[str, str]:
    """An alert of each rule that notifies somebody, in the order of the detections."""
    by_rule = alerts_by_rule(alert_format)
    typical = {
        rule: {sample.stem: alert for sample, alert in by_rule[rule].items()}
        for rule in sorted(by_rule, key=lambda rule: ([*DETECTIONS].index(rule.partition(".")[0]), rule))
    }
    return {rule: alerts[TYPICAL.get(rule, next(iter(alerts)))] for rule, alerts in typical.items()}


def text_examples() -> str:
    """A text of each rule, under the name of the rule. Editors like no blanks at the ends of lines."""
    texts = _typical("text").items()
    return "\n\n".join(f"### {rule}\n\n{_block(text)}" for rule, text in texts)


def _block(text: str) -> str:
    return "```text\n" + re.sub(" +$", "", without_quotes(text), flags=re.MULTILINE) + "\n```"


def json_example() -> str:
    """An alert in JSON, a line for each field."""
    alert = json.loads(_typical("json")["BackdoorCreated"])
    members = (f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in alert.items())
    return "```json\n{\n" + ",\n".join(members) + "\n}\n```"


def demo_alert() -> str:
    """What ``make demo`` shows of somebody who assumes the role that templates/ make."""
    sample = max((EVENTS / "RoleAssumed").glob("raises-*.json")).read_text(encoding="utf-8")
    of_the_demo = sample.replace("role/ops/", "role/").replace(ACCOUNT, _DEMO_ACCOUNT)
    event = event_from_record(json.loads(of_the_demo) | {"awsRegion": "us-west-2"})
    stacks = deploy_folder(ROOT / "templates", account=_DEMO_ACCOUNT)
    (text,) = {delivery.message for delivery in Simulator(stacks).run(event) if delivery.kind == "topic"}
    return f"```text\n{text}\n```"


def organization_alert() -> str:
    """The text of an alert about a user of the hub who assumes the role of another account."""
    record = (EVENTS / "RoleAssumed" / "raises-user-of-another-account.json").read_text(encoding="utf-8")
    of_the_hub = record.replace("role/ops/", "role/").replace("444455556666", HUB).replace("carol", "alice")
    files = template_files(config_of({**ORGANIZATION, "alerts": {**ORGANIZATION["alerts"], "format": "text"}}))
    templates = deployable(files["main-region.yaml"], files["stackset.yaml"], files["accounts.yaml"])
    member = Simulator(*deploy(templates, ACCOUNT))
    event = event_from_record(json.loads(of_the_hub))
    (text,) = {delivery.message for delivery in member.run(event) if delivery.kind == "topic"}
    return _block(text)


def alert_sizes() -> list[tuple[str, ...]]:
    """For each rule the characters of its longest text and of its longest JSON, then the limits of AWS."""
    texts, objects = (alerts_by_rule(alert_format) for alert_format in ("text", "json"))
    longest = [
        (rule, *(f"{max(map(len, alerts[rule].values())):,}" for alerts in (texts, objects)))
        for rule in _typical("text")
    ]
    return [
        *longest,
        ("A text message holds", f"{limits.TEXT_MESSAGE.maximum:,}", ""),
        ("SNS takes", f"{SNS_MESSAGE:,} bytes", f"{SNS_MESSAGE:,} bytes"),
    ]
