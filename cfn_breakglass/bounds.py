"""Where a call may come from and when: networks as AWS sees them, and moments."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

import yaml

from cfn_breakglass.report import YAML_TAG, Report, is_kind
from cfn_breakglass.settings import INVALID, Text, Wrong

_MOMENT: Final = (
    r"2[0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2})",
    "write the day, the time and Z for UTC, such as 2030-01-31T03:00:00Z",
)
_NETWORK: Final = (
    r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:/[0-9]{1,2})?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:/[0-9]{1,3})?",
    "write one such as 203.0.113.0/24, 203.0.113.7 or 2001:db8::/32",
)
# What AWS never sees a call come from; Python's own idea of private takes in the addresses of examples too.
_PRIVATE: Final = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("fc00::/7", "fe80::/10", "::1/128"),
)


def _network(text: str) -> Wrong | None:
    from ipaddress import ip_interface, ip_network

    if not re.fullmatch(_NETWORK[0], text):
        return None
    try:
        given = ip_interface(text)
    except ValueError:
        return f"is {text!r}, which is not a network", _NETWORK[1]
    network = given.network
    if not network.prefixlen:
        return f"is {text!r}, which is every address", "leave role.trust.source_ips out to ask for none"
    if given.ip != network.network_address:
        return f"is {text!r}, an address in {network}", f"write {network}, or the address alone: {given.ip}"
    private = [ip_network(one) for one in _PRIVATE]
    if any(network[0] in one and network[-1] in one for one in private):
        reason = "a private network, which no call reaches AWS from"
        return f"is {text!r}, {reason}", "write the public addresses of your network's way out"
    return None


def _moment(text: str) -> Wrong | None:
    if re.fullmatch(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", text):
        return f"is {text}, a day without a time", f"write the time too, such as {text}T00:00:00Z"
    if re.fullmatch(_MOMENT[0], text):
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return f"is {text}; there is no such time", _MOMENT[1]
    return None


NETWORK: Final = Text("a network or an address", *_NETWORK, judge=_network)


_WRITTEN: Final = Text("a time", *_MOMENT, judge=_moment)


class Moment:
    """A moment, in quotes or not: YAML reads one without as a time. Held in UTC, as IAM takes it."""

    def read(self, node: yaml.Node, key: str, report: Report) -> Any:
        if is_kind(node, "timestamp"):
            node = yaml.ScalarNode(f"{YAML_TAG}str", node.value, node.start_mark, node.end_mark)
        text = _WRITTEN.read(node, key, report)
        if text is INVALID:
            return INVALID
        return datetime.fromisoformat(text).astimezone(UTC).isoformat().replace("+00:00", "Z")

    def schema(self) -> dict[str, Any]:
        return _WRITTEN.schema()
