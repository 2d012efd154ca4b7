"""The next steps after ``generate``: commands that the AWS CLI takes and that do what the templates need."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import botocore.session
import pytest
import yaml
from botocore import xform_name
from paths import GOLDEN
from rejections import generate
from template_data import read_yaml

CASES = ("smallest", "everything", "deployer", "managed-rollout", "hub-account", "users-by-tag", "existing-bus")
HUB = "999999999999"
ORGANIZATION: dict[str, Any] = {
    "main_region": "us-east-1",
    "regions": ["eu-west-1", "af-south-1"],
    "organization": {"id": "o-a1b2c3d4e5", "hub": HUB, "units": ["ou-ab12-11111111", "ou-ab12-22222222"]},
    "usernames": ["alice"],
    "alerts": {"emails": ["ops@corp.test"]},
}
ORGANIZATIONS = {"by hand": ORGANIZATION, "by the hub": {**ORGANIZATION, "rollout": "managed"}}
"""Organizations by how the stack sets are made."""
every_case = pytest.mark.parametrize("case", [*CASES, *ORGANIZATIONS])

# The options of every command, and of the one command that the AWS CLI makes of several calls:
# https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/
OF_THE_CLI = {"region", "profile", "query", "output", "no-sign-request"}
DEPLOY = {"stack-name", "template-file", "capabilities", "role-arn", "s3-bucket", "disable-rollback"}

Command = tuple[str, str, dict[str, list[str]]]


@cache
def printed(case: str) -> tuple[str, dict[str, str]]:
    """What ``generate`` prints for a golden case or an organization, and the text of each template that it writes."""
    with TemporaryDirectory() as folder:
        config = GOLDEN / case / "breakglass.yaml"
        if case in ORGANIZATIONS:
            config = Path(folder) / "organization.yaml"
            config.write_text(yaml.safe_dump(ORGANIZATIONS[case]), encoding="utf-8")
        text = generate(Path(folder), config).stdout
        files = {
            str(path.relative_to(folder)): path.read_text(encoding="utf-8")
            for path in Path(folder).glob("templates/*.yaml")
        }
    return text, files


def commands(case: str) -> list[Command]:
    """The commands, and those within them: service, operation and the values of each option."""
    text = re.sub(r" \\\n +", " ", printed(case)[0])
    found = []
    for line in [*re.findall(r"^ +aws (.+)$", text, re.MULTILINE), *re.findall(r"\$\(aws (.+?)\)", text)]:
        service, operation, *words = shlex.split(line, comments=True)
        options: dict[str, list[str]] = {}
        for word in words:
            if word.startswith("--"):
                options[word.removeprefix("--")] = []
            else:
                options[list(options)[-1]].append(word)
        found.append((service, operation, options))
    return found


def command(case: str, operation: str, **wanted: str) -> dict[str, list[str]]:
    """The options of the one command with this operation, and ``wanted`` values."""
    (options,) = (
        options
        for _, name, options in commands(case)
        if name == operation
        and all(options.get(option.replace("_", "-")) == [value] for option, value in wanted.items())
    )
    return options


@cache
def operations(service: str) -> Mapping[str, tuple[set[str], set[str]]]:
    """Operation -> its options, and those that are required, by AWS's own model of a service."""
    model = botocore.session.Session().get_service_model(service)
    made = {}
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        members = {xform_name(member, "-"): member for member in (shape.members if shape else {})}
        required = {option for option, member in members.items() if member in shape.required_members}
        made[xform_name(name, "-")] = (set(members), required)
    return made


@every_case
def test_the_aws_cli_takes_every_command(case: str) -> None:
    for service, operation, options in commands(case):
        if (service, operation) == ("cloudformation", "deploy"):
            known, required = DEPLOY, {"stack-name", "template-file"}
        else:
            known, required = operations(service)[operation]
        assert options.keys() <= known | OF_THE_CLI, operation
        assert required <= options.keys(), operation


