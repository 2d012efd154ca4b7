"""Whatever the config: the same bytes each time, within AWS's limits, free of lint, and one pattern per detection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from deployments import deploy
from golden_cases import CASES
from hypothesis import HealthCheck, Phase, given, settings
from paths import ROOT
from strategies import ACCOUNT, configs

from cfn_breakglass import config_of, load_config, template_files
from cfn_breakglass.analysis.template.reader import parse, resolve
from cfn_breakglass.analysis.validation.alert_path import alert_path_problems
from cfn_breakglass.analysis.validation.cfn_lint import lint
from cfn_breakglass.analysis.validation.event_rules import invalid_rules
from cfn_breakglass.analysis.validation.limits_exceeded import limits_exceeded

SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def patterns(text: str, *, central: bool) -> dict[str, Any]:
    """Rule name -> event pattern, of the rules on the central bus or on the default one."""
    rules = [
        held["Properties"]
        for held in yaml.safe_load(text)["Resources"].values()
        if held["Type"] == "AWS::Events::Rule" and ("EventBusName" in held["Properties"]) == central
    ]
    return {rule["Name"]: rule["EventPattern"] for rule in rules}


# The key is made in the main region, only there is its ID known, and only there can it be called.
OF_THE_KEY = ({"suffix": {"Ref": "Key"}}, {"wildcard": {"Fn::Sub": "*/${Key}*"}})


def without_the_key(node: Any) -> Any:
    """A pattern without what refers to the key, and without what is empty then."""
    if isinstance(node, list):
        return [held for held in map(without_the_key, node) if held not in ([], {}, *OF_THE_KEY)]
    if isinstance(node, dict):
        left = {name: without_the_key(held) for name, held in node.items()}
        return {name: held for name, held in left.items() if held not in ([], {})}
    return node


def assert_agreement(files: Mapping[str, str]) -> None:
    main, rest = files["main-region.yaml"], files["stackset.yaml"]
    central, others = patterns(main, central=True), patterns(rest, central=False)
    assert yaml.dump(patterns(main, central=False)) == yaml.dump(central)
    assert yaml.dump(others) == yaml.dump(without_the_key(central))
    assert patterns(rest, central=True) == {}
    tampering = any("MonitoringTampered" in name for name in central)
    assert (central != others) == (tampering and "Key" in yaml.safe_load(main)["Resources"])


@pytest.mark.parametrize("case", [*CASES, ROOT], ids=lambda case: case.name)
def test_every_region_watches_for_the_same(case: Any) -> None:
    folder = case / "templates" if case == ROOT else case
    assert_agreement({path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.yaml")})


@settings(SLOW, max_examples=40)
@given(configs())
def test_any_config_makes_sound_templates(wanted: dict[str, Any]) -> None:
    files = template_files(config_of(wanted))
    assert files == template_files(config_of(wanted))
    assert_agreement(files)
    stacks = deploy(files["main-region.yaml"], files["stackset.yaml"], account=ACCOUNT)
    for stack in stacks.values():
        assert limits_exceeded(stack) == []
        assert invalid_rules(stack) == []
    assert alert_path_problems(stacks) == []


# Shrinking would run cfn-lint a thousand times.
@settings(SLOW, max_examples=12, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(configs())
def test_any_config_makes_lint_free_templates(wanted: dict[str, Any]) -> None:
    config = config_of(wanted)
    files = template_files(config)
    assert lint(files["main-region.yaml"], "main-region", [config.main_region]) == []
    assert lint(files["stackset.yaml"], "stackset", config.secondary_regions or [config.main_region]) == []


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
        with pytest.raises(Exception, match=f"a part of account {ACCOUNT}"):
            resolve(template, account="444455556666", region=region)
