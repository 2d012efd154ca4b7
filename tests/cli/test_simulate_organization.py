"""The command ``simulate`` on the folder of an organization's trail: the hub and the other accounts at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from organization_samples import HUB, ORGANIZATION
from samples import ACCOUNT, RAISES, text_of, title

from cfn_breakglass.cli.app import cli
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.generation.files import write_files
from cfn_breakglass.generation.generate import output_files

ASSUMED = next(sample for sample in RAISES if title(sample) == "RoleAssumed/raises-user-of-the-same-account")
# Nothing is known of the last account: it may be the management account, or in no unit.
ACCOUNTS = {ACCOUNT: "eu-west-1", HUB: "us-east-1", "555555555555": "us-west-2"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The templates of an organization, and in ``history`` what its trail recorded in three accounts."""
    write_files(tmp_path / "templates", output_files(config_of(ORGANIZATION)))
    for account, region in ACCOUNTS.items():
        day = tmp_path.joinpath("history", "AWSLogs", "o-a1b2c3d4e5", account, "CloudTrail", region, "2025", "03", "14")
        record = json.loads(text_of(ASSUMED).replace(ACCOUNT, account)) | {"awsRegion": region}
        day.mkdir(parents=True)
        (day / "log.json").write_text(json.dumps({"Records": [record]}), encoding="utf-8")
    return tmp_path


def simulate(folder: Path, *options: str) -> Result:
    arguments = ["simulate", str(folder / "history"), "--templates", str(folder / "templates"), *options]
    return CliRunner().invoke(cli, arguments, prog_name="cfn-breakglass", catch_exceptions=False)


def test_each_alert_has_its_account_and_goes_to_the_hub(folder: Path) -> None:
    result = simulate(folder)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    heads = [line.partition("  (")[0] for line in lines if line.startswith("2025-")]
    assert sorted(heads) == sorted(
        f"2025-03-14T03:07:12Z  {account}  {region}  alice  AssumeRole" for account, region in ACCOUNTS.items()
    )
    topic = f"    topic arn:aws:sns:us-east-1:{HUB}:break-glass-alerts, to email ops@example.com"
    assert sum(line.startswith(topic) for line in lines) == len(ACCOUNTS)
    assert "3 records read, 3 alerts" in lines


def test_json_has_the_account_of_the_record(folder: Path) -> None:
    lines = map(json.loads, simulate(folder, "--json", "--jobs", "2").stdout.splitlines())
    alerts = [line for line in lines if line.get("kind") == "topic"]
    assert {(line["account"], line["region"], json.loads(line["message"])["account"]) for line in alerts} == {
        (account, region, account) for account, region in ACCOUNTS.items()
    }


def test_a_template_that_is_missing(folder: Path) -> None:
    (folder / "templates" / "accounts.yaml").unlink()
    result = simulate(folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{folder}/templates/accounts.yaml: there is no such file\n")
