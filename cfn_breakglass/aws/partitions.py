"""AWS's regions by partition: those that are enabled by default, and those that an account has to opt in to.

https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
"""

from __future__ import annotations

from typing import NamedTuple


class Partition(NamedTuple):
    """A partition: its regions, and the host names that it has instead of the usual ones."""

    name: str
    default: tuple[str, ...]
    opt_in: tuple[str, ...]
    signin_host: str
    url_suffix: str = "amazonaws.com"
    prefix: str = ""
    """What the names of its regions begin with, empty for the standard partition."""

    @property
    def console_host(self) -> str:
        """The host of the console, which a region and a dot precede."""
        return self.signin_host.replace("signin", "console", 1)

    @property
    def regions(self) -> frozenset[str]:
        return frozenset(self.default + self.opt_in)


PARTITIONS = (
    Partition(
        name="aws",
        default=(
            *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
            *("ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1"),
            *("us-east-1", "us-east-2", "us-west-1", "us-west-2"),
        ),
        opt_in=(
            *("af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4"),
            *("ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1"),
            *("eu-south-2", "il-central-1", "me-central-1", "me-south-1", "mx-central-1"),
        ),
        signin_host="signin.aws.amazon.com",
    ),
    Partition(
        name="aws-cn",
        default=("cn-north-1", "cn-northwest-1"),
        opt_in=(),
        signin_host="signin.amazonaws.cn",
        url_suffix="amazonaws.com.cn",
        prefix="cn-",
    ),
    Partition(
        name="aws-us-gov",
        default=("us-gov-east-1", "us-gov-west-1"),
        opt_in=(),
        signin_host="signin.amazonaws-us-gov.com",
        prefix="us-gov-",
    ),
    Partition(
        name="aws-eusc",
        default=("eusc-de-east-1",),
        opt_in=(),
        signin_host="signin.amazonaws-eusc.eu",
        url_suffix="amazonaws.eu",
        prefix="eusc-",
    ),
)

GLOBAL_REGION = "us-east-1"
"""Where the partition aws records the events of IAM, the global STS endpoint and the global sign-in page."""

CHAT_REGIONS = ("ap-southeast-1", "eu-west-1", "us-east-2", "us-west-2")
"""Where calls to Amazon Q Developer in chat applications are made, and so recorded; its resources have no region.

https://docs.aws.amazon.com/chatbot/latest/APIReference/Welcome.html
"""

NO_TEXT_MESSAGES = ("ap-east-1", "ap-northeast-2", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7")
"""Regions from which SNS sends no text messages: https://docs.aws.amazon.com/sns/latest/dg/sns-supported-regions-countries.html."""

_OTHER_PREFIXES = ("us-iso", "eu-iso")
"""What the names of regions begin with that are in none of these partitions."""

ALL_REGIONS = frozenset().union(*(partition.regions for partition in PARTITIONS))


def partition_of(region: str) -> Partition:
    """The partition ``region`` is in; raises KeyError for a region that this release does not know."""
    for partition in PARTITIONS:
        if region in partition.regions:
            return partition
    raise KeyError(region)


def partition_of_new(region: str) -> Partition | None:
    """The partition of a region that is newer than this release, by its name; None for one of no partition here."""
    if region.startswith(_OTHER_PREFIXES):
        return None
    matching = (partition for partition in PARTITIONS if partition.prefix and region.startswith(partition.prefix))
    return next(matching, PARTITIONS[0])
