"""Files are written byte for byte, all of them or none, and nothing else is left in the folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cfn_breakglass.errors import OutputError
from cfn_breakglass.generation.files import as_policy, write_files

FILES = {"a.yaml": "one: é 漢字\ntwo: 2\n", "b.json": "{}\n"}


def test_files_are_the_same_bytes_on_every_system(tmp_path: Path) -> None:
    write_files(tmp_path / "new" / "folder", FILES)
    for name, text in FILES.items():
        assert (tmp_path / "new" / "folder" / name).read_bytes() == text.encode()


def test_all_files_are_replaced_or_none(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    (tmp_path / "c.txt").mkdir()
    with pytest.raises(OutputError, match="nothing was changed"):
        write_files(tmp_path, {"a.yaml": "other\n", "c.txt": "a folder is in the way\n"})
    assert (tmp_path / "a.yaml").read_text(encoding="utf-8") == FILES["a.yaml"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.yaml", "b.json", "c.txt"]


@pytest.mark.parametrize(("room", "readable"), [(0, True), (-1, False)])
def test_a_policy_is_readable_if_it_fits_blanks_and_all(room: int, *, readable: bool) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    spread_out = as_policy(policy, 10_000)
    assert "\n" in spread_out.strip()
    text = as_policy(policy, len(spread_out) + room)
    assert ("\n" in text.strip()) == readable
    assert json.loads(text) == policy
