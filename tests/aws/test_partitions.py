"""Regions and partitions as botocore knows them, which ships with the AWS SDK."""

from __future__ import annotations

import botocore.session
import pytest

from cfn_breakglass.aws.partitions import GLOBAL_REGION, PARTITIONS, Partition, partition_of

by_name = pytest.mark.parametrize("partition", PARTITIONS, ids=lambda partition: partition.name)


def known(partition: str) -> set[str]:
    """The regions of a partition, of which EventBridge is in every one."""
    return set(botocore.session.Session().get_available_regions("events", partition))


@by_name
def test_every_region_of_a_partition_is_known(partition: Partition) -> None:
    assert known(partition.name) <= partition.regions, known(partition.name) - partition.regions


@by_name
def test_a_region_is_on_by_default_or_opted_in_to_and_not_both(partition: Partition) -> None:
    assert not set(partition.default) & set(partition.opt_in)
    assert len(partition.regions) == len(partition.default) + len(partition.opt_in)
    assert all(partition_of(region) is partition for region in partition.regions)


@by_name
def test_a_region_belongs_to_the_partition_that_the_sdk_says(partition: Partition) -> None:
    session = botocore.session.Session()
    for region in partition.regions:
        assert session.get_partition_for_region(region) == partition.name, region


@by_name
def test_services_have_the_host_names_of_the_partition(partition: Partition) -> None:
    published = {
        each["id"]: each["outputs"] for each in botocore.session.Session().get_data("partitions")["partitions"]
    }
    assert published[partition.name]["dnsSuffix"] == partition.url_suffix


def test_the_regions_that_are_on_without_being_asked_for() -> None:
    """https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html: those of before 2019-03-20."""
    (aws,) = (partition for partition in PARTITIONS if partition.name == "aws")
    assert len(aws.default) == 17
    assert GLOBAL_REGION in aws.default
    assert not {"af-south-1", "ap-east-1", "eu-south-1", "me-south-1", "mx-central-1"} & set(aws.default)