@every_case
def test_a_stack_with_named_iam_resources_is_deployed_with_the_capability_for_that(case: str) -> None:
    """With CAPABILITY_IAM alone CloudFormation refuses names.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
    """
    deployed = {options["template-file"][0]: options for _, name, options in commands(case) if name == "deploy"}
    _, files = printed(case)
    assert {path for path in files if "stackset.yaml" not in path} == set(deployed)
    for path, options in deployed.items():
        assert "\n    Type: AWS::IAM::" in files[path], path
        assert options["capabilities"] == ["CAPABILITY_NAMED_IAM"], path
        # The CLI cannot send more than this in a request, and takes a bucket for it.
        assert ("s3-bucket" in options) == (len(files[path].encode()) > 51_200), path


@every_case
def test_only_the_first_creation_of_the_main_stack_is_not_rolled_back(case: str) -> None:
    for _, operation, options in commands(case):
        is_main = options.get("template-file") == ["templates/main-region.yaml"]
        assert ("disable-rollback" in options) == (operation == "deploy" and is_main), options
    main, rollback = (
        command(case, "deploy", template_file="templates/main-region.yaml"),
        command(case, "rollback-stack"),
    )
    assert {option: rollback[option] for option in ("region", "stack-name")} == {
        option: main[option] for option in ("region", "stack-name")
    }


SELF_MANAGED = ("smallest", "everything", "deployer", "hub-account")


@pytest.mark.parametrize("case", SELF_MANAGED)
def test_the_stack_set_goes_to_this_account_in_every_other_region(case: str) -> None:
    text, files = printed(case)
    covered: dict[str, Any] = read_yaml(files["templates/stackset.yaml"])["Metadata"]["cfn-breakglass"]
    instances = command(case, "create-stack-instances")
    # Without accounts, a self-managed stack set gets no instance at all.
    assert instances["accounts"] == ["$(aws sts get-caller-identity --query Account --output text)"]
    assert sorted(instances["regions"]) == sorted(covered["Regions"])
    made = command(case, "create-stack-set")
    assert made["template-body"] == ["file://templates/stackset.yaml"]
    in_console = re.search(r"these regions:\n((?: {7}\S.*\n)+)", text)
    assert in_console
    assert sorted(in_console[1].split()) == sorted(covered["Regions"])
    for name, options in (("create-stack-instances", instances), ("create-stack-set", made)):
        assert options["region"] == [covered["MainRegion"]], name
        assert options["stack-set-name"] == [covered["Name"]], name


@pytest.mark.parametrize("case", SELF_MANAGED)
def test_a_region_that_fails_does_not_stop_the_others_in_the_console_either(case: str) -> None:
    text, _ = printed(case)
    for operation in ("create-stack-instances", "update-stack-set"):
        preferences = dict(each.split("=") for each in command(case, operation)["operation-preferences"][0].split(","))
        assert preferences == {"RegionConcurrencyType": "PARALLEL", "FailureTolerancePercentage": "100"}
    (tolerance,) = re.findall(r"failure tolerance: (\d+) percent", text)
    assert tolerance == "100"
    assert "region concurrency: parallel" in text


def of_stack_set(operation: str, name: str) -> dict[str, list[str]]:
    """The options of the one command about a stack set of the organization, as the hub gives it."""
    return command("by hand", operation, stack_set_name=name, call_as="DELEGATED_ADMIN")


STACK_SETS = {
    "break-glass-accounts": ("templates/accounts.yaml", ["us-east-1"]),
    "break-glass": ("templates/stackset.yaml", ["us-east-1", "af-south-1", "eu-west-1"]),
}


@pytest.mark.parametrize(("name", "path", "regions"), [(name, *made) for name, made in STACK_SETS.items()])
def test_the_hub_makes_a_stack_set_of_each_template_in_the_units(name: str, path: str, regions: list[str]) -> None:
    made, instances = of_stack_set("create-stack-set", name), of_stack_set("create-stack-instances", name)
    assert (made["permission-model"], made["template-body"]) == (["SERVICE_MANAGED"], [f"file://{path}"])
    has_roles = "\n    Type: AWS::IAM::" in printed("by hand")[1][path]
    assert has_roles == (name != "break-glass")
    assert made.get("capabilities") == (["CAPABILITY_NAMED_IAM"] if has_roles else None)
    units = ",".join(ORGANIZATION["organization"]["units"])
    assert instances["deployment-targets"] == [f"OrganizationalUnitIds={units}"]
    assert instances["regions"] == regions
    updated = of_stack_set("update-stack-set", name)
    assert {option: updated[option] for option in ("template-body", "region")} == {
        option: made[option] for option in ("template-body", "region")
    }
    assert updated.get("capabilities") == made.get("capabilities")
    many_accounts = {"RegionConcurrencyType=PARALLEL", "FailureTolerancePercentage=100", "MaxConcurrentPercentage=100"}
    for options in (instances, updated):
        assert set(options["operation-preferences"][0].split(",")) == many_accounts


