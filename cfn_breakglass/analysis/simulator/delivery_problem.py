"""Why AWS would drop an event or a notification, as data."""

from __future__ import annotations

from typing import NamedTuple


class DeliveryProblem(NamedTuple):
    """Why something does not arrive: a sentence, and where to mend it.

    ``code`` is the kind of problem. ``template`` and ``logical_id`` are those of the resource to change; both are empty
    where no template makes it, for instance a bus that is missing. ``about`` is the one fact that the code leaves
    open, such as the ARN of that bus.
    """

    code: str
    message: str
    template: str = ""
    logical_id: str = ""
    about: str = ""

    def __str__(self) -> str:
        return self.message


class BrokenPathError(Exception):
    """A path that cannot be followed to its end, and the problem that ends it."""

    def __init__(self, problem: DeliveryProblem) -> None:
        self.problem = problem
        super().__init__(problem.message)
