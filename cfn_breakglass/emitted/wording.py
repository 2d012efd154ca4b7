"""Text for people: counted, shortened, and free of what a terminal would not just show."""

from __future__ import annotations

_GAP = "..."


def plain(text: str) -> str:
    """Text that a terminal only shows: what would move the cursor or change colours is spelled out."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def many(count: int, noun: str) -> str:
    """A count and its noun: 1 record, 2 records, no records."""
    return f"{f'{count:,}' if count else 'no'} {noun}{'' if count == 1 else 's'}"


def cut(text: str, most: int) -> str:
    """At most ``most`` characters of a text, from both ends: an ARN begins with the account and ends with the name."""
    if len(text) <= most:
        return text
    kept = max(most - len(_GAP), 2)
    return f"{text[: kept - kept // 2]}{_GAP}{text[-(kept // 2) :]}"
