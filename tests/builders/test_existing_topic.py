"""An existing topic in the place of ours: nothing of it is changed, and a role publishes only in another account."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from deployments import deploy
from samples import RAISES, SETTINGS, recorded, text_of

from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.analysis.simulator.simulator import Delivery, Simulator
from cfn_breakglass.builders.access.protection import guard_scp
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.config.model import DETECTIONS
from cfn_breakglass.generation.generate import generate_files, template_files
from cfn_breakglass.guidance.next_steps import next_steps
from cfn_breakglass.library import login_alert
from cfn_breakglass.plan import make_plan

ACCOUNT: Final = "111122223333"
OTHER: Final = "999999999999"
OWN_TOPIC: Final = f"arn:aws:sns:us-east-1:{ACCOUNT}:security"
FOREIGN_TOPIC: Final = f"arn:aws:sns:us-east-1:{OTHER}:security"
PUBLISHER: Final = f"arn:aws:iam::{ACCOUNT}:role/break-glass-publisher"
RULE: Final = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/break-glass/break-glass-RoleAssumed"
# An ARN in the config says which account it is for.
KNOWN_ACCOUNT: Final = {"role": {"permissions_boundary": f"arn:aws:iam::{ACCOUNT}:policy/Boundary"}}


def settings(topic: str, **more: Any) -> dict[str, Any]:
    alerts = {"topic": topic, "fallback": ["fallback@example.com"]}
    return {**SETTINGS, "role": {}, "alerts": alerts, **more}


def simulator(topic: str, **more: Any) -> Simulator:
    files = template_files(config_of(settings(topic, **more)))
    return Simulator(deploy(files["main-region.yaml"], files["stackset.yaml"], account=ACCOUNT))


def sample_of(detection: str) -> Path:
    return next(sample for sample in RAISES if sample.parent.name == detection)


def alerts_of(where: Simulator, detection: str) -> list[Delivery]:
    region = "us-west-2"
    deliveries = where.run(recorded(text_of(sample_of(detection)).replace("ops/break-glass", "break-glass"), region))
    return [delivery for delivery in deliveries if delivery.kind == "topic" and "fallback" not in delivery.target]


@pytest.mark.parametrize("more", [{}, KNOWN_ACCOUNT], ids=["unknown account", "known account"])
@pytest.mark.parametrize(
    ("topic", "role"), [(OWN_TOPIC, None), (FOREIGN_TOPIC, PUBLISHER)], ids=["this account", "another account"]
)
def test_every_rule_that_alerts_publishes_to_the_topic(topic: str, role: str | None, more: dict[str, Any]) -> None:
    where = simulator(topic, **more)
    targets = [target for rule in where.rules for target in rule.targets if target.arn == topic]
    assert {target.role for target in targets} == {role}
    notified = {rule.detection for rule in where.rules if any(target.arn == topic for target in rule.targets)}
    assert notified == set(DETECTIONS)
    (delivery,) = alerts_of(where, "RoleAssumed")
    assert (delivery.target, delivery.problem, delivery.assumed_allowed) == (topic, None, (topic,))


@pytest.mark.parametrize("topic", [OWN_TOPIC, FOREIGN_TOPIC])
def test_the_stack_changes_nothing_of_the_topic(topic: str) -> None:
    text = template_files(config_of(settings(topic)))["main-region.yaml"]
    assert "AlertTopic:" not in text
    assert "AlertTopicPolicy" not in text
    assert not re.search(r"^  Subscription", text, re.MULTILINE)


def test_the_role_is_made_only_where_it_is_needed() -> None:
    def has_role(topic: str, **more: Any) -> bool:
        return "\n  PublisherRole:" in template_files(config_of(settings(topic, **more)))["main-region.yaml"]

    assert has_role(FOREIGN_TOPIC, **KNOWN_ACCOUNT)
    assert not has_role(OWN_TOPIC, **KNOWN_ACCOUNT)
    # Then a condition of the template decides.
    assert has_role(OWN_TOPIC)
    where = simulator(OWN_TOPIC)
    assert PUBLISHER not in {target.role for rule in where.rules for target in rule.targets}


def test_another_account_without_a_role_is_a_problem() -> None:
    files = template_files(config_of(settings(FOREIGN_TOPIC, **KNOWN_ACCOUNT)))
    main = re.sub(r"^        RoleArn: !GetAtt PublisherRole.Arn\n", "", files["main-region.yaml"], flags=re.MULTILINE)
    assert main != files["main-region.yaml"]
    where = Simulator(deploy(main, files["stackset.yaml"], account=ACCOUNT))
    (delivery,) = alerts_of(where, "RoleAssumed")
    assert "of another account without a role" in str(delivery.problem)


@pytest.mark.parametrize("topic", [OWN_TOPIC, FOREIGN_TOPIC])
@pytest.mark.parametrize("more", [{}, KNOWN_ACCOUNT], ids=["unknown account", "known account"])
def test_the_policy_that_is_printed_lets_our_rules_publish_and_nobody_else(topic: str, more: dict[str, Any]) -> None:
    plan = make_plan(config_of(settings(topic, **more)))
    text = next_steps(plan, Path("templates"), generate_files(plan, "yaml", file="config", lines={}))
    statements = [json.loads(line) for line in re.findall(r'^ +(\{"Sid": "BreakGlass".*\})$', text, re.MULTILINE)]
    assert len(statements) == (1 if more else 2)
    policy = {"Version": "2012-10-17", "Statement": json.loads(json.dumps(statements).replace("ACCOUNT", ACCOUNT))}

    def may_publish(**caller: Any) -> bool:
        return allowed([policy], action="sns:Publish", resource=topic, **caller)

    by_rule = {"aws:SourceArn": RULE.replace(ACCOUNT, topic.split(":")[4]), "aws:SourceAccount": topic.split(":")[4]}
    others = {**by_rule, "aws:SourceArn": by_rule["aws:SourceArn"].replace("break-glass-Role", "other-Role")}
    is_own = topic == OWN_TOPIC or not more
    assert may_publish(principal_service="events.amazonaws.com", context=by_rule) == is_own
    assert not may_publish(principal_service="events.amazonaws.com", context=others)
    is_foreign = topic == FOREIGN_TOPIC or not more
    assert ("break-glass-publisher" in json.dumps(policy)) == is_foreign
    assert "kms:GenerateDataKey*" in text


@pytest.mark.parametrize("topic", [OWN_TOPIC, FOREIGN_TOPIC])
def test_changes_of_the_topic_alert_and_are_denied(topic: str) -> None:
    where = simulator(topic)
    event = recorded(text_of(sample_of("MonitoringTampered")), "us-east-1")
    detail = {
        **event["detail"],
        "eventSource": "sns.amazonaws.com",
        "eventName": "SetTopicAttributes",
        "requestParameters": {"topicArn": topic, "attributeName": "Policy"},
    }
    detail.pop("errorCode", None)
    changed = {**event, "source": "aws.sns", "detail": detail}

    def notified(event: dict[str, Any]) -> set[str]:
        deliveries = where.run(event)
        return {
            delivery.target
            for delivery in deliveries
            if (delivery.kind, delivery.detection) == ("topic", "MonitoringTampered")
        }

    assert notified(changed) == {topic, f"arn:aws:sns:us-east-1:{ACCOUNT}:break-glass-fallback"}
    elsewhere = {**detail, "requestParameters": {"topicArn": f"arn:aws:sns:us-east-1:444455556666:{topic[-8:]}"}}
    assert notified({**changed, "detail": elsewhere}) == set()
    denied = {
        statement["Sid"]: statement for statement in guard_scp(make_plan(config_of(settings(topic))))["Statement"]
    }
    assert denied["Topic"]["Resource"] == topic
    assert not any(resource.endswith(":security") for resource in denied["Monitoring"]["Resource"])


def test_the_library_takes_a_topic_of_unknown_account_for_its_own() -> None:
    resources = login_alert(config_of(settings(FOREIGN_TOPIC)))
    assert "PublisherRole" not in {resource.title for resource in resources}
    assert "PublisherRole" in {
        resource.title for resource in login_alert(config_of(settings(FOREIGN_TOPIC, **KNOWN_ACCOUNT)))
    }