def test_new_accounts_get_their_roles_before_the_rules_that_name_them() -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_AutoDeployment.html: it takes ARNs."""
    follows_units = "Enabled=true,RetainStacksOnAccountRemoval=false"
    assert of_stack_set("create-stack-set", "break-glass-accounts")["auto-deployment"] == [follows_units]
    (regions,) = of_stack_set("create-stack-set", "break-glass")["auto-deployment"]
    assert regions.startswith(f"{follows_units},DependsOn=$(aws cloudformation describe-stack-set ")
    first = of_stack_set("describe-stack-set", "break-glass-accounts")
    assert first["query"] == ["StackSet.StackSetARN"]


def test_the_roles_are_first_and_then_comes_the_hub() -> None:
    """EventBridge may refuse a role that does not exist, and asks the policy of a bus when it becomes a target."""
    text, _ = printed("by hand")
    words = ("register-delegated-administrator", "file://templates/accounts.yaml", "main-region.yaml", "stackset.yaml")
    places = [text.index(word, text.index("What to do next")) for word in words]
    assert places == sorted(places)


@pytest.mark.parametrize("case", ORGANIZATIONS)
def test_the_management_account_makes_the_hub_a_delegated_administrator(case: str) -> None:
    registered = command(case, "register-delegated-administrator")
    assert registered["account-id"] == [HUB]
    assert registered["service-principal"] == ["member.org.stacksets.cloudformation.amazonaws.com"]
    text, _ = printed(case)
    assert text.index("activate-organizations-access") < text.index("aws cloudformation deploy")
    assert "IsOrganizationTrail true" in text


def test_the_hub_rolls_out_what_its_template_contains() -> None:
    assert (
        "templates/main-region.yaml contains templates/accounts.yaml and templates/stackset.yaml"
        in printed("by the hub")[0]
    )
    by_hub = [name for _, name, options in commands("by the hub") if "call-as" in options]
    assert by_hub == ["list-stack-instances"] * 2


@pytest.mark.parametrize("case", ORGANIZATIONS)
def test_the_management_account_gets_the_same_two_templates_by_hand(case: str) -> None:
    """Stack sets of an organization skip it."""
    roles = command(case, "deploy", template_file="templates/accounts.yaml")
    assert roles["stack-name"] == ["break-glass"]
    by_itself = [
        (name, options)
        for _, name, options in commands(case)
        if "stack-set-name" in options and "call-as" not in options
    ]
    assert [name for name, _ in by_itself] == ["create-stack-set", "create-stack-instances"]
    # Those that the hub makes are in the management account too, where a name is good for one stack set of a region.
    assert {*by_itself[0][1]["stack-set-name"], *by_itself[1][1]["stack-set-name"]} == {"break-glass-management"}
    assert by_itself[0][1]["template-body"] == ["file://templates/stackset.yaml"]
    assert by_itself[1][1]["accounts"] == ["$(aws sts get-caller-identity --query Account --output text)"]
    assert by_itself[1][1]["regions"] == ["us-east-1", "af-south-1", "eu-west-1"]


def test_what_the_config_names_has_to_be_in_every_account(tmp_path: Path) -> None:
    iam = f"arn:aws:iam::{HUB}"
    trust = {"saml_provider": f"{iam}:saml-provider/Corp", "saml_names": ["*"], "principals": [f"{iam}:role/Chief"]}
    role = {
        "managed_policies": ["ReadOnlyAccess", "arn:aws:iam::aws:policy/job-function/Billing", f"{iam}:policy/Rights"],
        "permissions_boundary": f"{iam}:policy/Limit",
        "trust": trust,
    }
    (step,) = steps_about("In every account, and in each new one", tmp_path, ORGANIZATION | {"role": role})
    named = ["policy/Limit", "saml-provider/Corp", "policy/Rights"]
    assert re.findall(r"^     (\S+)$", step, re.MULTILINE) == named
    (step,) = steps_about("SAML/Attributes/Role", tmp_path, ORGANIZATION | {"role": role})
    assert (
        "for each account\n     arn:aws:iam::ACCOUNT:role/break-glass,arn:aws:iam::ACCOUNT:saml-provider/Corp" in step
    )
    (step,) = steps_about("each in its own account", tmp_path, ORGANIZATION | {"role": role})
    assert f"{iam}:role/Chief" in step
    assert '"Resource": ["arn:aws:iam::*:role/break-glass"]' in step


def test_a_role_that_exists_has_to_exist_in_every_account(tmp_path: Path) -> None:
    (step,) = steps_about("In every account, and", tmp_path, ORGANIZATION | {"role": {"existing": "ops/Emergency"}})
    assert "\n     role/ops/Emergency\n" in step
    assert steps_about("In every account, and", tmp_path, ORGANIZATION) == []


def test_the_users_of_an_organization_have_names_in_one_letter_case(tmp_path: Path) -> None:
    """The trust policy knows them by their ARNs there."""
    assert len(steps_about("have to exist, in the letter case of their names", tmp_path, ORGANIZATION)) == 1
    alone = {key: value for key, value in ORGANIZATION.items() if key != "organization"}
    assert steps_about("the letter case", tmp_path, alone) == []
    assert len(steps_about("The IAM users have to exist:", tmp_path, alone)) == 1


def test_a_region_that_accounts_have_to_enable_is_named(tmp_path: Path) -> None:
    (step,) = steps_about("a stack set cannot go where one is not enabled", tmp_path, ORGANIZATION)
    assert re.findall(r"^     (\S+)$", step, re.MULTILINE) == ["af-south-1"]
    assert steps_about("where one is not enabled", tmp_path, ORGANIZATION | {"regions": ["eu-west-1"]}) == []


def test_what_the_hub_has_is_in_its_account(tmp_path: Path) -> None:
    (step,) = steps_about("Confirm the subscriptions", tmp_path, ORGANIZATION)
    assert f"arn:aws:sns:us-east-1:{HUB}:break-glass-alerts" in step
    existing = ORGANIZATION | {"logs_policy": "existing"}
    (step,) = steps_about("Let EventBridge write the logs", tmp_path, existing)
    assert f"arn:aws:logs:us-east-1:{HUB}:" in step


IN_THE_HUB: dict[str, dict[str, Any]] = {
    "the hub has at most 9 resource policies of CloudWatch Logs in us-east-1": {},
    "As an administrator of the hub, now": {"deployer": True},
    "Once, in the hub, let AWS post in the chat": {
        "alerts": {"slack": [{"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"}]}
    },
    "Create the secrets in Secrets Manager of the hub in us-east-1": {
        "alerts": {"https": ["https://user:{{resolve:secretsmanager:pager}}@events.example.com/x"]}
    },
}


@pytest.mark.parametrize(("words", "settings"), IN_THE_HUB.items())
def test_a_step_in_the_hub_says_so(tmp_path: Path, words: str, settings: dict[str, Any]) -> None:
    assert len(steps_about(words, tmp_path, ORGANIZATION | settings)) == 1
    assert steps_about("hub", tmp_path, settings) == []


def test_a_permission_set_of_other_accounts_too_gets_no_policy_that_these_lack(tmp_path: Path) -> None:
    settings = {"usernames": [], "role": {"trust": {"permission_sets": ["OnCall"]}}}
    (step,) = steps_about("In Identity Center, add", tmp_path, ORGANIZATION | settings)
    policy = json.loads(step.rstrip().splitlines()[-1])
    assert policy["Statement"] == [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ["arn:aws:iam::*:role/break-glass"]}
    ]


def test_the_guard_goes_to_the_units_and_exempts_what_makes_the_stacks(tmp_path: Path) -> None:
    assert command("by hand", "attach-policy")["target-id"] == ["UNIT"]
    organization = ORGANIZATION["organization"] | {"units": ["r-ab12"]}
    (step,) = steps_about("attach-policy", tmp_path, ORGANIZATION | {"organization": organization})
    assert "--target-id r-ab12" in step
    assert "exempts the roles stacksets-exec-*.\n" in step
    assert "AWSCloudFormationStackSetExecutionRole" not in step


def test_the_deployer_hands_cloudformation_the_role_that_the_administrator_made() -> None:
    text, _ = printed("deployer")
    main = command("deployer", "deploy", template_file="templates/main-region.yaml")
    assert main["role-arn"] == ["arn:aws:iam::111122223333:role/break-glass-cloudformation"]
    assert (
        main["role-arn"][0]
        in text.partition("aws cloudformation deploy --region eu-west-1 --stack-name break-glass ")[0]
    )
    for administrators in ("deployer", "stackset-roles"):
        options = command("deployer", "deploy", template_file=f"templates/{administrators}.yaml")
        assert "role-arn" not in options
    for operation in ("create-stack-set", "update-stack-set"):
        roles = command("deployer", operation)
        assert roles["execution-role-name"] == ["break-glass-stackset-execution"]
        assert roles["administration-role-arn"] == [
            "arn:aws:iam::111122223333:role/break-glass-stackset-administration"
        ]


@pytest.mark.parametrize("case", ["smallest", "hub-account"])
def test_the_trail_that_has_to_be_there_records_reads_too(case: str) -> None:
    """AssumeRole only reads: a trail of writes alone records no use of the role."""
    text, _ = printed(case)
    for fact in ("IsMultiRegionTrail true", "IsLogging true", "ReadWriteType All", "IncludeManagementEvents true"):
        assert fact in text
    assert [operation for service, operation, _ in commands(case) if service == "cloudtrail"] == [
        "describe-trails",
        "get-trail-status",
        "get-event-selectors",
    ]


def test_a_subscription_waits_as_long_as_sns_does() -> None:
    """https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html: a token is valid for two days."""
    assert re.search(r"\(e-mail and https\) within two days", printed("everything")[0])


def test_addresses_of_the_starter_that_nobody_reads_are_named(tmp_path: Path) -> None:
    """https://www.rfc-editor.org/rfc/rfc2606, and 555 numbers, which belong to nobody."""
    examples = ["ops@example.com", "+15550100", "https://hooks.example.org/x"]
    real = ["ops@example.community", "+14155550100", "https://hooks.myexample.com/x"]
    config = tmp_path / "config.yaml"
    alerts = {
        "emails": [examples[0], real[0]],
        "sms": [examples[1], real[1]],
        "https": [examples[2], real[2]],
    }
    settings = {"main_region": "us-east-1", "usernames": ["alice"], "alerts": alerts}
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    (line,) = (line for line in generate(tmp_path, config).stdout.splitlines() if examples[0] in line)
    assert [address for address in examples if address in line.split(": ", 1)[1].split(", ")] == examples
    assert not [address for address in real if address in line]


