"""Tasks run side by side, and none begins after an end."""

from __future__ import annotations

import threading
import time

import pytest

from cfn_breakglass.drill.parallel import in_parallel


def test_each_task_has_a_result() -> None:
    assert sorted(in_parallel(lambda number: number * 2, range(50))) == [number * 2 for number in range(50)]


def test_no_task_has_none() -> None:
    assert list(in_parallel(str, [])) == []


def test_tasks_run_side_by_side() -> None:
    barrier = threading.Barrier(8, timeout=10)
    assert len(list(in_parallel(lambda _: barrier.wait(), range(8)))) == 8


def test_an_error_is_raised_where_the_result_is_wanted() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_parallel(lambda number: 1 // number, [0]))


def test_after_an_end_no_task_begins() -> None:
    begun, go_on = [], threading.Event()

    def work(number: int) -> int:
        begun.append(number)
        if number:
            go_on.wait(10)
        return number

    results = in_parallel(work, range(100))
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]  # it is a generator
    go_on.set()
    time.sleep(0.2)
    assert len(begun) < 100
