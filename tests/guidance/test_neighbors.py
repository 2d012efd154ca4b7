"""Warnings about another config whose parts and ours are taken for each other's."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfn_breakglass import load_config
from cfn_breakglass.guidance.neighbors import collisions

OURS = "name: bg\nmain_region: us-east-1\nusernames: [alice]\n"


def warned(folder: Path, **others: str) -> list[str]:
    """The warnings about a config in ``folder`` beside other files, of which __ in a name is a folder's end."""
    (folder / "breakglass.yaml").write_text(OURS, encoding="utf-8")
    for name, text in others.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    config, _ = load_config(folder / "breakglass.yaml")
    return list(collisions(folder / "breakglass.yaml", config))


@pytest.mark.parametrize("place", ["other", "folder__other"])
def test_another_config_of_the_same_name_collides(tmp_path: Path, place: str) -> None:
    (warning,) = warned(tmp_path, **{place: OURS})
    assert warning.startswith(f"name: {tmp_path / place.replace('__', '/')}.yaml has the name bg too; in one account")


@pytest.mark.parametrize("name", ["bg-failing-2", "bg-2", "bg2", "my-bg", "b"])
def test_a_name_that_contains_the_other_collides(tmp_path: Path, name: str) -> None:
    (warning,) = warned(tmp_path, other=OURS.replace("bg", f"'{name}'"))
    shorter, longer = sorted((name, "bg"), key=len)
    assert f"has the name {name}, and {longer} contains {shorter}; in one account" in warning


def test_names_apart_and_files_that_are_no_config_do_not_collide(tmp_path: Path) -> None:
    assert (
        warned(
            tmp_path,
            apart=OURS.replace("bg", "rescue"),
            template="# name: bg\nAWSTemplateFormatVersion: '2010-09-09'\nMetadata:\n  main_region: us-east-1\n",
            large=OURS + "#" * 200_000,
            deep__er__other=OURS,
        )
        == []
    )


def test_a_config_without_a_name_has_the_default_one(tmp_path: Path) -> None:
    assert warned(tmp_path, other="main_region: us-east-1\n") == []
    path = tmp_path / "third.yaml"
    path.write_text("main_region: eu-west-1\nusernames: [alice]\n", encoding="utf-8")
    (warning,) = collisions(path, load_config(path)[0])
    assert "other.yaml has the name break-glass too" in warning


def test_what_cannot_be_read_as_text_is_no_config(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"main_region: \xff\nname: bg")
    (tmp_path / "folder.yaml").mkdir()
    assert warned(tmp_path) == []


def test_configs_of_two_accounts_do_not_collide(tmp_path: Path) -> None:
    boundary = "role: {{permissions_boundary: 'arn:aws:iam::{}:policy/Boundary'}}\n"
    path = tmp_path / "ours.yaml"
    path.write_text(OURS + boundary.format("111122223333"), encoding="utf-8")
    other = tmp_path / "other.yaml"
    for account, count in (("444455556666", 0), ("111122223333", 1)):
        other.write_text(OURS + boundary.format(account), encoding="utf-8")
        assert len([*collisions(path, load_config(path)[0])]) == count
    for text in (OURS, OURS + "mistake: 1\n"):  # of any account, or nobody knows
        other.write_text(text, encoding="utf-8")
        assert len([*collisions(path, load_config(path)[0])]) == 1


def test_an_account_may_be_in_the_organization_of_another_config(tmp_path: Path) -> None:
    organization = "organization: {{id: {}, hub: '111122223333', units: [r-ab12]}}\n"
    ours, other = tmp_path / "ours.yaml", tmp_path / "other.yaml"
    ours.write_text(OURS + organization.format("o-a1b2c3d4e5"), encoding="utf-8")
    of_account = "account: '444455556666'\n"
    for text in (of_account, organization.format("o-a1b2c3d4e5")):
        other.write_text(OURS + text, encoding="utf-8")
        assert len([*collisions(ours, load_config(ours)[0])]) == 1, text
    other.write_text(OURS + organization.format("o-z9y8x7w6v5"), encoding="utf-8")
    assert [*collisions(ours, load_config(ours)[0])] == []
    ours.write_text(OURS + of_account, encoding="utf-8")
    assert len([*collisions(ours, load_config(ours)[0])]) == 1