def steps(tmp_path: Path, alerts: dict[str, Any], **more: Any) -> list[str]:
    """The steps of a config in us-east-1, each on one line."""
    config = tmp_path / "config.yaml"
    settings = {"main_region": "us-east-1", "usernames": ["alice"], "alerts": alerts, **more}
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    text = generate(tmp_path, config).stdout
    return [" ".join(step.replace("\\\n", " ").split()) for step in re.split(r"^\d+\. ", text, flags=re.MULTILINE)[1:]]


MAILBOX = {"emails": ["ops@corp.test"]}
OTHER_QUEUE = "arn:aws:sqs:eu-west-1:444455556666:theirs"


@pytest.mark.parametrize(
    ("alerts", "topics"),
    [
        (MAILBOX, ["break-glass-alerts"]),
        ({**MAILBOX, "fallback": ["boss@corp.test"]}, ["break-glass-alerts", "break-glass-fallback"]),
        ({"https": ["https://corp.test/x"], "fallback": ["boss@corp.test"]}, ["break-glass-fallback"]),
        ({"https": ["https://corp.test/x"], "fallback": ["https://corp.test/y"]}, []),
    ],
)
def test_a_mailbox_is_confirmed_so_that_no_link_unsubscribes_it(
    tmp_path: Path, alerts: dict[str, Any], topics: list[str]
) -> None:
    (step,) = (step for step in steps(tmp_path, alerts) if step.startswith("Confirm the subscriptions"))
    confirmed = re.findall(
        r"aws sns confirm-subscription --region us-east-1 --authenticate-on-unsubscribe true"
        r" --topic-arn arn:aws:sns:us-east-1:ACCOUNT:(\S+) --token TOKEN",
        step,
    )
    assert confirmed == topics
    assert ("between Token= and &" in step) == bool(topics)


