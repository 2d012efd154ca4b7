"""Whether a trail logs what alerts depend on, in every region: EventBridge gets no API call without one.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from cfn_breakglass.drill.aws import Aws, CallFailedError
from cfn_breakglass.drill.calls import DESCRIBE_TRAILS, GET_EVENT_SELECTORS, GET_TRAIL_STATUS
from cfn_breakglass.drill.observations import Observation, Subject
from cfn_breakglass.drill.parallel import in_parallel

TRAIL: Final = "trail"
_READ, _WRITE = "read", "write"
_READ_WRITE_TYPES: Final[Mapping[str, frozenset[str]]] = {
    "All": frozenset((_READ, _WRITE)),
    "ReadOnly": frozenset((_READ,)),
    "WriteOnly": frozenset((_WRITE,)),
}
_READ_ONLY_VALUES: Final[Mapping[str, str]] = {"true": _READ, "false": _WRITE}


class _Trail(NamedTuple):
    home: str
    is_of_organization: bool


_Trails = dict[str, _Trail]
"""ARN -> trail."""


def trail_observations(
    aws: Aws, account: str, regions: Iterable[str], members: Iterable[str] = ()
) -> list[Observation]:
    """An observation for each region: that one of its trails logs all management events, or why none does.

    Of ``members``, other accounts of the organization, whether a trail of the organization does.
    """
    trails = dict(in_parallel(partial(_trails_of, aws), regions))
    all_trails: _Trails = {}
    for found in trails.values():
        all_trails |= found if isinstance(found, dict) else {}
    lacking = dict(in_parallel(partial(_lacking, aws), all_trails.items()))
    looks = {account: _problems, **dict.fromkeys(members, _unknown_of_member)}
    return [
        observation
        for region, found in trails.items()
        for place, look in looks.items()
        for subject in [Subject(TRAIL, place, region)]
        for observation in subject.observe(partial(look, subject, found, lacking))
    ]


def _trails_of(aws: Aws, region: str) -> tuple[str, _Trails | CallFailedError]:
    """The trails that log in a region: its own, and those of other regions and of the organization that cover it.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html
    """
    try:
        trails = aws.call(DESCRIBE_TRAILS, region)["trailList"]
    except CallFailedError as error:
        return region, error
    return region, {
        trail["TrailARN"]: _Trail(trail["HomeRegion"], trail.get("IsOrganizationTrail", False)) for trail in trails
    }


def _lacking(aws: Aws, trail: tuple[str, _Trail]) -> tuple[str, list[str] | CallFailedError]:
    """What a trail lacks, in phrases."""
    arn, (home, _) = trail
    try:
        is_logging = aws.call(GET_TRAIL_STATUS, home, Name=arn)["IsLogging"]
        selectors = aws.call(GET_EVENT_SELECTORS, home, TrailName=arn)
    except CallFailedError as error:
        return arn, error
    return arn, [*([] if is_logging else ["is not logging"]), *selector_gaps(selectors)]


def _problems(
    subject: Subject, found: _Trails | CallFailedError, lacking: Mapping[str, list[str] | CallFailedError]
) -> Iterator[Observation]:
    """Why no trail of a region will do; nothing if one does. Raises CallFailedError if AWS does not say."""
    if isinstance(found, CallFailedError):
        raise found
    gaps = {arn: lacking[arn] for arn in found}
    if [] in gaps.values():
        return
    if not gaps:
        yield subject.problem("no trail logs in this region, so no call in it raises an event")
    for arn, gap in gaps.items():
        if isinstance(gap, CallFailedError):
            raise gap
        yield subject.problem(f"the trail {arn} {' and '.join(gap)}", arn)


def _unknown_of_member(
    subject: Subject, found: _Trails | CallFailedError, lacking: Mapping[str, list[str] | CallFailedError]
) -> Iterator[Observation]:
    """That no trail of the organization, which each of its accounts has, will do. Its own trails only a member sees.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
    """
    if isinstance(found, CallFailedError):
        raise found
    if not any(trail.is_of_organization and lacking[arn] == [] for arn, trail in found.items()):
        yield subject.unknown(
            "the hub sees no trail of the organization that logs all management events here, and not those of the"
            " account"
        )


def selector_gaps(selectors: Mapping[str, Any]) -> list[str]:
    """What GetEventSelectors says a trail leaves out of the management events, in phrases.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
    """
    kinds: set[str] = set()
    sources: set[str] = set()
    for selector in selectors.get("EventSelectors") or []:
        if selector.get("IncludeManagementEvents", True):
            kinds |= _READ_WRITE_TYPES[selector.get("ReadWriteType", "All")]
            sources |= {*selector.get("ExcludeManagementEventSources", [])}
    for selector in selectors.get("AdvancedEventSelectors") or []:
        advanced_kinds, advanced_sources = _advanced(selector["FieldSelectors"])
        kinds |= advanced_kinds
        sources |= advanced_sources
    gaps = [f"does not log {kind} events" for kind in (_READ, _WRITE) if kind not in kinds]
    return [*gaps, *(f"leaves out the events of {source}" for source in sorted(sources))]


def _advanced(fields: Iterable[Mapping[str, Any]]) -> tuple[set[str], set[str]]:
    """The kinds of management events that an advanced selector logs, and the sources that it leaves out.

    One that selects by anything else, such as the name of the event, logs no kind completely.
    """
    by_name = {field["Field"]: field for field in fields}
    if by_name.pop("eventCategory", {}).get("Equals") != ["Management"]:
        return set(), set()
    read_only = by_name.pop("readOnly", {}).get("Equals", [*_READ_ONLY_VALUES])
    source = by_name.pop("eventSource", {})
    if by_name or source.keys() - {"Field", "NotEquals"}:
        return set(), set()
    return {_READ_ONLY_VALUES[value] for value in read_only}, {*source.get("NotEquals", [])}
