"""The demo, as a newcomer has it: start it, do what it prints, see the alert."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

DEMO = Path(__file__).with_name("demo.py")
README = (DEMO.parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def commands() -> Iterator[list[str]]:
    """The commands that the demo prints; it is ended with Ctrl-C."""
    with subprocess.Popen([sys.executable, DEMO, "up"], stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout
        try:
            printed = "".join(iter(demo.stdout.readline, "Ctrl-C ends it.\n"))
            yield re.findall(r"^  (.+)$", printed, re.MULTILINE)
        finally:
            demo.send_signal(signal.SIGINT)
        assert demo.wait(10) == 0


def run(command: str) -> str:
    environ = {key: value for key, value in os.environ.items() if key != "AWS_ENDPOINT_URL"}
    return subprocess.run(command, shell=True, env=environ, check=True, capture_output=True, text=True).stdout  # noqa: S602 - as printed


def test_the_commands_it_prints_show_an_alert(commands: list[str]) -> None:
    put, read = commands
    assert "happened in us-west-2" in run(put)
    alert = run(read)
    assert alert.startswith('"HIGH: The break-glass role was assumed."')
    assert f"```text\n{alert}```\n" in README