QUEUE_OF_OTHERS = (
    "aws sqs receive-message --region eu-west-1"
    " --queue-url https://sqs.eu-west-1.amazonaws.com/444455556666/theirs --max-number-of-messages 10"
    " --query 'Messages[].Body' --output text aws sns confirm-subscription --no-sign-request --region us-east-1"
    " --topic-arn arn:aws:sns:us-east-1:{}:{} --token TOKEN"
)


@pytest.mark.parametrize(("key", "topic"), [("sqs", "break-glass-alerts"), ("fallback", "break-glass-fallback")])
def test_the_owner_of_a_queue_in_another_account_confirms_it(tmp_path: Path, key: str, topic: str) -> None:
    own = "arn:aws:sqs:us-east-1:111122223333:ours"
    of_known_account = steps(tmp_path, {**MAILBOX, key: [own, OTHER_QUEUE]}, account="111122223333")
    (step,) = (step for step in of_known_account if "SubscriptionConfirmation" in step)
    assert step.startswith("The owner of the queue theirs in account 444455556666 has to confirm its subscription")
    assert step.endswith(QUEUE_OF_OTHERS.format("111122223333", topic))

    of_unknown_account = steps(tmp_path, {**MAILBOX, key: [OTHER_QUEUE]})
    (step,) = (step for step in of_unknown_account if "SubscriptionConfirmation" in step)
    assert "unless the stack is in account 444455556666 too" in step
    assert step.endswith(QUEUE_OF_OTHERS.format("ACCOUNT", topic))


