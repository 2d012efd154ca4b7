"""The rollout to every other region: what main-region.yaml rolls out, and the roles that take it there."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from deployed_world import ABOUT, ACCOUNT, NEVER, World, values
from fresh_stacks import case_config, stack_of_config, templates_of
from golden_cases import CASES, quickly
from rejections import inside

from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.analysis.simulator.delivery_permissions import role_policies
from cfn_breakglass.analysis.template.reader import Resource, Stack
from cfn_breakglass.analysis.template.stacksets import stackset_templates
from cfn_breakglass.analysis.validation.folder import validate_folder
from cfn_breakglass.aws.cloudformation_handlers import calls_on_everything, calls_to_deploy
from cfn_breakglass.aws.limits import TEMPLATE_BODY
from cfn_breakglass.cli.app import cli
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.config.model import CREATE, EXISTING, MANAGED, Config
from cfn_breakglass.generation.files import write_files
from cfn_breakglass.generation.generate import output_files

BASE: dict[str, Any] = {"main_region": "us-east-1", "usernames": ["alice"], "alerts": {"emails": ["ops@example.com"]}}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
STACK_SET = f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stackset/break-glass:0f1e2d3c"
WITH_OTHER_REGIONS = [
    case for case in CASES if case_config(case.name).secondary_regions and not case_config(case.name).organization
]
ORGANIZATIONS = [case for case in CASES if case_config(case.name).organization]
every_case = pytest.mark.parametrize(
    "case",
    quickly("deployer", "china", cases=WITH_OTHER_REGIONS, adds="the managed rollout of every golden case"),
)


def of_case(case: Path, **more: Any) -> Config:
    return dataclasses.replace(case_config(case.name), **more)


def deployed(config: Config, name: str, region: str | None = None) -> Stack:
    return stack_of_config(config, f"{name}.yaml", region)


@every_case
def test_what_is_rolled_out_is_the_data_of_stackset(case: Path) -> None:
    config = of_case(case, rollout=MANAGED)
    made = templates_of(config)
    [inner] = stackset_templates(deployed(config, "main-region"), "main-region.yaml")
    assert inner.template == made["stackset"]
    assert inner.regions == config.secondary_regions
    assert len(inner.text.encode()) <= TEMPLATE_BODY.maximum
    given = made["main-region"]["Resources"]["StackSet"]["Properties"]["TemplateBody"]
    assert isinstance(given, str), "within Fn::Sub, what it refers to would be looked for in the main region"


@pytest.mark.parametrize("case", ORGANIZATIONS, ids=lambda case: case.name)
def test_a_hub_rolls_out_the_data_of_both_templates(case: Path) -> None:
    config = of_case(case, rollout=MANAGED)
    made = templates_of(config)
    accounts, regional = stackset_templates(deployed(config, "main-region"), "main-region.yaml")
    assert (accounts.template, regional.template) == (made["accounts"], made["stackset"])
    assert accounts.regions == (config.main_region,)
    assert regional.regions == (config.main_region, *config.secondary_regions)
    for inner in (accounts, regional):
        assert len(inner.text.encode()) <= TEMPLATE_BODY.maximum


def test_the_rollout_is_parallel_and_a_region_that_fails_stops_no_other() -> None:
    held = deployed(config_of({**BASE, "rollout": "managed"}), "main-region").resources["StackSet"].properties
    assert held["PermissionModel"] == "SELF_MANAGED"
    assert held["OperationPreferences"] == {"RegionConcurrencyType": "PARALLEL", "FailureTolerancePercentage": 100}
    assert [group["DeploymentTargets"] for group in held["StackInstancesGroup"]] == [{"Accounts": [ACCOUNT]}]


@pytest.mark.parametrize("roles", [CREATE, EXISTING])
def test_the_set_comes_after_what_it_needs_and_goes_before_it(roles: str) -> None:
    held = templates_of(config_of({**BASE, "rollout": "managed", "stackset_roles": roles}))["main-region"]["Resources"]
    ours = {"AdministrationRole", "ExecutionRole"} if roles == CREATE else set()
    buses = {"CentralBus", "ActionBus", "MonitoringBus"}
    assert set(held["StackSet"]["DependsOn"]) == ours | buses | {"ForwarderRole", "HeartbeatRole"}
    assert {name for name in held if name in ("AdministrationRole", "ExecutionRole")} == ours
    given = held["StackSet"]["Properties"]
    names = ("break-glass-stackset-execution", "AWSCloudFormationStackSetExecutionRole")
    assert given["ExecutionRoleName"] == names[roles == EXISTING]


WHERE = {
    "by the console": ({}, None),
    "by the console, with a deployer": ({"deployer": True}, "stackset-roles"),
    "by the console, with roles": ({"stackset_roles": "create"}, "stackset-roles"),
    "by the console, with a deployer and existing roles": ({"deployer": True, "stackset_roles": "existing"}, None),
    "managed": ({"rollout": "managed"}, "main-region"),
    "managed, with existing roles": ({"rollout": "managed", "stackset_roles": "existing"}, None),
    "nowhere to roll out to": ({"regions": [], "deployer": True}, None),
}


@pytest.mark.parametrize(("settings", "where"), WHERE.values(), ids=WHERE)
def test_where_the_roles_are(settings: Mapping[str, Any], where: str | None) -> None:
    made = templates_of(config_of({**BASE, **settings}))
    assert [name for name, template in made.items() if "ExecutionRole" in template["Resources"]] == [where] * bool(
        where
    )
    assert ("stackset-roles" in made) == (where == "stackset-roles")
    assert "stackset" in made


SENT = {
    "our stack set": ({"aws:SourceAccount": ACCOUNT, "aws:SourceArn": STACK_SET}, True),
    "another one": ({"aws:SourceAccount": ACCOUNT, "aws:SourceArn": STACK_SET.replace("break-glass", "other")}, False),
    "one of another account": ({"aws:SourceAccount": "999999999999", "aws:SourceArn": STACK_SET}, False),
    "nobody says which": ({}, False),
}


@pytest.mark.parametrize(("keys", "let_in"), SENT.values(), ids=SENT)
def test_stack_sets_take_the_administration_role_on_for_ours_alone(keys: dict[str, str], *, let_in: bool) -> None:
    held = deployed(config_of({**BASE, "stackset_roles": "create"}), "stackset-roles").resources["AdministrationRole"]
    assert taken_on(held, "cloudformation.amazonaws.com", keys) == let_in
    assert not taken_on(held, "lambda.amazonaws.com", keys)


def test_opt_in_regions_are_trusted_as_they_call_themselves() -> None:
    opted_in = config_of({**BASE, "stackset_roles": "create", "regions": ["*", "af-south-1"]})
    held = deployed(opted_in, "stackset-roles").resources["AdministrationRole"]
    keys = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": STACK_SET}
    asked = (
        "cloudformation.amazonaws.com",
        "cloudformation.af-south-1.amazonaws.com",
        "cloudformation.me-south-1.amazonaws.com",
    )
    assert [taken_on(held, service, keys) for service in asked] == [True, True, False]


def taken_on(role: Resource, service: str, keys: Mapping[str, str]) -> bool:
    trust = role.properties["AssumeRolePolicyDocument"]
    return allowed([trust], action="sts:AssumeRole", resource=role.arn, principal_service=service, context=keys)


def test_the_administration_role_can_take_on_the_execution_role_and_nothing_else() -> None:
    stack = deployed(config_of({**BASE, "stackset_roles": "create"}), "stackset-roles")
    administration, execution = stack.resources["AdministrationRole"], stack.resources["ExecutionRole"]
    assert may(stack, administration, "sts:AssumeRole", execution.arn)
    for arn in (f"{ROLE}AWSCloudFormationStackSetExecutionRole", f"{ROLE}break-glass", f"{ROLE}Admin"):
        assert not may(stack, administration, "sts:AssumeRole", arn)
    trust = execution.properties["AssumeRolePolicyDocument"]
    for who, let_in in ((administration.arn, True), (f"{ROLE}Admin", False)):
        context = {"aws:PrincipalArn": who}
        assert allowed([trust], action="sts:AssumeRole", resource=execution.arn, context=context) == let_in


def may(stack: Stack, role: Resource, action: str, resource: str, **keys: str) -> bool:
    given = {key.replace("_", ":"): value for key, value in keys.items()}
    return allowed(role_policies(stack, role), action=action, resource=resource, context=given)


@every_case
def test_the_execution_role_may_make_every_call_that_a_region_takes(case: Path) -> None:
    config = of_case(case, rollout=MANAGED, stackset_roles=CREATE)
    main = deployed(config, "main-region")
    execution = main.resources["ExecutionRole"]
    for region in config.secondary_regions[:2]:
        there = deployed(config, "stackset", region)
        world = World(main=there, deployer=there, regional=there)
        denied = []
        for held in there.resources.values():
            for call in sorted(calls_to_deploy(held.type, held.properties) - {NEVER}):
                if call == "iam:PassRole":
                    service = f"{held.type.split('::')[1].lower()}.amazonaws.com"
                    asked = [(role, {"iam_PassedToService": service}) for role in values(held.properties, "RoleArn")]
                else:
                    arns = ABOUT[held.type](world, held.properties) if held.type in ABOUT else [held.arn]
                    asked = [(arn, {}) for arn in (["*"] if call in calls_on_everything() else arns)]
                denied += [(call, arn) for arn, keys in asked if not may(main, execution, call, arn, **keys)]
        assert denied == []


EXECUTION_MAY_NOT = {
    "make a role": ("iam:CreateRole", f"{ROLE}break-glass-forwarder", {}),
    "pass another role": ("iam:PassRole", f"{ROLE}Admin", {"iam_PassedToService": "events.amazonaws.com"}),
    "pass the forwarder to Lambda": (
        "iam:PassRole",
        f"{ROLE}break-glass-forwarder",
        {"iam_PassedToService": "lambda.amazonaws.com"},
    ),
    "change another rule": ("events:PutRule", f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/other", {}),
    "change a rule of a config whose name begins with ours": (
        "events:PutRule",
        f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/break-glass2.Assume",
        {},
    ),
    "change a rule of the central bus": (
        "events:PutRule",
        f"arn:aws:events:us-east-1:{ACCOUNT}:rule/break-glass/break-glass-RoleAssumed",
        {},
    ),
    "delete a bus": ("events:DeleteEventBus", f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/break-glass", {}),
    "change the topic": ("sns:SetTopicAttributes", f"arn:aws:sns:us-east-1:{ACCOUNT}:break-glass-alerts", {}),
    "empty a queue": ("sqs:PurgeQueue", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:break-glass-dead-letters", {}),
    "delete the main stack": (
        "cloudformation:DeleteStack",
        f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/break-glass/1",
        {},
    ),
    "delete the stack of another set": (
        "cloudformation:DeleteStack",
        f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/StackSet-other-1/1",
        {},
    ),
}


@pytest.mark.parametrize(("action", "resource", "keys"), EXECUTION_MAY_NOT.values(), ids=EXECUTION_MAY_NOT)
def test_the_execution_role_may_not(action: str, resource: str, keys: dict[str, str]) -> None:
    stack = deployed(config_of({**BASE, "stackset_roles": "create"}), "stackset-roles")
    execution = stack.resources["ExecutionRole"]
    assert may(
        stack,
        execution,
        "cloudformation:CreateStack",
        f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/StackSet-break-glass-1f/1",
    )
    assert not may(stack, execution, action, resource, **keys)


@pytest.fixture
def managed(tmp_path: Path) -> Path:
    write_files(tmp_path, output_files(config_of({**BASE, "rollout": "managed", "regions": ["eu-west-1"]})))
    return tmp_path


def test_a_rolled_out_template_is_judged_too(managed: Path) -> None:
    main = managed / "main-region.yaml"
    text = main.read_text(encoding="utf-8")
    main.write_text(text.replace('"MessageRetentionPeriod":1209600', '"Colour":"red"'), encoding="utf-8")
    assert main.read_text(encoding="utf-8") != text
    findings = validate_folder(managed).findings
    assert [finding.rule_id for finding in findings] == ["stackset-template-differs", "E3002"]
    line = 1 + text[: text.index("  StackSet:")].count("\n")
    assert {(finding.file, finding.line) for finding in findings} == {(str(main), line)}
    assert [finding.logical_id for finding in findings] == ["StackSet", "DeadLetterQueue"]
    assert "Colour" in findings[1].message


def test_a_region_that_is_rolled_out_to_is_one_that_is_told_of(managed: Path) -> None:
    main = managed / "main-region.yaml"
    text = main.read_text(encoding="utf-8")
    main.write_text(text.replace("Regions: [eu-west-1]}", "Regions: [eu-west-2]}"), encoding="utf-8")
    assert main.read_text(encoding="utf-8") != text
    (finding,) = validate_folder(managed).findings
    assert (finding.rule_id, finding.logical_id) == ("stackset-regions-differ", "StackSet")
    assert finding.message == "StackSet deploys to eu-west-2; the Metadata of the template say otherwise."


def generate(folder: Path, *more: str, **settings: Any) -> Result:
    (folder / "breakglass.yaml").write_text(json.dumps({**BASE, **settings}), encoding="utf-8")
    with inside(folder):
        return CliRunner().invoke(cli, ["generate", *more], prog_name="cfn-breakglass", catch_exceptions=False)


def test_the_next_steps_of_a_managed_rollout(tmp_path: Path) -> None:
    told = generate(tmp_path, rollout="managed").stdout
    assert "templates/main-region.yaml contains templates/stackset.yaml and rolls it out" in told
    assert "create-stack-set" not in told
    assert "aws cloudformation list-stack-instances --region us-east-1 --stack-set-name break-glass" in told


def test_the_next_steps_with_a_deployer(tmp_path: Path) -> None:
    told = generate(tmp_path, deployer=True).stdout
    order = [
        "stack break-glass-deployer",
        "break-glass-stackset-roles, the roles",
        "Stack name: break-glass.",
        "create-stack-set",
    ]
    assert sorted(order, key=told.index) == order
    assert "--role-arn arn:aws:iam::ACCOUNT:role/break-glass-cloudformation" in told
    assert "--administration-role-arn arn:aws:iam::ACCOUNT:role/break-glass-stackset-administration" in told
    wrote = ("main-region", "stackset", "stackset-roles", "deployer")
    assert told.startswith(f"Wrote {', '.join(f'templates/{name}.yaml' for name in wrote)} and ")


def test_check_covers_every_template(tmp_path: Path) -> None:
    generate(tmp_path, deployer=True)
    assert generate(tmp_path, "--check", deployer=True).exit_code == 0
    for name in ("deployer.yaml", "stackset-roles.yaml"):
        path = tmp_path / "templates" / name
        text = path.read_text(encoding="utf-8")
        path.write_text(text + "# edited\n", encoding="utf-8")
        told = generate(tmp_path, "--check", deployer=True)
        assert (told.exit_code, told.stdout.splitlines()[0]) == (
            1,
            f"templates/{name} differs from what breakglass.yaml generates:",
        )
        path.write_text(text, encoding="utf-8")


def test_what_is_no_longer_made_is_told_of(tmp_path: Path) -> None:
    generate(tmp_path, deployer=True)
    told = generate(tmp_path).stderr
    for name in ("deployer.yaml", "stackset-roles.yaml"):
        assert (
            f"note: templates/{name} exists, but this config does not generate it; delete it, and its stack\n" in told
        )


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ({}, []),
        ({"deployer": True}, ["deployer: it deploys the template"]),
        ({"deployer": True, "role": {"existing": "ops/Emergency"}, "usernames": []}, []),
        ({"deployer": True, "role": {"permissions_boundary": f"arn:aws:iam::{ACCOUNT}:policy/Limit"}}, []),
        (
            {"deployer": True, "stackset_roles": "existing"},
            ["deployer: it deploys the template", "stackset_roles: by a StackSet, the deployer can do everything"],
        ),
    ],
)
def test_what_a_deployer_could_do_is_warned_of(tmp_path: Path, settings: dict[str, Any], warned: list[str]) -> None:
    told = generate(tmp_path, **settings).stderr.splitlines()
    found = [line for line in told if line.startswith(("warning: deployer", "warning: stackset_roles"))]
    assert len(found) == len(warned)
    assert all(line.startswith(f"warning: {start}") for line, start in zip(found, warned, strict=True))


def test_what_an_organization_alone_has_is_told_of_too(tmp_path: Path) -> None:
    assert "accounts.yaml" not in generate(tmp_path, organization=ORGANIZATION).stderr
    told = generate(tmp_path).stderr
    assert (
        "note: templates/accounts.yaml exists, but this config does not generate it; delete it, and its stack" in told
    )


ORGANIZATION = {"id": "o-a1b2c3d4e5", "hub": ACCOUNT, "units": ["r-ab12"]}


@pytest.mark.parametrize("stack_set", ["StackSet", "AccountsStackSet"])
def test_an_organization_is_rolled_out_to_all_accounts_at_a_time(stack_set: str) -> None:
    config = config_of({**BASE, "rollout": "managed", "organization": ORGANIZATION})
    preferences = templates_of(config)["main-region"]["Resources"][stack_set]["Properties"]["OperationPreferences"]
    everywhere = {
        "FailureTolerancePercentage": 100,
        "MaxConcurrentPercentage": 100,
        "RegionConcurrencyType": "PARALLEL",
    }
    assert preferences == everywhere


def test_the_roles_of_the_hub_are_made_before_the_rule_of_its_template_that_names_one() -> None:
    config = config_of({**BASE, "rollout": "managed", "organization": ORGANIZATION})
    hub = templates_of(config)["main-region"]["Resources"]
    (rule,) = (resource for title, resource in hub.items() if title.startswith("Forward"))
    assert rule["Properties"]["Targets"][0]["RoleArn"]["Fn::Sub"].endswith(":role/break-glass-forwarder")
    assert rule["DependsOn"] == "AccountsStackSet"
    assert "DependsOn" not in hub["AccountsStackSet"]


@pytest.mark.parametrize("stack_set", ["StackSet", "AccountsStackSet"])
def test_the_hub_rolls_out_as_delegated_administrator_also_to_accounts_that_join(stack_set: str) -> None:
    config = config_of({**BASE, "rollout": "managed", "organization": ORGANIZATION})
    properties = templates_of(config)["main-region"]["Resources"][stack_set]["Properties"]
    assert (properties["PermissionModel"], properties["CallAs"]) == ("SERVICE_MANAGED", "DELEGATED_ADMIN")
    assert properties["AutoDeployment"]["Enabled"] is True


def test_an_account_that_joins_has_the_roles_before_the_rules_that_name_them() -> None:
    config = config_of({**BASE, "rollout": "managed", "organization": ORGANIZATION})
    hub = templates_of(config)["main-region"]["Resources"]
    roles, rules = hub["AccountsStackSet"]["Properties"], hub["StackSet"]["Properties"]
    assert roles["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
    assert "DependsOn" not in roles["AutoDeployment"]
    (first,) = rules["AutoDeployment"]["DependsOn"]
    assert first["Fn::Sub"].endswith(":stackset/${AccountsStackSet}")
