"""The command line, as a user meets it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from paths import EVENTS, GOLDEN, TEMPLATES
from template_data import read_yaml

from cfn_breakglass import __version__
from cfn_breakglass.cli.app import cli
from cfn_breakglass.config.json_schema import alert_schema_text
from cfn_breakglass.config.model import DETECTIONS

CONFIG = """\
main_region: us-east-1
regions: [eu-west-1, ap-south-1]
usernames: [alice]
role: {managed_policies: [ReadOnlyAccess]}
alerts: {emails: [ops@example.com], fallback: [oncall@example.com]}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return iter([tmp_path])


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), prog_name="cfn-breakglass")


def with_config(text: str = CONFIG) -> None:
    Path("breakglass.yaml").write_text(text, encoding="utf-8")


def test_init_then_generate_then_validate() -> None:
    assert run("init").exit_code == 0
    assert sorted(path.name for path in Path().iterdir()) == [".breakglass.schema.json", "breakglass.yaml"]
    first = Path("breakglass.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=.breakglass.schema.json"
    generated = run("generate")
    assert (generated.exit_code, generated.stderr) == (0, "")
    validated = run("validate")
    assert validated.exit_code == 0
    assert validated.stdout == (
        "templates/main-region.yaml: 0 problems in 1 region\n"
        "templates/stackset.yaml: 0 problems in 16 regions\n"
        "templates/guard-scp.json: 0 problems\n"
    )


def test_init_does_not_overwrite_a_config() -> None:
    with_config()
    failed = run("init")
    assert failed.exit_code == 2
    assert "the file exists already" in failed.stderr
    assert Path("breakglass.yaml").read_text(encoding="utf-8") == CONFIG


def test_generate_prints_next_steps_with_the_regions_of_the_config() -> None:
    with_config()
    printed = run("generate").stdout
    assert printed.startswith(
        "Wrote templates/main-region.yaml, templates/stackset.yaml and templates/guard-scp.json.\n"
    )
    assert "aws cloudformation deploy --region us-east-1 --stack-name break-glass" in printed
    assert re.search(r"create-stack-instances(.|\n)*--regions \\\n +ap-south-1 eu-west-1\n", printed)
    assert "Confirm the subscriptions (e-mail) within two days" in printed


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("alerts: {sqs: ['arn:aws:sqs:us-east-1:111122223333:q']}", "Let SNS send to the queues"),
        ("alerts: {https: ['https://x.example.com/y']}", "Confirm the subscriptions (https)"),
        (
            "event_bus: {forwarder_role: 'arn:aws:iam::111122223333:role/F'}",
            "on all of these in us-east-1:\n     event bus break-glass\n     event bus break-glass-actions\n",
        ),
        ("regions: ['*', af-south-1]", "also has to trust:\n     cloudformation.af-south-1.amazonaws.com\n"),
        ("regions: []", "with the STS of us-east-1, and see that /aws/events/break-glass/login has it."),
        (
            "alerts: {emails: [a@example.com]}",
            "aws sts get-caller-identity --profile break-glass --region ap-northeast-1",
        ),
        ("", "exempts NOBODY: protection.exempt is empty"),
        ("protection: {exempt: ['arn:aws:iam::*:role/Deployer']}", "and exempts protection.exempt.\n"),
        ("regions: []", "   To be able to update it, exempt whoever deploys these templates.\n"),
        ("", "exempt whoever deploys these templates and the role AWSCloudFormationStackSetExecutionRole.\n"),
        ("deployer: true", "and exempts the deployer.\n   To end the sessions"),
        (
            "",
            "the roles AWSCloudFormationStackSetAdministrationRole\n   and AWSCloudFormationStackSetExecutionRole",
        ),
        ("alerts: {sms: ['+442071838750'], message: x}", "SMS sandbox"),
        ("alerts: {emails: [a@example.com]}", "these examples; replace them in the config: a@example.com"),
        ("alerts: {emails: [a@example.com]}", "Expect a few alerts of MonitoringTampered: about your own calls"),
        (
            "role: {trust: {source_identity: true}}",
            "   Use the command in the outputs of the stack, with --region ap-north",
        ),
    ],
    ids=[
        "sqs",
        "https",
        "forwarder role",
        "opt-in region",
        "one region",
        "a test in another region",
        "nobody exempt",
        "exempt",
        "exempt in one region",
        "exempt in more",
        "the deployer",
        "the roles of StackSets",
        "phones",
        "examples",
        "few alerts",
        "a command",
    ],
)
def test_generate_prints_the_steps_that_cloudformation_cannot_do(more: str, expected: str) -> None:
    with_config(f"main_region: us-east-1\nusernames: [alice]\n{more}\n")
    assert expected in run("generate").stdout


