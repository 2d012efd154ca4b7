"""What a drill prints and writes, for the manual: real, but for times, request IDs and seconds, which differ each time.

The account is in moto. One region's rule is off there, one mailbox has not confirmed, and the account is in no
organization's management account.
"""

from __future__ import annotations

import json
import re
import shlex
import uuid
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from click.testing import Result
from cloudtrail_proxy import NOT_ALLOWED
from drill_world import MAIN, NO_TIME, REGIONS, SETTINGS, World, deployed, world
from moto_aws import Aws
from samples import ACCOUNT

from cfn_breakglass.drill.trails import TRAIL

DISABLED: Final = "eu-west-1"
_CODE: Final = "123456"


class DrillExample(NamedTuple):
    """The output of the command, and the files that it wrote."""

    output: str
    markdown: str
    json: str


@cache
def drill_example() -> DrillExample:
    """A drill of five regions, of which one does not forward."""
    with TemporaryDirectory() as folder, deployed(SETTINGS) as account, world(*account, Path(folder), SETTINGS) as here:
        _furnish(here)
        here.aws.client("events", DISABLED).disable_rule(Name="break-glass.Assume")
        done = here.drill("--yes")
        assert done.exit_code == 1, done.output
        (markdown,), (receipt,) = here.output.glob("*.md"), here.output.glob("*.json")
        texts = (done.stdout, markdown.read_text(encoding="utf-8"), receipt.read_text(encoding="utf-8"))
        return DrillExample(*(_without_chance(text, here) for text in texts))


def run_drill_command(command: str) -> Result:
    """Run a command of the manual, as somebody who is allowed or, with --knock, is not; nobody is asked."""
    arguments = shlex.split(command)[2:]
    with TemporaryDirectory() as folder, deployed() as account, world(*account, Path(folder)) as here:
        if "--knock" in arguments:
            here.proxy.failures["AssumeRole", ""] = NOT_ALLOWED
        return here.drill(*arguments, "--yes", "--output", str(here.output), CFN_BREAKGLASS_MFA_CODE=_CODE)


def _furnish(here: World) -> None:
    """Make the account as it should be, but for a pending subscription."""
    aws = here.aws
    _make_trail(aws)
    here.proxy.enabled_regions = REGIONS
    sns = aws.client("sns")
    for topic in ("alerts", "fallback"):
        arn = f"arn:aws:sns:{MAIN}:{ACCOUNT}:break-glass-{topic}"
        sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=f"{topic}@example.com")
    here.proxy.denied.add("ListPoliciesForTarget")
    here.proxy.pending = "fallback@example.com"


def _make_trail(aws: Aws) -> None:
    s3, cloudtrail = aws.client("s3"), aws.client("cloudtrail")
    s3.create_bucket(Bucket=TRAIL)
    cloudtrail.create_trail(Name="main", S3BucketName=TRAIL, IsMultiRegionTrail=True)
    cloudtrail.put_event_selectors(
        TrailName="main", EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True}]
    )
    cloudtrail.start_logging(Name="main")


def _without_chance(text: str, here: World) -> str:
    """A text with the same times, IDs, seconds and paths each time."""
    for index, region in enumerate(sorted(here.requests())):
        request = here.requests()[region]
        text = text.replace(request["request_id"], str(uuid.uuid5(uuid.NAMESPACE_URL, region)))
        if request["seconds"] is not None:
            text = re.sub(rf"({region} \| .* seen \| )[\d.]+", rf"\g<1>{_seconds(index)}", text)
    text = re.sub(r'"seconds": [\d.]+', f'"seconds": {_seconds(0)}', text)
    text = re.sub(r"after \d+ seconds?", f"after {_seconds(4):.0f} seconds", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:?\d\d:?\d\dZ", _at, text)
    text = re.sub(r"\d{4}-\d\d-\d\d(?=\n)", "2026-10-05", text)
    text = text.replace(f"{NO_TIME} minutes", "15 minutes")
    text = text.replace('"timeout_seconds": 0.0', '"timeout_seconds": 900.0')
    return text.replace(f"{here.output}/", "receipts/")


def _seconds(index: int) -> float:
    return round(31.4 + 13.7 * index, 1)


def _at(match: re.Match[str]) -> str:
    return "2026-10-05T07:00:12Z" if ":" in match[0] else "2026-10-05T070012Z"


def output_block() -> str:
    return f"```text\n{drill_example().output.rstrip()}\n```"


def markdown_block() -> str:
    return f"```markdown\n{drill_example().markdown.rstrip()}\n```"


def json_block() -> str:
    """The JSON, with one request and one observation of many."""
    receipt: dict[str, Any] = json.loads(drill_example().json)
    not_seen = [request for request in receipt["requests"] if request["result"] != "seen"]
    seen = [request for request in receipt["requests"] if request["result"] == "seen"]
    problems = [observation for observation in receipt["observations"] if observation["state"] == "problem"]
    part = {**receipt, "requests": [*seen[:1], *not_seen], "observations": problems[:1]}
    return f"```json\n{json.dumps(part, indent=2)}\n```"
