"""What the pages say is so: commands run, tables and outputs are the product's, links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from botocore.model import OperationModel, StructureShape
from manual import (
    MANUAL,
    PAGES,
    TABLES,
    Block,
    blocks,
    commands,
    inline_codes,
    inline_commands,
    name_of,
    prose,
    read,
    runs,
    table_rows,
    with_outputs,
    with_tables,
)
from paths import GOLDEN, ROOT

import cfn_breakglass
from cfn_breakglass import config_of
from cfn_breakglass.cli.app import cli
from cfn_breakglass.config.message_fields import FIELDS
from cfn_breakglass.config.model import DETECTIONS, config_keys

every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


@every_page
def test_the_tables_are_those_of_the_product(page: Path) -> None:
    assert with_tables(read(page)) == read(page), "make golden"


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_on_one_page(table: str) -> None:
    assert len([page for page in PAGES if f"<!-- {table} -->" in read(page)]) == 1


@every_page
def test_the_commands_run_and_print_what_the_page_says(page: Path) -> None:
    """In one test, so that no process runs them again."""
    for run in runs(read(page)):
        assert run.result.exit_code == run.exit_code, f"{run.command}: {run.result.output}"
    assert with_outputs(read(page)) == read(page), "make golden"


def test_every_command_is_shown() -> None:
    shown = [command for page in MANUAL for command in (*commands(read(page)), *inline_commands(read(page)))]
    names = {command.split()[1] for command in shown if command.startswith("cfn-breakglass ")}
    assert names == set(cli.list_commands(None))  # type: ignore[arg-type]  # it asks nothing of the context


@every_page
def test_a_console_block_holds_commands_of_ours(page: Path) -> None:
    for command in commands(read(page)):
        assert command.startswith(("cfn-breakglass ", "make ", "pip install ")), command


@every_page
def test_make_knows_the_targets(page: Path) -> None:
    text = read(page)
    targets = [code for code in [*commands(text), *inline_codes(text)] if re.fullmatch(r"make [a-z-]+", code)]
    for command in targets:
        done = subprocess.run(
            [*shlex.split(command), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"


def of_language(language: str) -> list[Any]:
    return [
        pytest.param(block, id=f"{name_of(page)}:{read(page).count(chr(10), 0, block.start)}")
        for page in PAGES
        for block in blocks(read(page))
        if block.language == language
    ]


@pytest.mark.parametrize("block", of_language("yaml"))
def test_the_yaml_is_config(block: Block) -> None:
    settings = yaml.safe_load(block.text)
    if block.note == "refused":
        with pytest.raises(cfn_breakglass.ConfigError):
            config_of(settings)
    elif not block.note.startswith("file "):
        usernames = {} if settings.get("role", {}).keys() & {"existing", "permission_set"} else {"usernames": ["alice"]}
        assert config_of({"main_region": "us-east-1", **usernames, **settings})


@pytest.mark.parametrize("block", of_language("python"))
def test_the_python_runs(block: Block, capsys: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, Any] = {}
    exec(block.text, namespace)  # noqa: S102 - it is ours
    printed = yaml.safe_load(capsys.readouterr().out)
    types = {resource["Type"] for resource in printed["Resources"].values()}
    assert {"AWS::IAM::Role", "AWS::SNS::Topic", "AWS::Logs::LogGroup", "AWS::Events::Rule"} <= types
    assert list(namespace["alone"].resources) == ["Role", "RoleGrant"]


# Commands that the AWS CLI has beside the API's, and its options for every command.
CLI_ONLY = {("cloudformation", "deploy"), ("s3", "sync"), ("configure", "sso"), ("sso", "login"), ("sso", "logout")}
GLOBAL_OPTIONS = {"region", "profile", "query", "output"}


@cache
def operations(service: str) -> dict[str, OperationModel]:
    model = botocore.session.get_session().get_service_model(service)
    return {botocore.xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}


@pytest.mark.parametrize("block", of_language("sh"))
def test_the_aws_cli_has_the_commands(block: Block) -> None:
    for line in block.lines:
        aws, service, operation, *words = shlex.split(line)
        assert aws == "aws", line
        if (service, operation) in CLI_ONLY:
            continue
        shape = operations(service)[operation].input_shape
        assert isinstance(shape, StructureShape) or shape is None
        members = {botocore.xform_name(name, "-"): name for name in (shape.members if shape else ())}
        options = {word.removeprefix("--") for word in words if word.startswith("--")} - GLOBAL_OPTIONS
        known = {option if option in members else option.removeprefix("no-") for option in options}
        assert known <= members.keys(), line
        required = shape.required_members if shape else []
        assert set(required) <= {members[option] for option in known} | {"OperationId"}, line


@pytest.mark.parametrize("page", MANUAL, ids=name_of)
def test_the_settings_exist(page: Path) -> None:
    sections = {key.partition(".")[0] for key in config_keys()}
    keys = {*config_keys(), *(f"detections.{detection}" for detection in DETECTIONS)}
    for code in inline_codes(read(page)):
        setting = code.partition(":")[0]
        if re.fullmatch(r"[a-z_]+(\.(?!yaml)\w+)+", setting) and setting.partition(".")[0] in sections:
            assert setting in keys, code


@cache
def product() -> str:
    """All text in which a name of the product can stand: its code, and what it makes."""
    files = [*(ROOT / "cfn_breakglass").rglob("*.py"), *GOLDEN.glob("*/*.yaml"), *GOLDEN.glob("*/*.json")]
    return "\n".join(map(read, files))


# Names of AWS that the product has no reason to spell.
OF_AWS = {"ConfirmationWasAuthenticated", "RoleSessionName", "SessionDuration", "SetAlias", "CreateStackRefactor"}
OF_CDK = {"BreakGlassRole", "BreakGlassLoginAlert", "BreakGlassLogActions", "BreakGlassDeployer"}


@pytest.mark.parametrize("page", MANUAL, ids=name_of)
def test_the_names_are_those_of_the_product(page: Path) -> None:
    for code in inline_codes(read(page)):
        if re.fullmatch(r"([A-Z][a-z]+){2,}", code) and code not in OF_AWS | OF_CDK:
            assert re.search(rf"\b{code}\b", product()), code


@pytest.mark.parametrize("page", MANUAL, ids=name_of)
def test_the_alarms_are_those_of_the_templates(page: Path) -> None:
    for alarm in re.findall(r"<name>(-failing-[a-z]+(?:-[a-z]+)*)", read(page)):
        assert re.search(rf"\bbreak-glass{alarm}\b", product()), alarm


def test_the_files_are_those_that_a_config_can_make() -> None:
    table = {row[0].strip("`") for row in table_rows(read(ROOT / "docs" / "deploy.md"), "files")}
    made = {path.name for path in GOLDEN.glob("*/*") if path.suffix in (".yaml", ".json")} - {"breakglass.yaml"}
    assert table == made


def test_the_properties_of_the_construct_have_settings() -> None:
    rows = table_rows(read(ROOT / "docs" / "from-cdk.md"), "props")
    for construct, ours, _ in rows:
        for setting in ours.split(", "):
            assert setting.strip("`") in config_keys(), construct
    fields = {"username", "principal", "account", "eventTime", "region", "eventId", "requestId", "ip", "userAgent"}
    assert fields | {"result"} <= FIELDS.keys()


def test_the_constructs_have_functions() -> None:
    for construct, ours in table_rows(read(ROOT / "docs" / "from-cdk.md"), "constructs"):
        assert ours.split("`")[1] in cfn_breakglass.__all__, construct


def anchors(text: str) -> set[str]:
    """The headings of a page as GitHub makes anchors of them."""
    counts: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.add(f"{anchor}-{counts[anchor]}" if counts[anchor] else anchor)
        counts[anchor] += 1
    return found


@every_page
def test_the_links_lead_somewhere(page: Path) -> None:
    text = prose(read(page))
    labels = dict(re.findall(r"^\[([\w-]+)\]: (\S+)$", text, re.MULTILINE))
    assert set(re.findall(r"\]\[([\w-]+)\]", text)) == labels.keys()
    for target in [*labels.values(), *re.findall(r"\]\(([^)]+)\)", text)]:
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        aim = (page.parent / path).resolve() if path else page
        assert aim.exists(), target
        assert aim.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors(read(aim)), target


@every_page
def test_no_inline_code_goes_over_the_end_of_a_line(page: Path) -> None:
    assert [line for line in prose(read(page)).splitlines() if line.count("`") % 2] == []


@every_page
def test_it_is_english_of_today(page: Path) -> None:
    text = " ".join(prose(read(page)).split())
    for words in ("take the role on", "takes the role on", "taken on", "took the role on", "way back in", "tells of"):
        assert words not in re.sub(rf"<!-- ({'|'.join(TABLES)}) -->.*?<!-- end -->", "", text), words


@pytest.mark.parametrize("detection", DETECTIONS)
def test_the_changelog_says_when_a_detection_came(detection: str) -> None:
    assert re.search(rf"\b{detection}\b", read(ROOT / "CHANGELOG.md"))


def test_the_changelog_knows_this_version() -> None:
    changelog = read(ROOT / "CHANGELOG.md")
    versions = re.findall(r"^## \[(.+?)\]", changelog, re.MULTILINE)
    assert versions[0] == "Unreleased"
    # Until it is released, a version is named in the section of what is to come.
    section = changelog.partition("## [Unreleased]")[2].partition("\n## ")[0]
    assert cfn_breakglass.__version__ in versions or cfn_breakglass.__version__ in section
