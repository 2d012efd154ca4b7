"""CloudTrail records in the proportions of a busy account, always the same: what ``simulate`` is measured with.

Of a hundred records about sixty only read, thirty-five write what is none of ours, and the rest are the calls that are
hard to tell from ours: other roles assumed, other rules, log groups, topics and policies changed. 3,000 sessions of 80
roles make most of them. A record has about 1.2 KB.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import yaml

ACCOUNT: Final = "111122223333"
SESSIONS: Final = 3_000
ROLES: Final = 80
_REGIONS: Final = ("us-east-1", "us-east-1", "eu-west-1", "eu-west-1", "eu-central-1", "us-west-2", "ap-southeast-2")
_AGENTS: Final = (
    "aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOOS#linux md/GOARCH#amd64 api/ec2#1.173.0",
    "Boto3/1.34.144 md/Botocore#1.34.144 ua/2.0 os/linux#5.10.220 md/arch#x86_64 lang/python#3.11.9",
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.2 (+https://www.terraform.io) terraform-provider-aws/5.58.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
)
_CALLS: Final = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


def cloudtrail_lines(accounts: Sequence[str] = (ACCOUNT,), alerting: bytes = b"") -> Iterator[bytes]:
    """Records without end as JSON Lines, of one account after the other; every thousandth is ``alerting``."""
    numbers = random.Random(14)  # noqa: S311 - nothing secret
    weights = [call["weight"] for call in _CALLS]
    for number, account in enumerate(cycle(accounts), 1):
        if alerting and number % 1_000 == 0:
            yield alerting.replace(ACCOUNT.encode(), account.encode()) + b"\n"
        else:
            (call,) = numbers.choices(_CALLS, weights)
            yield _record(call, numbers, account).encode() + b"\n"


def _record(call: dict[str, Any], numbers: random.Random, account: str) -> str:
    denied = numbers.random() < 0.02
    record = {
        "eventVersion": "1.11",
        "userIdentity": _caller(numbers, account),
        "eventTime": f"2025-03-{numbers.randint(1, 28):02}T{numbers.randint(0, 23):02}:{numbers.randint(0, 59):02}:12Z",
        "eventSource": f"{call['source']}.amazonaws.com",
        "eventName": call["name"],
        "awsRegion": numbers.choice(_REGIONS),
        "sourceIPAddress": f"10.{numbers.randint(0, 255)}.{numbers.randint(0, 255)}.7",
        "userAgent": numbers.choice(_AGENTS),
        **(_DENIED if denied else {}),
        "requestParameters": call["parameters"],
        "responseElements": None if denied else call.get("response"),
        "requestID": f"{numbers.getrandbits(128):032x}",
        "eventID": f"{numbers.getrandbits(128):032x}",
        "readOnly": call["readOnly"],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": f"{call['source']}.us-east-1.amazonaws.com",
        },
    }
    text = json.dumps(record, separators=(",", ":"))
    return text.replace("%", str(numbers.randint(1, 400))).replace("{account}", account)


_DENIED: Final = {
    "errorCode": "AccessDenied",
    "errorMessage": "User: arn:aws:sts::{account}:assumed-role/app-7/w-1 is not authorized to perform this action",
}


def _caller(numbers: random.Random, account: str) -> dict[str, Any]:
    kind = numbers.random()
    if kind < 0.15:
        return {"type": "AWSService", "invokedBy": numbers.choice(["lambda", "ec2", "ecs-tasks"]) + ".amazonaws.com"}
    session = numbers.randrange(SESSIONS)
    role, principal = f"app-{session % ROLES}", f"AROAEXAMPLE{session % ROLES:010}"
    return {
        "type": "AssumedRole",
        "principalId": f"{principal}:worker-{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/worker-{session}",
        "accountId": account,
        "accessKeyId": f"ASIAEXAMPLE{session:09}",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": principal,
                "arn": f"arn:aws:iam::{account}:role/{role}",
                "accountId": account,
                "userName": role,
            },
            "attributes": {"creationDate": "2025-03-14T03:00:12Z", "mfaAuthenticated": "false"},
        },
    }
