"""How much the tests do: ``make test`` a choice that takes two minutes, ``make test-all`` everything.

A test that only the long run needs is marked ``thorough``, with the words for what it adds. A property test takes its
number of examples from ``examples``; an input that is large for its own sake takes its size from ``size``.
"""

from __future__ import annotations

from typing import Final

from hypothesis import HealthCheck, settings

QUICK: Final = "quick"
THOROUGH: Final = "thorough"
_SLOW: Final = (HealthCheck.too_slow, HealthCheck.filter_too_much)

# Both runs try the same examples each time: whoever changes nothing sees nothing new.
settings.register_profile(QUICK, max_examples=20, deadline=None, derandomize=True, suppress_health_check=_SLOW)
settings.register_profile(
    THOROUGH, max_examples=200, deadline=None, derandomize=True, print_blob=True, suppress_health_check=_SLOW
)


def choose(*, everything: bool) -> None:
    """Load the profile; test modules read it when they are imported."""
    settings.load_profile(THOROUGH if everything else QUICK)


def is_thorough() -> bool:
    """Whether this is the long run."""
    return settings.get_current_profile_name() == THOROUGH


def examples(quick: int, thorough: int) -> settings:
    """The settings of a property test that needs another number of examples than the profile says."""
    return settings(max_examples=size(quick, thorough))


def size(quick: int, thorough: int) -> int:
    """The size of an input, or a number of rounds."""
    return thorough if is_thorough() else quick
