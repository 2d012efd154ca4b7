"""The launcher says what became of a run, and leaves nothing running."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aws import ENDPOINT, client

LAUNCHER = [sys.executable, str(Path(__file__).with_name("localstack.py")), "end to end"]
LOCAL = "http://127.0.0.1:1"
SHOW_ENDPOINT = [sys.executable, "-c", "import os; print(os.environ['AWS_ENDPOINT_URL'])"]

# name: (what AWS_ENDPOINT_URL is, the command, exit code, the end of what is said)
RUNS = {
    "passed": (LOCAL, SHOW_ENDPOINT, 0, f"{LOCAL}\nend to end: passed\n"),
    "failed": (LOCAL, ["false"], 1, "end to end: FAILED (1)\n"),
    "AWS itself": ("https://sts.amazonaws.com", ["true"], 1, "end to end: FAILED\n"),
    "no Python": (None, ["true"], 0, "end to end: SKIPPED, not passed: no Python 3.13 or later\n"),
}


def environ(tmp_path: Path, endpoint: str | None) -> dict[str, str]:
    """An environment in which no other Python is to be found."""
    others = {key: value for key, value in os.environ.items() if key != "AWS_ENDPOINT_URL"}
    return others | (
        {"AWS_ENDPOINT_URL": endpoint} if endpoint else {"PATH": str(tmp_path), "PYENV_ROOT": str(tmp_path)}
    )


@pytest.mark.parametrize(("endpoint", "command", "code", "said"), RUNS.values(), ids=RUNS)
def test_the_last_line_is_the_verdict(
    tmp_path: Path, endpoint: str | None, command: list[str], code: int, said: str
) -> None:
    run = [*LAUNCHER, *command]
    done = subprocess.run(run, env=environ(tmp_path, endpoint), capture_output=True, text=True, check=False)
    assert (done.returncode, (done.stdout + done.stderr)[-len(said) :]) == (code, said)


def test_what_localstack_says_is_shown_of_a_run_that_failed() -> None:
    others = {key: value for key, value in os.environ.items() if key != "AWS_ENDPOINT_URL"}
    done = subprocess.run([*LAUNCHER, "false"], env=others, capture_output=True, text=True, check=False)
    assert "Ready." in done.stdout.partition("The end of what LocalStack says:\n")[2]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "kill"])
def test_nothing_is_left_running(how: signal.Signals) -> None:
    others = {key: value for key, value in os.environ.items() if key != "AWS_ENDPOINT_URL"}
    wait = [sys.executable, "-uc", "import os, time; print(os.environ['AWS_ENDPOINT_URL']); time.sleep(600)"]
    with subprocess.Popen([*LAUNCHER, *wait], env=others, stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout
        endpoint = next(line for line in launcher.stdout if line.startswith("http://127.0.0.1:"))
        assert answers(endpoint)
        launcher.send_signal(how)
        assert launcher.wait(60) != 0
    assert not answers(endpoint)


def answers(endpoint: str) -> bool:
    place = urlsplit(endpoint.strip())
    try:
        socket.create_connection((place.hostname, place.port), 2).close()
    except OSError:
        return False
    return True


def test_a_client_is_one_of_the_local_aws_while_a_drill_has_a_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert client("events", "us-east-1", "100000000008").meta.endpoint_url == ENDPOINT


def test_no_connection_is_used_twice() -> None:
    connections: list[object] = []

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # which keeps a connection unless it is told not to

        def do_POST(self) -> None:
            connections.append(self.client_address)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            if self.close_connection:  # as asked, and as LocalStack does
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        events = client("events", "us-east-1", "100000000009", f"http://127.0.0.1:{server.server_port}")
        for _ in range(3):
            events.list_rules()
        server.shutdown()
    assert len(set(connections)) == len(connections) == 3