def test_without_regions_no_step_is_about_a_stack_set_or_a_forwarder_role() -> None:
    forwarder = "event_bus: {forwarder_role: 'arn:aws:iam::111122223333:role/F'}"
    with_config(f"main_region: us-east-1\nregions: []\nusernames: [alice]\n{forwarder}\n")
    done = run("generate")
    assert "stack-set" not in done.stdout
    assert "role/F" not in done.stdout
    assert "event_bus: it is not used" in done.stderr


WARNINGS = {
    "no permissions": ("", "it gets AdministratorAccess"),
    "no us-east-1": ("regions: [eu-west-2]", "us-east-1 is not watched"),
    "no subscriber": ("", "detections are only logged"),
    "no subscriber, no log": (
        "alerts: {log: false}\nactions: {log: none}",
        "no subscriber and no log, so nothing is watched",
    ),
    "no detection": (f"detections: {dict.fromkeys(DETECTIONS, 'off')}", "all are off, so nothing is watched"),
    "a detection without a log": (
        (
            "alerts: {log: false, emails: [a@example.com]}\n"
            f"detections: {dict.fromkeys(DETECTIONS, 'off') | {'RoleAssumed': 'alert', 'RoleDenied': 'log'}}"
        ),
        "no subscriber and no log for RoleDenied, so they are not watched",
    ),
    "detections without a log": (
        "alerts: {log: false}",
        "MonitoringTampered, DeliveryFailing, so they are not watched",
    ),
    "long text messages": ("alerts: {sms: ['+15550100']}", "may be too long for a text message"),
}


@pytest.mark.parametrize(("more", "expected"), WARNINGS.values(), ids=WARNINGS)
def test_generate_warns(more: str, expected: str) -> None:
    with_config(f"main_region: eu-west-1\nusernames: [alice]\n{more}\n")
    generated = run("generate")
    assert generated.exit_code == 0
    assert expected in generated.stderr
    assert expected not in generated.stdout


def test_generate_does_not_always_warn() -> None:
    with_config()
    assert run("generate").stderr == ""


def test_generate_writes_the_same_bytes_again_and_json_on_demand() -> None:
    with_config()
    run("generate")
    before = {path: path.read_bytes() for path in Path("templates").iterdir()}
    run("generate")
    assert before == {path: path.read_bytes() for path in Path("templates").iterdir()}
    run("generate", "--format", "json", "--output", "other")
    assert json.loads(Path("other/stackset.json").read_text(encoding="utf-8")) == read_yaml(
        Path("templates/stackset.yaml").read_text(encoding="utf-8")
    )


def test_init_prints_the_command_to_generate_with_the_same_config() -> None:
    printed = run("init", "--config", "of ours.yaml").stdout
    assert printed.endswith("Edit of ours.yaml, then run: cfn-breakglass generate --config 'of ours.yaml'\n")


@pytest.mark.parametrize(("first", "then"), [("yaml", "json"), ("json", "yaml")])
@pytest.mark.parametrize("check", [False, True], ids=["written", "checked"])
def test_generate_notes_templates_in_the_other_format(first: str, then: str, *, check: bool) -> None:
    with_config()
    assert run("generate", "--format", first).stderr == ""
    if check:
        run("generate", "--format", then)
    generated = run("generate", "--format", then, *(["--check"] if check else []))
    assert generated.exit_code == 0
    assert generated.stderr.splitlines() == [
        f"note: templates/{name}.{first} exists too, perhaps from an older config;"
        f" delete it if templates/{name}.{then} replaces it"
        for name in ("main-region", "stackset")
    ]
    assert len(list(Path("templates").iterdir())) == 5, "the SCP is JSON in either format"


@pytest.mark.parametrize("command", ["trust", "simulate history", "diagram"])
def test_two_templates_of_one_name_are_an_error(command: str) -> None:
    with_config()
    run("generate")
    run("generate", "--format", "json")
    Path("history").mkdir()
    failed = run(*command.split())
    assert failed.exit_code == 2
    assert failed.stderr == (
        "templates/main-region.yaml: main-region.json exists too\n  delete the one that is not deployed\n"
    )


MINIMAL = "usernames: [alice]\nmain_region: us-east-1\nalerts: {emails: [a@b.co]}\n"
ALL_OFF = ", ".join(f"{detection}: off" for detection in DETECTIONS)
TEST_STEP = "Test it: assume the role once, with the STS of ap-northeast-1, and see that "


