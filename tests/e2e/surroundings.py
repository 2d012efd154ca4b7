"""What has to be in an account before the templates: users, and a queue that the topic may send to."""

from __future__ import annotations

import json
from typing import Final

from aws import STACK, Account

QUEUE: Final = "pager"


def create_queue(account: Account, name: str = QUEUE, topic: str = "alerts") -> str:
    """A queue that the topic may send to, as the README asks for; its URL."""
    queue = f"arn:aws:sqs:{account.main}:{account.number}:{name}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:{account.main}:{account.number}:{STACK}-{topic}"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = account.client("sqs").create_queue(QueueName=name, Attributes={"Policy": policy})
    return str(made["QueueUrl"])


def create_user(account: Account, name: str) -> None:
    iam = account.client("iam")
    if name not in {user["UserName"] for user in iam.list_users()["Users"]}:
        iam.create_user(UserName=name)
