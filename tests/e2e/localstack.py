"""A local AWS for as long as a command runs: ``python localstack.py TITLE COMMAND ...``.

The command finds it at AWS_ENDPOINT_URL. It is LocalStack, a plain process on a free port, in an environment of its
own that is kept between runs. Where AWS_ENDPOINT_URL is set already, that endpoint is used and nothing is started.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import urlsplit

from environment import OLDEST, environment, suitable_python

ENDPOINT: Final = "AWS_ENDPOINT_URL"
_STARTS_WITHIN = 120
_STOPS_WITHIN = 10
_LAST_LINES = 40
_SETTINGS: Final = {
    "USE_SSL": "0",
    "SKIP_SSL_CERT_DOWNLOAD": "1",
    "DISABLE_EVENTS": "1",
    "EAGER_SERVICE_LOADING": "0",
    "DNS_ADDRESS": "0",
    "SQS_DISABLE_CLOUDWATCH_METRICS": "1",
}


class LocalAwsError(Exception):
    """There is no local AWS to be had."""


def main(title: str, *command: str) -> int:
    """Run the command beside a local AWS; its exit code, or 0 where nothing could run, which the last line says."""
    signal.signal(signal.SIGTERM, _leave)
    if endpoint := os.environ.get(ENDPOINT):
        return _verdict(title, _run(command, _explicit(endpoint)))
    python = suitable_python()
    if python is None:
        oldest = ".".join(map(str, OLDEST))
        print(
            f"LocalStack needs Python {oldest} or later, and there is none on the PATH or of pyenv's.\n"
            f"Install one, or set {ENDPOINT} to a LocalStack that runs already, such as http://127.0.0.1:4566.\n"
            f"{title}: SKIPPED, not passed: no Python {oldest} or later"
        )
        return 0
    with running(environment(python)) as (endpoint, log):
        if code := _run(command, endpoint):
            print(f"The end of what LocalStack says:\n{_end_of(log)}")
        return _verdict(title, code)


def _verdict(title: str, code: int) -> int:
    print(f"{title}: passed" if code == 0 else f"{title}: FAILED ({code})", flush=True)
    return code


def _leave(*_: object) -> NoReturn:
    # As an exception, so that whatever runs is stopped on the way out.
    raise SystemExit(128 + signal.SIGTERM)


def _explicit(endpoint: str) -> str:
    """The endpoint, unless that is AWS itself: what runs here creates and deletes at will."""
    host = urlsplit(endpoint).hostname or ""
    if not host or host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".aws")):
        raise LocalAwsError(f"{ENDPOINT} is {endpoint!r}; it has to be a local AWS, such as http://127.0.0.1:4566")
    return endpoint


def _run(command: Sequence[str], endpoint: str) -> int:
    return subprocess.run(command, env={**os.environ, ENDPOINT: endpoint}, check=False).returncode


@contextmanager
def running(python: Path) -> Iterator[tuple[str, Path]]:
    """LocalStack in a scratch folder, up; gives its endpoint and its log. It is stopped whatever happens."""
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="cfn-breakglass-", ignore_cleanup_errors=True) as scratch:
        log = Path(scratch) / "localstack.log"
        with log.open("wb") as output:
            # A session of its own: Ctrl-C reaches the command first, and the whole of it is stopped here.
            process = subprocess.Popen(
                [python, "-m", "localstack.runtime.main"],
                cwd=scratch,
                env=_environ(port, scratch),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            endpoint = f"http://127.0.0.1:{port}"
            _await_health(endpoint, process, log)
            yield endpoint, log
        finally:
            _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environ(port: int, scratch: str) -> dict[str, str]:
    # Nothing that steers the AWS of whoever runs this may reach LocalStack.
    ours = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PYTHON", "VIRTUAL_ENV"))}
    places = {"GATEWAY_LISTEN": f"127.0.0.1:{port}", "FILESYSTEM_ROOT": scratch, "TMPDIR": scratch}
    return {**ours, **_SETTINGS, **places}


def _await_health(endpoint: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{endpoint}/_localstack/health", timeout=5):  # noqa: S310 - our own port
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise LocalAwsError(f"LocalStack did not start within {_STARTS_WITHIN} seconds:\n{_end_of(log)}")


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:])


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and its children: kindly, then for good."""
    for how, patience in ((signal.SIGTERM, _STOPS_WITHIN), (signal.SIGKILL, _STOPS_WITHIN)):
        try:
            os.killpg(process.pid, how)
            process.wait(patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except LocalAwsError as error:
        sys.exit(f"{error}\n{sys.argv[1]}: FAILED")
    except KeyboardInterrupt:
        sys.exit(130)