@pytest.mark.parametrize(
    ("detections", "steps"),
    [
        ("RoleAssumed: alert", ["Confirm", f"{TEST_STEP}the alert arrives"]),
        ("RoleAssumed: log", ["Confirm", f"{TEST_STEP}/aws/events/break-glass/login has it"]),
        (ALL_OFF.replace("RoleChained: off", "RoleChained: alert"), ["Confirm"]),
        (ALL_OFF, []),
    ],
    ids=["alert", "log", "another detection", "no detection"],
)
def test_next_steps_are_about_alerts_that_the_templates_have(detections: str, steps: list[str]) -> None:
    Path("breakglass.yaml").write_text(f"{MINIMAL}detections: {{{detections}}}\n", encoding="utf-8")
    sentences = [line.partition(". ")[2] for line in run("generate").stdout.splitlines()]
    printed = [line for line in sentences if line.startswith(("Confirm", "Test it"))]
    assert [line.startswith(step) for line, step in zip(printed, steps, strict=True)] == [True] * len(steps)


WEAK = {
    "the role is exempt": ("protection: {exempt: ['arn:aws:iam::*:role/*']}", "exempts the break-glass role itself"),
    "the role is exempt by name": (
        "protection: {exempt: ['arn:aws:iam::*:role/break-glass']}",
        "arn:aws:iam::*:role/break-glass exempts the break-glass role itself",
    ),
    "no MFA": ("role: {trust: {mfa: false}}", "everybody who has an access key of one of the users"),
    "all is off": (f"detections: {{{ALL_OFF}}}", "detections: all are off"),
}


@pytest.mark.parametrize(("more", "warning"), WEAK.values(), ids=WEAK)
def test_generate_warns_only_of_a_setting_that_weakens_the_monitoring(more: str, warning: str) -> None:
    Path("breakglass.yaml").write_text(f"{MINIMAL}{more}\n", encoding="utf-8")
    assert warning in run("generate").stderr
    Path("breakglass.yaml").write_text(MINIMAL, encoding="utf-8")
    assert warning not in run("generate").stderr


def test_a_full_disk_gets_no_traceback() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        command = [sys.executable, "-m", "cfn_breakglass", "schema"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "standard output: No space left on device; the output is incomplete\n"


def test_a_link_stays_a_link_and_a_pipe_is_not_replaced() -> None:
    with_config()
    run("generate")
    Path("other").mkdir()
    Path("other/drawing").write_text("", encoding="utf-8")
    Path("drawing.svg").symlink_to("other/drawing")
    assert run("diagram", "--output", "drawing.svg").exit_code == 0
    assert Path("drawing.svg").is_symlink()
    assert "<svg" in Path("other/drawing").read_text(encoding="utf-8")
    os.mkfifo("pipe")
    failed = run("diagram", "--output", "pipe")
    assert (failed.exit_code, failed.stderr) == (2, ".: cannot write pipe: it is no file\n  nothing was changed\n")
    assert Path("pipe").is_fifo()


@pytest.mark.parametrize("blocked", ["templates", "templates/stackset.yaml/x", "templates/guard-scp.json/x"])
def test_generate_writes_nothing_when_it_cannot_write_everything(blocked: str) -> None:
    with_config()
    path = Path(blocked)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("in the way", encoding="utf-8")
    before = sorted(Path().rglob("*"))
    failed = run("generate")
    assert failed.exit_code == 2
    assert "cannot write" in failed.stderr
    assert "nothing was changed" in failed.stderr
    assert sorted(Path().rglob("*")) == before


def test_validate_prints_file_line_and_problem() -> None:
    with_config()
    run("generate")
    path = Path("templates/stackset.yaml")
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", "ON", 1).replace(
            "- {suffix: {equals", "- {sufix: {equals"
        ),
        encoding="utf-8",
    )
    validated = run("validate")
    assert validated.exit_code == 1
    assert re.search(r"^templates/stackset.yaml: line \d+: .*ENABLED.* \[E30\d\d\]$", validated.stdout, re.MULTILINE)
    assert re.search(r"^templates/stackset.yaml: line \d+: ForwardAssume: ", validated.stdout, re.MULTILINE)
    assert "templates/main-region.yaml: 0 problems in 1 region\n" in validated.stdout


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("none.yaml", "", "there is no such file"),
        ("main-region.yaml", "a: [", "not a template"),
        ("main-region.yaml", "Resources: {A: {Type: 'AWS::SNS::Topic'}}", "does not say which regions"),
    ],
    ids=["missing", "not YAML", "not ours"],
)
def test_validate_cannot_tell(name: str, text: str, expected: str) -> None:
    Path("templates").mkdir()
    Path("templates", name).write_text(text, encoding="utf-8")
    failed = run("validate")
    assert failed.exit_code == 2
    assert expected in failed.stderr


