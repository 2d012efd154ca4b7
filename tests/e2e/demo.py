"""The committed templates on a local AWS, to play with: ``make demo`` says how.

``demo.py up`` deploys them and waits; ``put DETECTION [REGION]`` lets a recorded event happen that it is told of, and
``read`` shows the alerts since the last time.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from aws import STACK, Account
from surroundings import QUEUE, create_queue, create_user

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.analysis.template.reader import parse

ROOT: Final = Path(__file__).parents[2]
ACCOUNT: Final = "100000000000"
_SAMPLES: Final = ROOT / "tests" / "events"
_SAMPLED: Final = {"account": "111122223333", "role": "ops/break-glass", "session": "assumed-role/break-glass/"}


def up() -> None:
    """Deploy the templates, say what to do, and wait for Ctrl-C."""
    main, others = _template("main-region"), _template("stackset")
    account = _account()
    for user in _users():
        create_user(account, user)
    create_queue(account)
    print(f"deploying templates/ in {account.main} and {len(account.others)} more regions ...", flush=True)
    account.deploy(main)
    account.roll_out(others)
    queue = f"arn:aws:sqs:{account.main}:{account.number}:{QUEUE}"
    account.client("sns").subscribe(TopicArn=_outputs(account)["AlertTopicArn"], Protocol="sqs", Endpoint=queue)
    print(_what_to_do(account), flush=True)
    threading.Event().wait()


def _what_to_do(account: Account) -> str:
    command = f"AWS_ENDPOINT_URL={os.environ['AWS_ENDPOINT_URL']} {shlex.quote(sys.executable)} {shlex.quote(__file__)}"
    return (
        "Ready. In another terminal, let somebody assume the role, and read the alert:\n\n"
        f"  {command} put RoleAssumed {account.others[-1]}\n"
        f"  {command} read\n\n"
        f"put takes {', '.join(sorted(path.name for path in _SAMPLES.iterdir()))}; not all of them may alert.\n"
        "Ctrl-C ends it."
    )


def put(detection: str, region: str = "") -> None:
    """Let a sample of a detection happen in a region, the main one if none is named."""
    account = _account()
    region = region or account.main
    sample = max((_SAMPLES / detection).glob("raises-*.json"))
    event = event_from_record(
        json.loads(_of_this_role(sample.read_text(encoding="utf-8"), account)) | {"awsRegion": region}
    )
    entry = {"Source": event["source"], "DetailType": event["detail-type"], "Detail": json.dumps(event["detail"])}
    account.client("events", region).put_events(Entries=[entry])
    print(f"{sample.relative_to(ROOT)} happened in {region}")


def read() -> None:
    """Show what arrived at the queue, as a subscriber on AWS reads it."""
    sqs = _account().client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=20).get("Messages", [])
    for message in messages:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        alert = json.loads(json.loads(message["Body"])["Message"])
        # LocalStack sends a text as one JSON string, without the outer quotes that AWS leaves in.
        print(json.dumps(alert, indent=2) if isinstance(alert, dict) else f'"{alert}"')
    if not messages:
        print("no alert within 20 seconds")


def _template(name: str) -> str:
    return (ROOT / "templates" / f"{name}.yaml").read_text(encoding="utf-8")


def _main_region() -> dict[str, Any]:
    return parse(_template("main-region"), "main-region.yaml")


def _account() -> Account:
    covers = _main_region()["Metadata"]["cfn-breakglass"]
    return Account(ACCOUNT, covers["MainRegion"], tuple(covers["Regions"]))


def _users() -> list[str]:
    """The users that the stack grants the role."""
    grant = _main_region()["Resources"].get("RoleGrant", {"Properties": {"Users": []}})
    return list(grant["Properties"]["Users"])


def _outputs(account: Account) -> dict[str, str]:
    (stack,) = account.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _of_this_role(text: str, account: Account) -> str:
    """A sample's text, of the account and the role that are there."""
    role = _outputs(account)["RoleArn"].partition(":role/")[2]
    session = f"assumed-role/{role.rpartition('/')[2]}/"
    moved = text.replace(_SAMPLED["account"], account.number).replace(f"role/{_SAMPLED['role']}", f"role/{role}")
    return moved.replace(_SAMPLED["session"], session)


COMMANDS: Final[dict[str, Callable[..., Any]]] = {"up": up, "put": put, "read": read}

if __name__ == "__main__":
    if sys.argv[1:2] == [] or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    try:
        COMMANDS[sys.argv[1]](*sys.argv[2:])
    except KeyboardInterrupt:
        print("\nended")
