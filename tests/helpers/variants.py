"""Settings that differ from the usual ones of the samples, and what the samples become there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from samples import ACCOUNT, RAISES, SETTINGS, is_of_the_key, title

from cfn_breakglass.aws.partitions import PARTITIONS, partition_of
from cfn_breakglass.config.model import DETECTIONS

SSO_ROLE: Final = "AWSReservedSSO_BreakGlass_0123456789abcdef"
SSO_PATH: Final = "aws-reserved/sso.amazonaws.com/"


def unchanged(text: str) -> str:
    return text


def bucket_in(main: str) -> Callable[[str], str]:
    """Give the trail's bucket in a sample the name that it has with another main region."""
    return lambda text: text.replace(f"{ACCOUNT}-us-east-1", f"{ACCOUNT}-{main}")


def into(partition: str, main: str, other: str) -> Callable[[str], str]:
    """Move a sample to another partition: its ARNs, and its region to one of the two."""

    def move(text: str) -> str:
        moved = bucket_in(main)(text).replace("arn:aws:", f"arn:{partition}:").replace('"us-east-1"', f'"{main}"')
        return re.sub("|".join(PARTITIONS[0].regions), other, moved)

    return move


def into_permission_set(text: str) -> str:
    """Make the role of a sample that of a permission set whose home is us-east-1."""
    moved = text.replace("role/ops/break-glass", f"role/{SSO_PATH}{SSO_ROLE}")
    moved = moved.replace("assumed-role/break-glass/", f"assumed-role/{SSO_ROLE}/")
    # As IAM calls and their messages name a role.
    return re.sub(r'("roleName": "|: role )break-glass(?=[" ])', rf"\1{SSO_ROLE}", moved)


@dataclass(frozen=True)
class Variant:
    """Settings that differ from the usual, what samples become there, and those that mean something else there."""

    settings: dict[str, Any] = field(default_factory=dict)
    rewrite: Callable[[str], str] = unchanged
    except_for: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        return json.dumps({**SETTINGS, **self.settings})

    @property
    def main(self) -> str:
        return str(self.settings.get("main_region", SETTINGS["main_region"]))

    @property
    def regions(self) -> list[str]:
        """Every region that one of the two templates is for."""
        return [*partition_of(self.main).default]

    @property
    def secondary_region(self) -> str:
        """The region that stands for all but the main one."""
        return next(region for region in self.regions if region != self.main)

    def regions_for(self, sample: Path) -> list[str]:
        """The main region and another, or the only one where a sample can happen."""
        return [self.main] if is_of_the_key(sample) else [self.main, self.secondary_region]

    def samples(self, samples: list[Path]) -> list[Path]:
        """Those of ``samples`` that mean here what they usually mean."""
        return [sample for sample in samples if title(sample) not in self.except_for]


def in_partition(partition: str, main: str, other: str) -> Variant:
    alerts = {**SETTINGS["alerts"], "sqs": [f"arn:{partition}:sqs:{main}:{ACCOUNT}:pager"]}
    text_messages: frozenset[str] = frozenset()
    if partition == "aws-cn":  # there are none
        alerts["fallback"] = [endpoint for endpoint in alerts["fallback"] if not endpoint.startswith("+")]
        text_messages = frozenset(title(sample) for sample in RAISES if "sms" in sample.stem)
    return Variant({"main_region": main, "alerts": alerts}, into(partition, main, other), text_messages)


WILDCARDS_TELL_CASE_APART: Final = (
    "RoleDenied/raises-role-arn-in-other-case",
    "RoleDenied/raises-validation-error-role-arn-in-other-case",
)
# An existing role may be another stack's, so what CloudFormation does to roles alerts.
ANOTHER_STACKS_ROLE: Final = ("MonitoringTampered/logged-iam-delete-role-forwarder-by-cloudformation",)
USUAL: Final = Variant()
VARIANTS: Final = {
    "created": USUAL,
    "main region in Europe": Variant({"main_region": "eu-west-1"}, bucket_in("eu-west-1")),
    "existing, by bare name": Variant(
        {"role": {"existing": "break-glass"}},
        except_for=frozenset(
            [
                # Whatever its path: there is one role of the name.
                "RoleDenied/silent-same-name-under-another-path",
                # Where the message ends with it, the name alone tells.
                "RoleDenied/silent-role-of-another-account-without-a-reason",
                WILDCARDS_TELL_CASE_APART[1],
                *ANOTHER_STACKS_ROLE,
            ]
        ),
    ),
    "existing, by path and name": Variant(
        {"role": {"existing": "ops/break-glass"}}, except_for=frozenset(ANOTHER_STACKS_ROLE)
    ),
    "existing, by ARN": Variant(
        {"role": {"existing": f"arn:aws:iam::{ACCOUNT}:role/ops/break-glass"}},
        except_for=frozenset(ANOTHER_STACKS_ROLE),
    ),
    "permission set": Variant(
        {"role": {"permission_set": "BreakGlass"}},
        into_permission_set,
        except_for=frozenset(
            [
                # Samples of the role of that very permission set.
                *(f"{detection}/silent-identity-center" for detection in DETECTIONS),
                # The end of the name is not known, so every end is taken.
                "BackdoorCreated/silent-role-whose-name-begins-with-ours",
                "ConsoleSignIn/silent-switch-to-a-role-whose-name-begins-with-ours",
                "RoleActions/silent-role-whose-name-begins-with-ours",
                "RoleAssumed/silent-role-whose-name-begins-with-ours",
                "RoleAssumed/silent-path-that-ends-like-ours",
                "RoleChained/silent-role-whose-name-begins-with-ours",
                "RolePassed/silent-role-whose-name-begins-with-ours",
                "RoleDenied/silent-role-whose-name-begins-with-ours",
                "RoleDenied/silent-role-whose-name-begins-with-ours-and-a-reason",
                "RoleDenied/silent-validation-error-of-a-longer-name",
                *WILDCARDS_TELL_CASE_APART,
            ]
        ),
    ),
    "China": in_partition("aws-cn", "cn-north-1", "cn-northwest-1"),
    "GovCloud": in_partition("aws-us-gov", "us-gov-west-1", "us-gov-east-1"),
}
