"""Whatever the config: the same bytes each time, within AWS's limits, free of lint, the same edge in every region."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from deployments import template_files as read_files
from extent import examples
from golden_cases import CASES, templates_folder
from hypothesis import Phase, assume, example, given, settings
from paths import ROOT
from strategies import ACCOUNT, configs
from template_data import resources_of

from cfn_breakglass import ConfigError, config_of, load_config, template_files
from cfn_breakglass.analysis.simulator.simulator import deploy as deploy_in_account
from cfn_breakglass.analysis.template.reader import Stack, parse, resolve
from cfn_breakglass.analysis.template.template_files import TemplateSet
from cfn_breakglass.analysis.validation.alert_path import alert_path_problems
from cfn_breakglass.analysis.validation.cfn_lint import lint
from cfn_breakglass.analysis.validation.event_rules import invalid_rules
from cfn_breakglass.analysis.validation.limits_exceeded import limits_exceeded

MEMBER = "444455556666"
ORGANIZATION = {"id": "o-a1b2c3d4e5", "hub": ACCOUNT, "units": ["r-ab12"]}


class Rules(NamedTuple):
    """Rule name -> event pattern, by where the rule stands and what it does there."""

    forwarding: dict[str, Any]
    direct: dict[str, Any]
    central: dict[str, Any]


def rules_of(text: str) -> Rules:
    rules = Rules({}, {}, {})
    for resource in resources_of(text).values():
        if resource["Type"] == "AWS::Events::Rule":
            rule = resource["Properties"]
            forwards = [target["Id"] for target in rule["Targets"]] == ["CentralBus"]
            kind = rules.central if "EventBusName" in rule else rules.forwarding if forwards else rules.direct
            kind[rule["Name"]] = rule["EventPattern"]
    return rules


def assert_agreement(files: Mapping[str, str]) -> None:
    """Every region forwards the same, but for calls on the key; the main region says what it is, and notifies.

    In an organization every account forwards, the hub as well, and so main-region itself has nothing but the key.
    """
    main, others = rules_of(files["main-region.yaml"]), rules_of(files["stackset.yaml"])
    forwarding = {**others.forwarding, **main.forwarding} if "accounts.yaml" in files else main.forwarding
    of_the_key = {name for name in main.forwarding if name.endswith(".TamperingKey")}
    everywhere = {name: pattern for name, pattern in forwarding.items() if name not in of_the_key}
    assert "accounts.yaml" not in files or main.forwarding.keys() == of_the_key
    # Text, since the order in which a pattern stands is part of the agreement.
    assert json.dumps(others.forwarding) == json.dumps(everywhere)
    assert (others.direct, others.central) == ({}, {})
    if "Key" in resources_of(files["main-region.yaml"]):
        assert len(of_the_key) == any("Tampering" in name for name in others.forwarding)
    # Either the rules of the default bus forward to those of a central bus, or they do all by themselves.
    assert bool(main.central) == bool(forwarding)
    notifying_fallback = [name for name in main.direct if ".MonitoringTampered.Fallback" in name]
    assert not main.central or list(main.direct) == notifying_fallback
    # What says whose an event is stands once: no rule on the default bus is repeated on a central one.
    patterns = [json.dumps(pattern) for pattern in forwarding.values()]
    assert not [name for name, pattern in main.central.items() if json.dumps(pattern) in patterns]


@pytest.mark.parametrize("case", [*CASES, ROOT], ids=lambda case: case.name)
def test_every_region_watches_for_the_same(case: Path) -> None:
    assert_agreement({path.name: path.read_text(encoding="utf-8") for path in templates_folder(case).glob("*.yaml")})


def templates_of(mapping: dict[str, Any]) -> dict[str, str]:
    """The templates; a config that lets in more people than a trust policy can hold is refused, and not looked at."""
    try:
        return template_files(config_of(mapping))
    except ConfigError as error:
        assume("the trust policy of Role would have" not in str(error))
        raise


@settings(examples(5, 40))
@given(configs())
# Nothing but the action log: the central bus has no rule.
@example({"main_region": "cn-north-1", "usernames": ["a"], "heartbeat": "off", "alerts": {"log": False}})
@example({"main_region": "eu-west-1", "usernames": ["a"], "organization": ORGANIZATION})
def test_any_config_makes_sound_templates(mapping: dict[str, Any]) -> None:
    files = templates_of(mapping)
    assert files == template_files(config_of(mapping))
    assert_agreement(files)
    texts = [files[name] for name in ("main-region.yaml", "stackset.yaml", "accounts.yaml") if name in files]
    templates = read_files(*texts)
    for account in (ACCOUNT, MEMBER) if templates.accounts else (ACCOUNT,):
        for stack in stacks_of(templates, account):
            assert limits_exceeded(stack) == []
            assert invalid_rules(stack) == []
        assert alert_path_problems(*deploy_in_account(templates, account)) == []


def stacks_of(templates: TemplateSet, account: str) -> Iterator[Stack]:
    """The stacks in an account, each by itself; that of the main region is the hub's alone."""
    for file in filter(None, templates):
        if file is not templates.main_region or account == ACCOUNT:
            yield from (resolve(file.template, account=account, region=region) for region in file.regions)


# Shrinking would run cfn-lint a thousand times.
@pytest.mark.thorough("cfn-lint over the templates of any config")
@settings(examples(1, 30), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(configs())
def test_any_config_makes_lint_free_templates(mapping: dict[str, Any]) -> None:
    config = config_of(mapping)
    files = templates_of(mapping)
    assert lint(files["main-region.yaml"], "main-region", [config.main_region]) == []
    # cfn-lint knows no region that is newer than it is.
    regions = [region for region in config.secondary_regions if region not in config.new_regions]
    assert lint(files["stackset.yaml"], "stackset", regions or [config.main_region]) == []
    if config.organization:
        assert lint(files["accounts.yaml"], "accounts", [config.main_region]) == []


def test_a_template_refuses_the_wrong_region_and_account() -> None:
    config, _ = load_config(next(case for case in CASES if case.name == "existing-role") / "breakglass.yaml")
    main, rest = (parse(text, name) for name, text in template_files(config).items())
    resolve(main, account=ACCOUNT, region="eu-west-1")
    resolve(rest, account=ACCOUNT, region="us-east-1")
    with pytest.raises(Exception, match="Create this stack in eu-west-1"):
        resolve(main, account=ACCOUNT, region="us-east-1")
    with pytest.raises(Exception, match="eu-west-1 is the main region"):
        resolve(rest, account=ACCOUNT, region="eu-west-1")
    for template, region in ((main, "eu-west-1"), (rest, "us-east-1")):
        with pytest.raises(Exception, match=f"The config is for account {ACCOUNT}"):
            resolve(template, account="444455556666", region=region)
