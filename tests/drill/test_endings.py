"""How a drill ends as a process of its own: Ctrl-C, no boto3, a question on a terminal."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from drill_world import MAIN, SETTINGS, World, deployed, world
from moto_aws import Aws
from paths import ROOT
from rich.console import Console
from samples import ACCOUNT

from cfn_breakglass.cli.progress import Bar

# Two regions are enough, and quicker.
TWO = {**SETTINGS, "regions": ["eu-west-1"]}
LATE = "eu-west-1"
MUCH_LESS_THAN_IT_WOULD_WAIT = 30
"""Seconds: for the log it would wait five minutes, and for AWS's answer one."""
LONG = pytest.mark.thorough("more answers to the question of a drill")
# Ctrl-C is a signal for whoever the terminal controls.
ON_THIS_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[Aws, dict[str, str]]]:
    with deployed(TWO) as (aws, keys):
        yield aws, keys


@pytest.fixture
def here(account: tuple[Aws, dict[str, str]], tmp_path: Path) -> Iterator[World]:
    with world(*account, tmp_path, TWO) as made:
        yield made


def environment(here: World) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**others, **{name: value for name, value in here.environment.items() if value is not None}}


def start(here: World, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cfn_breakglass", *here.arguments(*arguments)]
    return subprocess.Popen(
        command,
        env=environment(here),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until ``condition`` holds, while the process runs."""
    until = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.05)


def end(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Press Ctrl-C; what it printed from then on, which takes no minute."""
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=MUCH_LESS_THAN_IT_WOULD_WAIT)


def test_ctrl_c_while_it_waits_leaves_an_honest_receipt(here: World) -> None:
    here.proxy.lost.add(LATE)
    process = start(here, "--yes", "--timeout", "5")
    assert process.stderr
    assert process.stderr.readline().startswith(f"{ACCOUNT} {MAIN}: seen after ")
    output, errors = end(process)
    assert process.returncode == 2
    assert "Traceback" not in errors
    assert "1 of 2 calls were seen in the log" in output
    assert "It ended early: interrupted\n" in output
    assert here.receipt()["end"] == "interrupted"
    requests = here.requests()
    assert {region: request["result"] for region, request in requests.items()} == {
        MAIN: "seen",
        LATE: "could not tell",
    }
    assert requests[LATE]["answer"] == "allowed"
    assert requests[LATE]["reasons"] == ["the drill ended before the time to wait was over"]


def test_ctrl_c_while_it_sends_does_not_wait_for_aws(here: World) -> None:
    here.proxy.slow.add(LATE)
    process = start(here, "--yes")
    wait_until(lambda: here.proxy.regions_of("AssumeRole") == sorted([MAIN, LATE]), process)
    output, errors = end(process)
    assert process.returncode == 2
    assert "Traceback" not in errors
    assert "0 of 2 calls" in output
    request = here.requests()[LATE]
    assert request["answer"] is None
    assert request["reasons"] == ["AWS gave no answer before the drill ended; the call may have been made or not"]


def test_what_it_saw_is_printed_even_if_no_receipt_can_be_written(here: World) -> None:
    here.proxy.late[LATE] = 300
    process = start(here, "--yes", "--timeout", "5")
    wait_until(lambda: here.proxy.regions_of("FilterLogEvents").count(MAIN) >= 3, process)
    here.output.rmdir()
    output, errors = end(process)
    assert process.returncode == 2
    assert "1 of 2 calls were seen in the log" in output
    assert "cannot write the receipt: No such file or directory" in errors
    assert "Traceback" not in errors


def test_without_boto3_it_says_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "breakglass.yaml").write_text("main_region: us-east-1\nusernames: [alice]\n", encoding="utf-8")
    code = "import sys; sys.modules['boto3'] = None; from cfn_breakglass.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "drill", "--yes"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == (
        "this command needs boto3, which is not installed\n  install it with: pip install 'cfn-breakglass[aws]'\n"
    )


def test_the_extra_that_it_names_has_boto3() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert [requirement.partition(">")[0] for requirement in extras["aws"]] == ["boto3"]


def test_without_credentials_it_says_so(here: World) -> None:
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    env = {name: value for name, value in environment(here).items() if name not in keys}
    command = [sys.executable, "-m", "cfn_breakglass", *here.arguments("--yes")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"sts:GetCallerIdentity in {MAIN}: NoCredentialsError: Unable to locate credentials",
        "  sign in as for the AWS CLI, or choose other credentials: --profile NAME",
    ]


def test_an_unknown_profile_is_one_sentence(here: World) -> None:
    done = here.drill("--yes", "--profile", "nobody")
    assert done.exit_code == 2
    assert done.stderr == "AWS: The config profile (nobody) could not be found\n"


def on_a_terminal(here: World, answers: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Run it on a terminal, and type an answer when its question comes; exit code and what the terminal shows.

    A signal that comes just before it reads goes unnoticed until the next key: what ends no line is typed again.
    """
    command = [sys.executable, "-c", ON_THIS_TERMINAL, "-m", "cfn_breakglass", *here.arguments(*arguments)]
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command, env=environment(here), stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    )
    os.close(slave)
    shown, waiting, typed, unanswered = "", dict(answers), "", 0
    while unanswered < 60:
        if not select.select([master], [], [], 1)[0]:
            unanswered += 1
            os.write(master, typed.encode())
            continue
        try:
            text = os.read(master, 4096).decode()
        except OSError:  # the end of a terminal on Linux
            break
        shown += text
        typed = "" if "\n" in text else typed
        for question in [question for question in waiting if question in shown]:
            typed = waiting.pop(question)
            os.write(master, typed.encode())
    os.close(master)  # which ends what still runs
    return process.wait(30), shown.replace("\r\n", "\n")


def test_it_asks_and_goes_ahead(here: World) -> None:
    code, shown = on_a_terminal(here, {"Go ahead?": "y\n"})
    assert code == 0, shown
    assert "It sets off 2 alerts, RoleAssumed." in shown
    assert sorted(here.requests()) == sorted([MAIN, LATE])


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("n\n", id="n"),
        pytest.param("\n", id="nothing", marks=LONG),
        pytest.param("\x03", id="Ctrl-C"),
        pytest.param("\x04", id="Ctrl-D", marks=LONG),
    ],
)
def test_it_asks_and_sends_nothing(here: World, answer: str) -> None:
    code, shown = on_a_terminal(here, {"Go ahead?": answer})
    assert code == 2, shown
    assert "Traceback" not in shown
    assert here.proxy.operations() == {"GetCallerIdentity"}
    assert not [*here.output.iterdir()]


def test_the_code_is_asked_for_without_an_echo(here: World) -> None:
    serial = f"arn:aws:iam::{ACCOUNT}:mfa/alice"
    code, shown = on_a_terminal(here, {"Go ahead?": "y\n", "MFA code:": "918273\n"}, "--mfa-serial", serial)
    assert code == 0, shown
    assert "918273" not in shown
    assert here.proxy.parameters["GetSessionToken"]["TokenCode"] == "918273"


def test_a_bar_shows_how_many_were_seen() -> None:
    times = iter([0.0, 2.0, 3.0])
    console = Console(file=StringIO(), force_terminal=True, width=80)
    with Bar(2, console, clock=lambda: next(times), noun="requests seen") as progress:
        progress.advance(1, 1)
    assert isinstance(console.file, StringIO)
    assert "1 requests seen" in console.file.getvalue()
