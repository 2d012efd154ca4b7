"""Each kind of damage to the alert path is one finding, which names the resource and says what it means."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from golden_cases import CASES, quickly
from organization_samples import HUB, MEMBER, organization_files
from paths import GOLDEN, ROOT
from template_data import read_yaml

from cfn_breakglass import config_of, template_files
from cfn_breakglass.analysis.template.reader import parse
from cfn_breakglass.analysis.template.template_files import template_set
from cfn_breakglass.analysis.validation.alert_path import CANNOT_TELL
from cfn_breakglass.analysis.validation.alert_path_findings import alert_path_findings, join_names
from cfn_breakglass.analysis.validation.finding import Finding
from cfn_breakglass.analysis.validation.finding_rules import FINDING_RULES
from cfn_breakglass.analysis.validation.judged_template import JudgedTemplate, judged_file

ACCOUNT = "111122223333"
MAIN, STACKSET = "main-region.yaml", "stackset.yaml"
REGIONS = {MAIN: ("us-east-1",), STACKSET: ("af-south-1", "eu-west-1")}
ACCOUNTS = "accounts.yaml"
ORGANIZATION_REGIONS = {MAIN: REGIONS[MAIN], STACKSET: (*REGIONS[MAIN], *REGIONS[STACKSET]), ACCOUNTS: REGIONS[MAIN]}
DAMAGES, ORGANIZATION_DAMAGES = (
    read_yaml(Path(__file__).with_name(f"{name}_damages.yaml").read_text(encoding="utf-8"))
    for name in ("alert_path", "organization")
)
# Rules that are not about the alert path.
OTHER_RULES = {
    *("trail-off", "trail-single-region", "bucket-policy-denies", "limit-exceeded", "event-pattern-invalid"),
    *("input-transformer-invalid", "stackset-template-differs", "stackset-regions-differ", "scp-invalid"),
    "organization-differs",
}


@cache
def emitted() -> dict[str, str]:
    """The text of both templates of the golden case with everything on, for three regions."""
    settings = read_yaml((GOLDEN / "everything" / "breakglass.yaml").read_text(encoding="utf-8"))
    return dict(template_files(config_of({**settings, "regions": list(REGIONS[STACKSET])})))


def block(text: str, logical_id: str) -> str:
    """The lines of a resource."""
    match = re.search(rf"^  {logical_id}:\n(?:    .*\n)*", text, re.MULTILINE)
    assert match, logical_id
    return match[0]


def changed(texts: dict[str, str], file: str, resource: str, old: str = "", new: str = "") -> dict[str, str]:
    """The texts with ``new`` for ``old`` in the lines of a resource, or without the resource."""
    before = block(texts[file], resource)
    assert old in before, f"{resource} has no {old!r}"
    after = before.replace(old, new) if old else ""
    return {**texts, file: texts[file].replace(before, after)}


def findings(texts: dict[str, str]) -> list[Finding]:
    main, others = (judged(name, texts[name]) for name in REGIONS)
    return alert_path_findings(main, others)


@cache
def judged(name: str, text: str) -> JudgedTemplate:
    return JudgedTemplate(name, text, parse(text, name), ACCOUNT, REGIONS[name])


@cache
def numbers_left_out() -> dict[str, int]:
    """How many names of each kind a message does not list, by what stands for that number in the damages."""
    main, stackset = (read_yaml(emitted()[name])["Resources"].values() for name in REGIONS)
    rules = [rule["Properties"] for rule in main if rule["Type"] == "AWS::Events::Rule"]
    edges = [rule for rule in stackset if rule["Type"] == "AWS::Events::Rule"]

    def with_target(*names: str) -> int:
        return sum(any(target["Id"] in names for target in rule["Targets"]) for rule in rules)

    logs = ("LoginLog", "ActionLog", "HeartbeatLog")
    counts = {
        "edges": len(edges),
        "edges and schedule": with_target("CentralBus") + 1,
        "rules": len(rules) - with_target("Fallback"),
        "notifying": with_target("Alert"),
        "logging and schedule": with_target(*logs) + 1,
        "log of sign-ins": with_target("LoginLog"),
        "delivering and schedule": with_target("Alert", *logs) + 1,
    }
    return {kind: count - 3 for kind, count in counts.items()}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: f"{damage['rule']} of {damage['resource']}")
def test_a_damage_is_a_single_finding(damage: dict[str, Any]) -> None:
    change = {key: value for key, value in damage.items() if key in ("file", "resource", "old", "new")}
    texts = changed(emitted(), **change)
    (finding,) = findings(texts)
    message = damage["message"]
    for kind, number in numbers_left_out().items():
        message = message.replace(f"{{{kind}}}", str(number))
    assert (finding.rule_id, finding.logical_id, finding.message) == (damage["rule"], damage["blamed"], message)
    assert texts[finding.file].splitlines()[finding.line - 1] == f"  {damage['blamed']}:"
    rule = FINDING_RULES[damage["rule"]]
    assert (finding.level, finding.remedy) == (rule.level, rule.remedy)


def test_a_topic_without_subscribers() -> None:
    texts = emitted()
    for name in re.findall(r"^  (FallbackSubscription\w+):$", texts[MAIN], re.MULTILINE):
        texts = changed(texts, MAIN, name)
    (finding,) = findings(texts)
    assert (finding.rule_id, finding.logical_id) == ("topic-without-subscribers", "FallbackTopic")
    assert finding.message == (
        "FallbackTopic has no subscriber: events of MonitoringTamperedFallback, DeadLetterAlarm, CentralBusAlarm and 7"
        " more notify nobody."
    )


def test_a_bus_that_does_not_exist() -> None:
    texts = changed(emitted(), STACKSET, "ForwardAssume", "event-bus/emergency", "event-bus/urgency")
    resource = "!Sub arn:aws:events:us-east-1:${AWS::AccountId}:event-bus/%s"
    texts = changed(texts, MAIN, "ForwarderRole", resource % "emergency", "'*'")
    (finding,) = findings(texts)
    assert (finding.rule_id, finding.logical_id) == ("bus-missing", "ForwardAssume")
    assert finding.message == (
        f"No template makes the bus arn:aws:events:us-east-1:{ACCOUNT}:event-bus/urgency:"
        " events of ForwardAssume from af-south-1 and eu-west-1 are lost."
    )


@pytest.mark.parametrize(
    ("bus", "central", "edges"),
    [
        ("emergency", ("RoleAssumed", "RoleDenied"), "ForwardAssume"),
        (
            "break-glass-actions",
            (
                *("ConsoleSignIn", "ConsoleSignInGranted", "RoleChained", "RolePassed"),
                *("RoleActions", "RoleActionsFailed", "BackdoorCreated", "BackdoorCreatedResource"),
            ),
            "ForwardSession",
        ),
    ],
)
def test_a_bus_whose_every_rule_is_gone(bus: str, central: tuple[str, ...], edges: str) -> None:
    texts = emitted()
    for rule in central:
        assert findings(texts) == []
        texts = changed(texts, MAIN, rule)
    (finding,) = findings(texts)
    assert (finding.rule_id, finding.logical_id) == ("forward-unmatched", edges)
    assert finding.message == (
        f"No rule on arn:aws:events:us-east-1:{ACCOUNT}:event-bus/{bus} matches events of {edges}"
        " from us-east-1, af-south-1 and eu-west-1: they are lost there."
    )


def test_a_rule_may_only_log() -> None:
    (alert,) = re.findall(r"      - Id: Alert\n(?:        .*\n)+", block(emitted()[MAIN], "RoleAssumed"))
    assert findings(changed(emitted(), MAIN, "RoleAssumed", alert)) == []


def test_a_rule_on_the_default_bus_may_notify_the_fallback_topic_itself() -> None:
    direct = block(emitted()[MAIN], "MonitoringTamperedFallback")
    assert "EventBusName" not in direct
    assert "DeadLetterConfig" not in direct
    of_rules, of_alarms = findings(changed(emitted(), MAIN, "FallbackTopicPolicy"))
    assert {(finding.rule_id, finding.logical_id) for finding in (of_rules, of_alarms)} == {
        ("topic-policy-denies", "FallbackTopic")
    }
    assert of_rules.message == (
        "FallbackTopic does not let EventBridge publish for MonitoringTamperedFallback: nobody is notified."
    )
    assert of_alarms.message == (
        "FallbackTopic does not let CloudWatch publish for DeadLetterAlarm, CentralBusAlarm, ActionBusAlarm and 6 more:"
        " nobody is notified."
    )


def test_a_rule_that_notifies_another_topic_itself_needs_a_queue() -> None:
    texts = changed(emitted(), MAIN, "MonitoringTamperedFallback", "!Ref FallbackTopic", "!Ref AlertTopic")
    assert {finding.rule_id for finding in findings(texts)} == {"dead-letter-queue-missing", "topic-policy-denies"}


def test_a_region_without_the_rule_for_alarms_and_heartbeats() -> None:
    texts = changed(emitted(), STACKSET, "ForwardHealth")
    assert {(finding.rule_id, finding.logical_id) for finding in findings(texts)} == {
        ("rule-unreached", "MonitoringBus"),
        ("alarm-event-unmatched", "DeadLetterAlarm"),
        ("heartbeat-unmatched", "HeartbeatSchedule"),
    }


def test_every_alternative_of_an_edge_rule_has_a_central_rule() -> None:
    (finding,) = findings(changed(emitted(), MAIN, "UserSignIn"))
    assert (finding.rule_id, finding.logical_id) == ("forward-unmatched", "ForwardSignIn")


def test_an_alarm_on_the_heartbeats_of_several_regions() -> None:
    texts = changed(emitted(), MAIN, "HeartbeatMetric", ", Dimensions: [{Key: Region, Value: $.region}]", "")
    for region in ("UsEast1", "AfSouth1", "EuWest1"):
        alarm = f"Heartbeat{region}"
        (dimensions,) = re.findall(r"      Dimensions: .*\n", block(texts[MAIN], alarm))
        texts = changed(texts, MAIN, alarm, dimensions, "") if region == "EuWest1" else changed(texts, MAIN, alarm)
    (finding,) = findings(texts)
    assert (finding.rule_id, finding.logical_id) == ("heartbeat-alarm-shared", "HeartbeatEuWest1")
    assert finding.message == (
        "HeartbeatEuWest1 counts heartbeats from us-east-1, af-south-1 and eu-west-1 together:"
        " it does not go off when those of one region stop."
    )


@cache
def emitted_in_organization() -> dict[str, str]:
    """The text of the templates of an organization, for three regions."""
    return dict(zip(ORGANIZATION_REGIONS, organization_files(regions=list(REGIONS[STACKSET])), strict=True))


def findings_in_organization(texts: dict[str, str]) -> list[Finding]:
    accounts = {MAIN: HUB, STACKSET: MEMBER, ACCOUNTS: MEMBER}
    return alert_path_findings(
        *(
            JudgedTemplate(name, texts[name], parse(texts[name], name), accounts[name], regions)
            for name, regions in ORGANIZATION_REGIONS.items()
        )
    )


def test_the_templates_of_an_organization_have_no_finding() -> None:
    assert findings_in_organization(emitted_in_organization()) == []


@pytest.mark.parametrize(
    "damage", ORGANIZATION_DAMAGES, ids=lambda damage: f"{damage['rule']} by {damage['resource']} in {damage['file']}"
)
def test_a_damage_in_an_organization_is_a_single_finding(damage: dict[str, Any]) -> None:
    change = {key: value for key, value in damage.items() if key in ("file", "resource", "old", "new")}
    texts = changed(emitted_in_organization(), **change)
    (finding,) = findings_in_organization(texts)
    place = (finding.rule_id, finding.file, finding.logical_id)
    assert place == (damage["rule"], damage.get("in", damage["file"]), damage["blamed"])
    assert re.sub(r"and \d+ more", "and some more", finding.message) == damage["message"]
    assert texts[finding.file].splitlines()[finding.line - 1] == f"  {damage['blamed']}:"


def test_an_organization_without_any_forwarder_role() -> None:
    texts = emitted_in_organization()
    for role in ("ForwarderRole", "SecondForwarderRole"):
        texts = changed(texts, ACCOUNTS, role)
    assert {(finding.rule_id, finding.file) for finding in findings_in_organization(texts)} == {
        ("role-missing", STACKSET)
    }


def test_every_rule_about_the_alert_path_has_its_damage() -> None:
    tested_above = {"topic-without-subscribers", "bus-missing", "heartbeat-alarm-shared"}
    damaged = {damage["rule"] for damage in (*DAMAGES, *ORGANIZATION_DAMAGES)}
    assert damaged | tested_above | {CANNOT_TELL} | OTHER_RULES == set(FINDING_RULES)


def test_two_damages_are_two_findings() -> None:
    texts = changed(emitted(), STACKSET, "HeartbeatSchedule", "      Name:", "      State: DISABLED\n      Name:")
    texts = changed(texts, MAIN, "DeadLetterAlarm", "      Namespace:", "      ActionsEnabled: false\n      Namespace:")
    assert [(finding.rule_id, finding.file) for finding in findings(texts)] == [
        ("alarm-actions-disabled", MAIN),
        ("schedule-disabled", STACKSET),
    ]


@pytest.mark.parametrize(
    ("file", "resource", "old", "new", "message"),
    [
        (MAIN, "DeadLetterAlarm", "!Ref FallbackTopic", "'arn:aws:automate:us-east-1:ec2:stop'", "the alarm does"),
        (MAIN, "DeadLetterAlarm", "      Threshold: 0\n", "", "an alarm without Threshold"),
        (
            MAIN,
            "DeadLetterAlarm",
            "GreaterThanThreshold",
            "GreaterThanUpperThreshold",
            "when GreaterThanUpperThreshold",
        ),
        (STACKSET, "HeartbeatSchedule", "rate(1 hour)", "cron(0 * * * ? *)", "how often cron"),
        (MAIN, "HeartbeatMetric", "{ $.source =", "{ $.source !=", "what the filter pattern matches"),
        (STACKSET, "ForwardAssume", ":events:us-east-1:", ":lambda:us-east-1:", "what the target"),
        (MAIN, "AlertTopicPolicy", "ArnLike", "ArnAlike", "condition operator"),
    ],
    ids=["action", "threshold", "comparison", "schedule", "filter", "target", "policy"],
)
def test_an_unknown_part_is_a_note(file: str, resource: str, old: str, new: str, message: str) -> None:
    (note,) = findings(changed(emitted(), file, resource, old, new))
    assert (note.rule_id, note.level) == (CANNOT_TELL, "note")
    assert message in note.message


def test_an_unknown_part_hides_no_problem() -> None:
    action = ("!Ref FallbackTopic", "'arn:aws:automate:us-east-1:ec2:stop'")
    texts = changed(emitted(), MAIN, "DeadLetterAlarm", *action)
    texts = changed(texts, MAIN, "DeadLetterAlarm", "Threshold: 0", "Threshold: 5")
    texts = changed(texts, STACKSET, "HeartbeatSchedule", "      Name:", "      State: DISABLED\n      Name:")
    rule_ids = {"alarm-misses-failure", CANNOT_TELL, "schedule-disabled"}
    assert {finding.rule_id for finding in findings(texts)} == rule_ids


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "", "b", "a"], "a and b"),
        (["a", "b", "c", "d"], "a, b, c and d"),
        (["a", "b", "c", "d", "e"], "a, b, c and 2 more"),
    ],
)
def test_a_sentence_lists_the_first_names(names: list[str], expected: str) -> None:
    assert join_names(names) == expected


@pytest.mark.parametrize(
    "folder",
    quickly("smallest", cases=[*CASES, ROOT / "templates"], adds="the alert path of every golden case"),
)
def test_the_committed_templates_have_no_finding(folder: Path) -> None:
    assert alert_path_findings(*map(judged_file, filter(None, template_set(folder)))) == []
