"""Recorded events that happen in an account, and what of it arrives at the queue and in the logs."""

from __future__ import annotations

import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from aws import KEY_ON_PAPER, STACK, Account, client, eventually
from differences import as_compared, as_happening, as_logged, as_sent
from samples import ACCOUNT, record_of, recorded, text_of

from cfn_breakglass.analysis.simulator.simulator import Simulator

_BATCH = 10  # of PutEvents and ReceiveMessage alike


class Happening(NamedTuple):
    """A sample, recorded in a region under an ID of its own, which its alert holds."""

    sample: Path
    event: dict[str, Any]
    id: str


def happening(sample: Path, account: Account, region: str, rewrite: Callable[[str], str] = str) -> Happening:
    text = as_happening(rewrite(text_of(sample).replace(ACCOUNT, account.number).replace(KEY_ON_PAPER, account.key)))
    event = recorded(text, region)
    found, own = record_of(event), uuid.uuid4()
    if "alarmName" not in found:
        found["eventID"] = str(own)
        return Happening(sample, event, str(own))
    # The ID of such an event is EventBridge's to make up, and nobody knows it before; why an alarm went off is a text.
    if "state" in found:
        found["state"]["reason"] = f"{found['state'].get('reason')} {own.hex}"
    return Happening(sample, event, own.hex)


def put(account: Account, happenings: Iterable[Happening]) -> None:
    """Put events on the default bus of their region, one of another account by that account."""
    places: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for _, event, _ in happenings:
        places[event["region"], event["account"]].append(
            {
                "EventBusName": f"arn:aws:events:{event['region']}:{account.number}:event-bus/default",
                "Source": event["source"],
                "DetailType": event["detail-type"],
                "Detail": json.dumps(event["detail"]),
                "Resources": event.get("resources", []),
            }
        )
    for (region, owner), entries in places.items():
        for start in range(0, len(entries), _BATCH):
            done = client("events", region, owner).put_events(Entries=entries[start : start + _BATCH])
            assert done["FailedEntryCount"] == 0, done


def beat(account: Account, region: str) -> None:
    """Put on the bus what the schedule of the region says; LocalStack runs no schedule."""
    schedule = account.client("scheduler", region).get_schedule(Name=f"{STACK}-heartbeat")["Target"]
    entry = {
        "EventBusName": schedule["Arn"],
        "Source": schedule["EventBridgeParameters"]["Source"],
        "DetailType": schedule["EventBridgeParameters"]["DetailType"],
        "Detail": schedule["Input"],
    }
    assert account.client("events", region).put_events(Entries=[entry])["FailedEntryCount"] == 0


class Heard:
    """Everything that ever arrived at a queue: a stray alert shows however late it is."""

    def __init__(self, account: Account, queue: str) -> None:
        self._sqs = account.client("sqs")
        self._queue = queue
        self.alerts: Counter[str] = Counter()

    def until(self, told: Counter[str]) -> None:
        """Listen until all this has arrived; nothing else may have."""

        def arrived() -> bool:
            self._listen()
            return told <= self.alerts

        try:
            eventually(f"{told.total()} alerts", arrived)
        finally:
            missing, stray = told - self.alerts, self.alerts - told
            few = [list(alerts)[:3] for alerts in (missing, stray)]
            assert few == [[], []], f"missing {len(missing)}, stray {len(stray)}: {few}"

    def until_count(self, words: str, count: int) -> None:
        """Listen until so many new alerts with these words have arrived; nothing else may have."""
        before = self.alerts.copy()

        def arrived() -> bool:
            self._listen()
            return (self.alerts - before).total() >= count

        eventually(f"{count} alerts", arrived)
        self._listen()
        alerts = list((self.alerts - before).elements())
        assert [words in alert for alert in alerts] == [True] * count, alerts

    def _listen(self) -> None:
        found = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=_BATCH, WaitTimeSeconds=1)
        messages = found.get("Messages", [])
        self.alerts.update(as_compared(json.loads(message["Body"])["Message"]) for message in messages)
        read = [{"Id": message["MessageId"], "ReceiptHandle": message["ReceiptHandle"]} for message in messages]
        if read:
            self._sqs.delete_message_batch(QueueUrl=self._queue, Entries=read)


def logged(account: Account, group: str) -> Counter[str]:
    """Everything in a log group, by event."""
    pages = account.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return Counter(as_logged(json.loads(entry["message"])) for page in pages for entry in page["events"])


class Foretold:
    """What the simulator says of everything that happened so far."""

    def __init__(self) -> None:
        self.alerts: Counter[str] = Counter()
        self.logs: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, simulator: Simulator, happenings: Iterable[Happening]) -> None:
        for _, event, _ in happenings:
            for delivery in simulator.run(event):
                assert delivery.problem is None, delivery
                if delivery.target.endswith("-fallback"):
                    continue  # no subscriber of that topic is the queue that is listened to
                if delivery.kind == "topic":
                    self.alerts[as_compared(as_sent(delivery.message))] += 1
                else:
                    group = delivery.target.rpartition("log-group:")[2]
                    self.logs[group][as_logged(json.loads(delivery.message))] += 1

    def check_logs(self, account: Account) -> None:
        """The logs of the account hold the whole of every event foretold, and nothing else."""
        for group, events in self.logs.items():
            eventually(f"{events.total()} events in {group}", partial(_holds, account, group, events))
            assert logged(account, group) == events, group


def _holds(account: Account, group: str, events: Counter[str]) -> bool:
    return events <= logged(account, group)
