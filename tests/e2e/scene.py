"""An account with users and a queue, in which a config is generated and deployed, and then things happen."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aws import Account
from deployments import deploy
from differences import as_deployed
from happenings import Foretold, Happening, Heard, happening, put
from samples import RAISES
from surroundings import create_queue, create_user
from undone import finish

from cfn_breakglass.analysis.simulator.simulator import Simulator

ONE_OF_EACH: Final = list({sample.parent.name: sample for sample in RAISES}.values())
"""A sample of each detection."""
MANY: Final = ("BackdoorCreated", "MonitoringTampered")
"""The detections with hundreds of samples, which take LocalStack minutes."""


def write_templates(account: Account, folder: Path, settings: dict[str, Any], form: str = "yaml") -> None:
    """Write the templates with the command line, and make the users of the config in the account."""
    folder.mkdir(exist_ok=True)
    config = folder / "breakglass.yaml"
    config.write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
    for user in settings["usernames"]:  # the stack grants them the role: they have to be there
        create_user(account, user)
    where: list[str | Path] = ["--config", config, "--output", folder, "--format", form]
    subprocess.run([sys.executable, "-m", "cfn_breakglass", "generate", *where], check=True, capture_output=True)


def template_text(folder: Path, name: str) -> str:
    """The text of a template in a folder, in YAML or in JSON."""
    return next(folder.glob(f"{name}.[yj]*")).read_text(encoding="utf-8")


@dataclass
class Scene:
    """One account from its first stack to its last; ``folder`` holds the templates."""

    account: Account
    folder: Path
    heard: Heard = field(init=False)
    foretold: Foretold = field(default_factory=Foretold)

    def __post_init__(self) -> None:
        self.heard = Heard(self.account, create_queue(self.account))

    def generate(self, settings: dict[str, Any], form: str = "yaml") -> tuple[str, str]:
        """Write the templates with the command line; their texts: the main region's, then the others'."""
        write_templates(self.account, self.folder, settings, form)
        return self._texts()

    def _texts(self) -> tuple[str, str]:
        return template_text(self.folder, "main-region"), template_text(self.folder, "stackset")

    def deploy(self, main: str, others: str) -> None:
        main, others = as_deployed(main), as_deployed(others)
        self.account.deploy(main)
        self.account.roll_out(others)
        finish(self.account, main, [self.account.main], created=True)

    def update(self, main: str, others: str) -> None:
        main, others = as_deployed(main), as_deployed(others)
        self.account.deploy(main)
        finish(self.account, main, [self.account.main])
        self.account.update_instances(others)
        finish(self.account, others, self.account.others)

    def happen(
        self, samples: Iterable[Path], regions: Iterable[str], rewrite: Callable[[str], str] = str
    ) -> list[Happening]:
        """Let samples happen in each of the regions; return when everything foretold of them has arrived."""
        happened = []
        simulator = Simulator(deploy(*map(self.account.with_key, self._texts()), account=self.account.number))
        for region in regions:  # one by one: LocalStack starts a thread for each event
            here = [happening(sample, self.account, region, rewrite) for sample in samples]
            self.foretold.add(simulator, here)
            put(self.account, here)
            self.heard.until(self.foretold.alerts)
            happened += here
        return happened

    def check_logs(self) -> None:
        """Both logs hold the whole of every event foretold, and nothing else."""
        self.foretold.check_logs(self.account)
