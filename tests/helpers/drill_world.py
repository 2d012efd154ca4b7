"""An account within moto, with our templates and a user, in which drills run by the command line."""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError
from click.testing import CliRunner, Result
from cloudtrail_proxy import MOTO, CloudTrailProxy, proxy
from moto_aws import Aws, account
from samples import ACCOUNT

from cfn_breakglass.cli.app import cli
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.generation.generate import output_files

MAIN: Final = "us-east-1"
OTHERS: Final = ("ap-south-1", "eu-central-1", "eu-west-1", "sa-east-1")
REGIONS: Final = (MAIN, *OTHERS)
LOGIN_LOG: Final = "/aws/events/break-glass/login"
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/break-glass"
SETTINGS: Final[dict[str, Any]] = {
    "main_region": MAIN,
    "regions": list(OTHERS),
    "usernames": ["alice"],
    "alerts": {"emails": ["ops@example.com"], "fallback": ["oncall@example.com"]},
}
FEW: Final = ("ap-south-1", "eu-west-1")
FEW_SETTINGS: Final[dict[str, Any]] = {**SETTINGS, "regions": list(FEW)}
"""Regions enough for most tests, and quicker."""
NO_TIME: Final = "0"
"""Minutes to wait for the log: what happens here is in it before AWS answers."""


@dataclass
class World:
    """The account, what stands between it and a drill, the folder with the config, and the keys of its user."""

    aws: Aws
    proxy: CloudTrailProxy
    folder: Path
    keys: dict[str, str]

    @property
    def environment(self) -> dict[str, str | None]:
        """The environment of a caller, who has nothing else of AWS."""
        return {
            "AWS_ENDPOINT_URL": self.proxy.url,
            "AWS_ACCESS_KEY_ID": self.keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": self.keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": None,
            "AWS_PROFILE": None,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def output(self) -> Path:
        return self.folder / "receipts"

    def arguments(self, *arguments: str) -> list[str]:
        config = str(self.folder / "breakglass.yaml")
        return ["drill", "--config", config, "--output", str(self.output), "--timeout", NO_TIME, *arguments]

    def drill(self, *arguments: str, answer: str | None = None, **environment: str) -> Result:
        """Run the command; ``answer`` is what standard input has."""
        runner = CliRunner(env={**self.environment, **environment})
        return runner.invoke(cli, self.arguments(*arguments), prog_name="cfn-breakglass", input=answer)

    def receipt(self) -> dict[str, Any]:
        """The only receipt there is."""
        (file,) = self.output.glob("*.json")
        receipt: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return receipt

    def requests(self) -> dict[str, dict[str, Any]]:
        """Region -> request, of the only receipt there is."""
        return {request["region"]: request for request in self.receipt()["requests"]}


def record(aws: Aws, region: str, event: dict[str, Any]) -> None:
    """Put an event of CloudTrail where our rules put it, if that of its region is on.

    moto loses the region and the account of what is forwarded.
    """
    rule = aws.client("events", region).describe_rule(Name="break-glass.Assume")
    if rule["State"] == "DISABLED":
        return
    logs = aws.client("logs")
    with suppress(ClientError):
        logs.create_log_stream(logGroupName=LOGIN_LOG, logStreamName="events")
    message = json.dumps({"account": ACCOUNT, "region": region, "source": "aws.sts", "detail": event})
    entry = {"timestamp": int(time.time() * 1000), "message": message}
    logs.put_log_events(logGroupName=LOGIN_LOG, logStreamName="events", logEvents=[entry])


@contextmanager
def deployed(settings: dict[str, Any] = FEW_SETTINGS) -> Iterator[tuple[Aws, dict[str, str]]]:
    """An account with the templates of the settings, and the keys of the user alice."""
    files = output_files(config_of(settings))
    with account(MAIN) as aws:
        iam = aws.client("iam")
        iam.create_user(UserName="alice")
        with warnings.catch_warnings():  # moto warns of each type that it makes nothing of
            warnings.simplefilter("ignore", UserWarning)
            aws.deploy(files["main-region.yaml"], files["stackset.yaml"], settings["regions"])
        yield aws, iam.create_access_key(UserName="alice")["AccessKey"]


@contextmanager
def world(aws: Aws, keys: dict[str, str], folder: Path, settings: dict[str, Any] = FEW_SETTINGS) -> Iterator[World]:
    """A folder with the config, and something that records calls."""
    (folder / "breakglass.yaml").write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
    with proxy(MOTO, lambda region, event: record(aws, region, event)) as between:
        yield World(aws, between, folder, keys)
