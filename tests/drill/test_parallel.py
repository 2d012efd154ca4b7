"""Work in many regions at a time: every result arrives, and so does an error."""

from __future__ import annotations

import pytest

from cfn_breakglass.drill.parallel import in_parallel


def test_every_task_has_its_result() -> None:
    assert sorted(in_parallel(lambda number: number * number, range(100))) == [number * number for number in range(100)]
    assert list(in_parallel(str, [])) == []


def test_what_the_work_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_parallel(lambda number: 1 // number, [1, 0]))
