"""One test over many cases, which names each that fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def assert_every(check: Callable[..., None], cases: Mapping[str, tuple[Any, ...]]) -> None:
    """Run a check with the arguments of every case; fail with the name of each case that fails, and why."""
    assert cases, "there is no case"
    failures: dict[str, Exception] = {}
    for name, arguments in cases.items():
        try:
            check(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, the case is named
            failures[name] = error
    if failures:
        reasons = [f"{name}: {type(error).__name__}: {str(error)[:1_000]}" for name, error in failures.items()]
        summary = f"{len(failures)} of {len(cases)} cases fail:"
        raise AssertionError("\n".join([summary, *reasons])) from next(iter(failures.values()))
