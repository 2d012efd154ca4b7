"""What ``generate`` costs as a whole process, beside the floor: importing what it cannot do without.

Runs are paired (floor, then generate, over and over), so that a busy machine slows both. ``make bench`` prints the
median of each, the median ratio, and the peak memory.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from cfn_breakglass.aws.partitions import PARTITIONS

PAIRS = 15
FLOOR = (
    "import yaml, troposphere.awslambda, troposphere.cloudwatch, troposphere.events, troposphere.iam, troposphere.kms,"
    " troposphere.logs, troposphere.scheduler, troposphere.sns, troposphere.sqs,"
    " awacs.aws, awacs.events, awacs.kms, awacs.logs, awacs.sns, awacs.sqs, awacs.sts"
)
AIM = 1.5


def config(regions: int, users: int) -> str:
    """A config with so many regions, the main one included, and so many users."""
    others = sorted(PARTITIONS[0].regions - {"us-east-1"})[: regions - 1]
    names = [f"user{number:03}" for number in range(users)]
    trust = "{mfa: false}"  # a hundred names fill the trust policy as it is
    return (
        f"main_region: us-east-1\nregions: {others}\nusernames: {names}\n"
        f"role: {{managed_policies: [ReadOnlyAccess], trust: {trust}}}\nalerts: {{emails: [ops@example.com]}}\n"
    )


def run(*arguments: str, folder: str) -> tuple[float, float]:
    """Seconds and peak MiB of one run of the interpreter in ``folder``."""
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        # Users have compiled modules; a variable that forbids them would have us compile anew in each run.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        os.execve(sys.executable, [sys.executable, *arguments], environment)  # noqa: S606 - our own interpreter
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{arguments} failed")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def measure(regions: int, users: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "breakglass.yaml").write_text(config(regions, users), encoding="utf-8")
        generate = ("-m", "cfn_breakglass", "generate")
        run(*generate, folder=folder)
        pairs = [(run("-c", FLOOR, folder=folder), run(*generate, folder=folder)) for _ in range(PAIRS)]
    floor = statistics.median(pair[0][0] for pair in pairs)
    whole = statistics.median(pair[1][0] for pair in pairs)
    ratio = statistics.median(pair[1][0] / pair[0][0] for pair in pairs)
    memory = max(pair[1][1] for pair in pairs)
    sys.stdout.write(
        f"{regions:3} regions {users:4} users   floor {floor * 1000:6.1f} ms   generate {whole * 1000:6.1f} ms   "
        f"ratio {ratio:4.2f} (aim {AIM})   peak {memory:5.1f} MiB\n"
    )


if __name__ == "__main__":
    for regions, users in ((1, 1), (17, 1), (34, 1), (17, 10), (17, 100)):
        measure(regions, users)