def test_validate_looks_at_no_template_that_goes_nowhere() -> None:
    with_config("main_region: us-east-1\nregions: []\nusernames: [alice]\n")
    run("generate")
    assert run("validate").stdout == (
        "templates/main-region.yaml: 0 problems in 1 region\n"
        "templates/stackset.yaml: deployed to no region, so there was nothing to check\n"
        "templates/guard-scp.json: 0 problems\n"
    )


def test_schema_prints_that_of_an_alert_too() -> None:
    assert run("schema", "--alert").stdout == alert_schema_text()


def test_schema_and_init_have_the_same_schema() -> None:
    run("init")
    assert run("schema").stdout == Path(".breakglass.schema.json").read_text(encoding="utf-8")


def test_diagram_prints_and_writes() -> None:
    with_config()
    run("generate")
    printed = run("diagram")
    assert printed.stdout.startswith("<?xml") or printed.stdout.startswith("<svg")
    assert run("diagram", "--format", "mermaid").stdout.startswith("flowchart")
    wrote = run("diagram", "--output", "pictures/role.svg")
    assert wrote.stdout == "Wrote pictures/role.svg.\n"
    assert Path("pictures/role.svg").read_text(encoding="utf-8") == printed.stdout
    assert run("diagram", "--templates", "nowhere").exit_code == 2


def test_version() -> None:
    assert run("--version").stdout == f"cfn-breakglass {__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    printed = run("completion", shell)
    assert printed.exit_code == 0
    assert "_CFN_BREAKGLASS_COMPLETE" in printed.stdout


def test_completion_completes() -> None:
    words = {"COMP_WORDS": "cfn-breakglass gen", "COMP_CWORD": "1", "_CFN_BREAKGLASS_COMPLETE": "bash_complete"}
    command = "from cfn_breakglass.cli.app import main; main()"
    done = subprocess.run([sys.executable, "-c", command], env=words, capture_output=True, text=True, check=True)
    assert done.stdout == "plain,generate\n"


BUILDING = ["troposphere", "awacs", "cfn_breakglass.templates", "cfn_breakglass.config"]
READING = ["cfn_breakglass.analysis", "msgspec"]
OTHERS = ["boto3", "rich", "drawsvg", "cfnlint"]
NOT_IMPORTED = {
    "--help": [*BUILDING, *READING, *OTHERS, "yaml"],
    "init": [*READING, *OTHERS],
    "generate": [*READING, *OTHERS, "importlib.resources"],
    "generate --check": [*READING, *OTHERS],
    "simulate --explain record.json": [*BUILDING, *OTHERS],
    "trust": [*BUILDING, "msgspec", *OTHERS],
    "trust --user alice --mfa": [*BUILDING, "msgspec", *OTHERS],
    "diagram --format mermaid": [*BUILDING, *OTHERS],
    "validate": [*BUILDING, "boto3", "rich", "drawsvg"],
}


@pytest.mark.parametrize(("command", "not_imported"), NOT_IMPORTED.items(), ids=NOT_IMPORTED)
def test_a_command_imports_only_modules_that_it_uses(command: str, not_imported: list[str]) -> None:
    script = (
        "import sys; from click.testing import CliRunner; from cfn_breakglass.cli.app import cli;"
        f"done = CliRunner().invoke(cli, {command.split()}); assert done.exit_code in (0, 1), done.output;"
        f"print([module for module in {not_imported} if module in sys.modules])"
    )
    if command != "init":
        with_config()
        run("generate")
    sample = EVENTS / "RoleAssumed" / "silent-refused.json"
    Path("record.json").write_bytes(sample.read_bytes())
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_config_with_everything_on_is_near_no_limit_that_has_to_be_measured() -> None:
    everything = GOLDEN / "everything" / "breakglass.yaml"
    script = (
        f"import sys; from cfn_breakglass import load_config, output_files; from pathlib import Path;"
        f"output_files(load_config(Path({str(everything)!r}))[0]);"
        f"print([module for module in {READING} if module in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_closed_pipe_is_neither_yes_nor_no(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text('{"eventSource": "x"}\n' * 50_000, encoding="utf-8")
    command: list[str | Path] = [sys.executable, "-m", "cfn_breakglass", "simulate", "--json", "--templates", TEMPLATES]
    with subprocess.Popen([*command, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as simulating:
        assert simulating.stdout
        assert simulating.stderr
        simulating.stdout.readline()
        simulating.stdout.close()
        assert simulating.wait(60) == 2
        assert b"Traceback" not in simulating.stderr.read()


def test_a_bug_is_neither_yes_nor_no() -> None:
    broken = "import cfn_breakglass.cli.app as it; it.cli = lambda **_: 1 / 0; it.main()"
    done = subprocess.run([sys.executable, "-c", broken], capture_output=True, text=True, check=False)
    assert (done.returncode, "ZeroDivisionError" in done.stderr) == (2, True)
