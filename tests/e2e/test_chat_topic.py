"""Chat channels on LocalStack, which has none: a queue subscribes to their topic, and gets what they would get."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from aws import STACK, Account
from samples import ACCOUNT, SETTINGS
from scene import ONE_OF_EACH, Scene
from surroundings import QUEUE

NUMBER: Final = "100000000012"
MAIN: Final = "us-east-1"
OTHER: Final = "us-east-2"
CHANNELS: Final = {"slack": [{"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"}]}


def test_the_topic_of_the_channels_delivers_every_detection(tmp_path: Path) -> None:
    scene = Scene(Account(NUMBER, MAIN, (OTHER,)), tmp_path / "templates")
    settings = {**SETTINGS, "regions": [OTHER], "alerts": CHANNELS, "trail": "existing"}
    scene.deploy(*scene.generate(json.loads(json.dumps(settings).replace(ACCOUNT, NUMBER))))
    assert "AlertTopic" not in scene.account.resources(MAIN)
    topic, queue = f"arn:aws:sns:{MAIN}:{NUMBER}:{STACK}-chat", f"arn:aws:sqs:{MAIN}:{NUMBER}:{QUEUE}"
    scene.account.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    scene.happen(ONE_OF_EACH, scene.account.regions)
    messages = [json.loads(message) for message in scene.heard.alerts]
    assert {message["source"] for message in messages} == {"custom"}
    detections = {message["metadata"]["eventType"] for message in messages}
    assert {sample.parent.name for sample in ONE_OF_EACH} <= detections
    scene.account.remove()