def test_a_queue_of_the_account_itself_needs_no_confirmation(tmp_path: Path) -> None:
    own = "arn:aws:sqs:us-east-1:111122223333:ours"
    assert "SubscriptionConfirmation" not in str(steps(tmp_path, {"sqs": [own]}, account="111122223333"))


def test_a_queue_in_china_has_an_address_there(tmp_path: Path) -> None:
    queue = "arn:aws-cn:sqs:cn-north-1:444455556666:theirs"
    text = str(steps(tmp_path, {"sqs": [queue]}, main_region="cn-north-1"))
    assert "--queue-url https://sqs.cn-north-1.amazonaws.com.cn/444455556666/theirs" in text


@pytest.mark.parametrize(
    ("settings", "reader"),
    [
        ({}, "Whoever deploys needs secretsmanager:GetSecretValue"),
        ({"deployer": True}, "The role break-glass-cloudformation may read them"),
    ],
)
def test_the_passwords_of_subscribers_exist_first(tmp_path: Path, settings: dict[str, Any], reader: str) -> None:
    address = "https://user:{{resolve:secretsmanager:prod/hook:SecretString:password}}@corp.test/x"
    told = steps(tmp_path, {"https": [address], "fallback": [address]}, **settings)
    (step,) = (step for step in told if "Secrets Manager" in step)
    assert step.startswith("Create the secrets in Secrets Manager in us-east-1: prod/hook In a password")
    assert reader in step
    deploys = next(index for index, text in enumerate(told) if "aws cloudformation deploy" in text)
    assert told.index(step) < deploys


