"""An organization: the templates of one config in its hub and its members, and what then happens anywhere in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from aws import STACK, Account
from deployments import template_files
from differences import as_deployed
from happenings import Foretold, Happening, Heard, happening, put
from samples import is_of_the_key
from scene import template_text, write_templates
from surroundings import create_queue
from undone import finish

from cfn_breakglass.analysis.simulator.simulator import Simulator, deploy

# What stack sets call the stacks of their instances; AWS makes up the end.
OF_ACCOUNT: Final = f"StackSet-{STACK}-accounts-0c1f2e3d-6ab3-4d6e-9d6c-0f2f2f4d3a11"
OF_REGION: Final = f"StackSet-{STACK}-708e15e2-c31e-54d0-a606-566573747aa5"


class Place(NamedTuple):
    """A region of a member."""

    member: Account
    region: str


@dataclass
class Organization:
    """Accounts from their first stack to their last; ``hub`` is one of the members, ``folder`` holds the templates."""

    hub: Account
    members: tuple[Account, ...]
    folder: Path
    heard: Heard = field(init=False)
    foretold: Foretold = field(default_factory=Foretold)

    def __post_init__(self) -> None:
        self.heard = Heard(self.hub, create_queue(self.hub))

    @property
    def places(self) -> list[Place]:
        """Every region of every member, the main region of the hub first."""
        return [Place(member, region) for member in self.members for region in member.regions]

    @property
    def stacks(self) -> dict[str, list[tuple[Place, str]]]:
        """Template -> the places of its stacks, and their names there; in the order of their creation."""
        return {
            "main-region": [(Place(self.hub, self.hub.main), STACK)],
            "accounts": [(Place(member, member.main), OF_ACCOUNT) for member in self.members],
            "stackset": [(place, OF_REGION) for place in self.places],
        }

    def generate(self, settings: dict[str, Any]) -> None:
        write_templates(self.hub, self.folder, settings)

    def deploy(self, *, created: bool = False) -> None:
        """Create or update every stack; those of a template at the same time, as stack sets do."""
        for template, places in self.stacks.items():
            text = as_deployed(template_text(self.folder, template))
            _all_at_once(partial(member.start, stack, region, text) for (member, region), stack in places)
            for (member, region), _ in places:
                finish(member, text, [region], created=created)

    def remove(self) -> None:
        """Delete every stack, the last ones first."""
        for places in reversed(self.stacks.values()):
            _all_at_once(partial(member.start_removal, stack, region) for (member, region), stack in places)

    def resources(self) -> dict[tuple[str, str, str], dict[str, str]]:
        """(template, account, region) -> logical ID -> physical ID, of each stack."""
        return {
            (template, member.number, region): member.resources_of(stack, region)
            for template, places in self.stacks.items()
            for (member, region), stack in places
        }

    def happen(
        self, samples: Iterable[Path], places: Iterable[Place], rewrite: Callable[[str], str] = str
    ) -> list[Happening]:
        """Let samples happen in each of the places, and calls on the key where that is.

        It returns when everything foretold of them has arrived.
        """
        happened: list[Happening] = []
        on_paper = self._on_paper()
        for place in places:
            can_happen = [sample for sample in samples if place == self.places[0] or not is_of_the_key(sample)]
            here = [happening(sample, *place, rewrite) for sample in can_happen]
            self.foretold.add(on_paper[place.member], here)
            put(place.member, here)
            self.heard.until(self.foretold.alerts)
            happened += here
        return happened

    def _on_paper(self) -> dict[Account, Simulator]:
        names = ("main-region", "stackset", "accounts")
        templates = template_files(*(self.hub.with_key(template_text(self.folder, name)) for name in names))
        return {member: Simulator(*deploy(templates, member.number)) for member in self.members}


def _all_at_once(starts: Iterable[Callable[[], Callable[[], None]]]) -> None:
    for wait in [start() for start in starts]:
        wait()
