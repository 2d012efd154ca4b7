"""The samples of tests/events in an organization: in the hub, and in an account that forwards to it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

from deployments import template_files
from samples import ACCOUNT, RAISES, SETTINGS, is_of_the_key, record_of, recorded, text_of, title

from cfn_breakglass.analysis.simulator.simulator import Simulator, deploy
from cfn_breakglass.analysis.template.template_files import TemplateSet
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.generation.generate import template_files as files_of

MEMBER: Final = ACCOUNT
HUB: Final = "999999999999"
MAIN: Final = str(SETTINGS["main_region"])
REGIONS: Final = (MAIN, "eu-west-1")
SUBSCRIBER: Final = f"arn:aws:sqs:{MAIN}:{HUB}:pager"
# There is no trail: the config of an organization makes none.
ORGANIZATION: Final[dict[str, Any]] = {
    **{key: value for key, value in SETTINGS.items() if key != "trail"},
    "organization": {"id": "o-a1b2c3d4e5", "hub": HUB, "units": ["r-ab12"]},
    "alerts": {**SETTINGS["alerts"], "sqs": [SUBSCRIBER]},
}
OF_ANY_ACCOUNT: Final = (
    "EntranceChanged/silent-entitlement-on-a-role-of-another-account",
    "MonitoringTampered/silent-account-enable-region-of-another-account",
    "MonitoringTampered/silent-organizations-close-account-of-another",
    "MonitoringTampered/silent-organizations-move-another-account",
    "RoleChained/silent-own-role-again",
    "RoleDenied/silent-role-of-another-account",
    "RoleDenied/silent-role-of-another-account-without-a-reason",
)
"""Near misses because they are about another account, or its role: here those are watched as well.

A session that assumes its own role again is not told from one that assumes the role of another account.
"""
_NAMES_US: Final = "MonitoringTampered/raises-s3-denied-put-bucket-lifecycle"
"""The message holds our name, which is enough."""


# What the key is called on paper holds the name of the config, by which other rules would know the key as well.
_PAPER_KEY, _KEY = "break-glass-Key", "1234abcd-12ab-34cd-56ef-1234567890ab"


def event_in(sample: Path, account: str, region: str, rewrite: Callable[[str], str] = str) -> dict[str, Any]:
    """The event that EventBridge sees when the sample, its text rewritten, is recorded in an account and a region."""
    return recorded(rewrite(text_of(sample).replace(_PAPER_KEY, _KEY).replace(ACCOUNT, account)), region)


def about_role_in(account: str) -> Callable[[str], str]:
    """Make the text of a sample in the hub one about the role of another account."""

    def rewrite(text: str) -> str:
        return re.sub(rf"{HUB}(?=:(assumed-)?role/(ops/)?break-glass)", account, text, flags=re.IGNORECASE)

    return rewrite


def organization_files(**changes: Any) -> tuple[str, ...]:
    """The texts of main-region, stackset and accounts, with some of the settings changed."""
    files = files_of(config_of({**ORGANIZATION, **changes}))
    before, title, rule = files["main-region.yaml"].partition("  ForwardTamperingKey:")
    main = before + title + rule.replace("!Ref Key}", f"{_KEY}}}", 2).replace("!Sub '*/${Key}*'", f"'*/{_KEY}*'", 1)
    return main, files["stackset.yaml"], files["accounts.yaml"]


@cache
def organization_templates() -> TemplateSet:
    """The templates of the organization."""
    return template_files(*organization_files())


@cache
def account_of_organization(account: str) -> Simulator:
    """The hub, or an account that forwards to it."""
    return Simulator(*deploy(organization_templates(), account))


def means_nothing(sample: Path, account: str) -> bool:
    """Whether nothing has to come of a sample that raises something where there is one account."""
    if _is_of_the_bucket(sample) and title(sample) != _NAMES_US:
        return True
    # In the hub are the users, the key and the subscribers. Users of the same name elsewhere are other people.
    return account != HUB and (_is_of_users(sample) or is_of_the_key(sample) or "of-a-subscriber" in sample.stem)


def raises_in(sample: Path, account: str) -> bool:
    """Whether the sample raises its detection where an account of the organization records it."""
    return title(sample) in OF_ANY_ACCOUNT or (sample in RAISES and not means_nothing(sample, account))


def _is_of_the_bucket(sample: Path) -> bool:
    return sample.parent.name == "MonitoringTampered" and "bucket" in sample.stem


def _is_of_users(sample: Path) -> bool:
    source = record_of(json.loads(text_of(sample))).get("eventSource")
    is_entrance = sample.parent.name == "EntranceChanged" and source == "iam.amazonaws.com"
    return is_entrance or sample.parent.name == "UserSignIn"