@pytest.mark.parametrize(
    ("settings", "unwatched", "said"),
    [
        ({}, "af-south-1 ap-east-1", "Neither RoleAssumed nor anything else alerts there"),
        ({"regions": ["eu-west-1"]}, "af-south-1 ap-east-1", "or set role.trust.only_covered_regions: true"),
        ({"role": {"trust": {"only_covered_regions": True}}}, "af-south-1", "Nobody can assume the role there"),
        ({"main_region": "us-gov-west-1", "regions": []}, "us-gov-east-1", "Neither RoleAssumed"),
    ],
)
def test_regions_that_are_not_watched_are_listed(
    tmp_path: Path, settings: dict[str, Any], unwatched: str, said: str
) -> None:
    (step,) = steps_about("they are not watched", tmp_path, settings)
    assert f"       {unwatched}" in step
    assert said in step


def test_where_every_region_is_watched_none_is_listed(tmp_path: Path) -> None:
    assert steps_about("they are not watched", tmp_path, {"main_region": "cn-north-1"}) == []


DRILLS: dict[str, tuple[dict[str, Any], str]] = {
    "a user with MFA": ({}, " --mfa-serial arn:aws:iam::ACCOUNT:mfa/YOUR-MFA-DEVICE"),
    "a permission set": ({"usernames": [], "role": {"permission_set": "BreakGlass"}}, " --knock --role-arn ROLE-ARN"),
}


@pytest.mark.parametrize(("settings", "options"), DRILLS.values(), ids=DRILLS)
def test_the_last_step_is_a_drill_that_this_config_allows(
    tmp_path: Path, settings: dict[str, Any], options: str
) -> None:
    (step,) = steps_about("Be ready", tmp_path, {"alerts": MAILBOX, **settings})
    assert step.strip() == (
        "Be ready: print what to do in an emergency, and each quarter prove that the alerts of every region arrive.\n"
        f"     cfn-breakglass runbook\n     cfn-breakglass drill{options} --output receipts"
    )


def test_without_a_log_there_is_no_drill(tmp_path: Path) -> None:
    (step,) = steps_about("Be ready", tmp_path, {"alerts": {**MAILBOX, "log": False}})
    assert step.strip() == "Be ready: print what to do in an emergency.\n     cfn-breakglass runbook"


def test_a_role_that_exists_has_no_trust_of_ours(tmp_path: Path) -> None:
    (step,) = steps_about("they are not watched", tmp_path, {"role": {"existing": "Emergency"}})
    assert "only_covered_regions" not in step


def steps_about(words: str, folder: Path, settings: dict[str, Any]) -> list[str]:
    """The numbered steps with these words."""
    config = folder / "breakglass.yaml"
    config.write_text(yaml.safe_dump({"main_region": "us-east-1", "usernames": ["alice"], **settings}))
    steps = re.split(r"^[0-9]+\. ", generate(folder, config).stdout, flags=re.MULTILINE)
    return [step for step in steps if words in step]


def test_a_group_gets_the_policy_where_the_users_are_known_by_a_tag() -> None:
    attached = command("users-by-tag", "attach-group-policy")
    assert attached["policy-arn"] == ["arn:aws:iam::ACCOUNT:policy/break-glass-grant"]


@every_case
def test_the_guard_is_made_an_scp(case: str) -> None:
    made = command(case, "create-policy")
    assert made["type"] == ["SERVICE_CONTROL_POLICY"]
    assert made["content"] == ["file://templates/guard-scp.json"]


def test_a_person_lets_aws_into_each_workspace_and_team_once(tmp_path: Path) -> None:
    team = "1a2b3c4d-12ab-34cd-56ef-1234567890ab"
    channels = [{"workspace": "T07EA123LEP", "channel": channel} for channel in ("C07EZ1ABC23", "C08FA2BCD34")]
    teams = [{"tenant": team, "team": team, "channel": "19%3A0123456789abcdef%40thread.tacv2"}]
    settings = {"main_region": "us-east-1", "usernames": ["alice"], "alerts": {"slack": channels, "teams": teams}}
    config = tmp_path / "chat.yaml"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    folder = tmp_path / "work"
    folder.mkdir()
    text = generate(folder, config).stdout
    assert text.count("Slack, workspace T07EA123LEP") == text.count(f"Microsoft Teams, team {team}") == 1
    assert text.index("let AWS post in the chat") < text.index("Create stack")
    assert "/invite @Amazon Q" in text
