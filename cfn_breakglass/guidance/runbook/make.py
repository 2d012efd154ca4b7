"""A config and its templates in, a runbook out; and the runbook that is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import count
from pathlib import Path
from shutil import copy2
from typing import Final, NamedTuple

from cfn_breakglass.analysis.template.template_files import TemplateFile, template_file
from cfn_breakglass.analysis.trust.decision import TrustDescription, describe_trust
from cfn_breakglass.analysis.trust.trusted_role import role_of_templates
from cfn_breakglass.errors import EditedFileError, OutputError
from cfn_breakglass.generation.generate import YAML, GeneratedFile, GeneratedTemplates, generate_files
from cfn_breakglass.guidance.runbook.blanks import RunbookBlock, check_html, check_markdown, read_blanks
from cfn_breakglass.guidance.runbook.contents import contents
from cfn_breakglass.guidance.runbook.formats import html, markdown
from cfn_breakglass.plan import Plan

FORMATS: Final[Mapping[str, Callable[[Iterable[RunbookBlock], Mapping[str, str]], str]]] = {
    "markdown": markdown,
    "html": html,
}
SUFFIXES: Final = {"markdown": ".md", "html": ".html"}


def runbook_blocks(plan: Plan, *, config_file: str, lines: Mapping[str, int]) -> list[RunbookBlock]:
    """What a runbook says. ConfigError if the config makes no templates that AWS would take."""
    templates = generate_files(plan, YAML, file=config_file, lines=lines).templates
    trust = _trust(templates) if plan.config.role.created else None
    return list(contents(plan, trust, Path(config_file).name))


def _trust(templates: GeneratedTemplates) -> TrustDescription:
    """What the template that makes the role says of who gets in."""
    accounts = templates.accounts and _template_file(templates.accounts)
    return describe_trust(role_of_templates(_template_file(templates.main_region), accounts))


def _template_file(file: GeneratedFile) -> TemplateFile:
    return template_file(file.text, file.name)


class Previous(NamedTuple):
    """The runbook that is there: what people wrote into its blanks, and every change that would be lost."""

    written: Mapping[str, str]
    edits: tuple[EditedFileError, ...]


def previous_runbook(path: Path, form: str) -> Previous:
    """The runbook at ``path``, which need not exist. An HTML file has the blanks of the Markdown file beside it."""
    markdown_path = path.with_suffix(SUFFIXES["markdown"]) if form == "html" else path
    written: dict[str, str] = {}
    edits = []
    text = _read(markdown_path)
    if text is not None:
        try:
            written = read_blanks(text, str(markdown_path))
            check_markdown(text, str(markdown_path))
        except EditedFileError as error:
            edits.append(error)
    if form == "html" and (page := _read(path)) is not None:
        try:
            check_html(page, str(path))
        except EditedFileError as error:
            edits.append(error)
    return Previous(written, tuple(edits))


def set_aside(path: Path) -> Path:
    """Copy a file to a name that is free, and give that."""
    for number in count(1):
        copy = path.with_name(f"{path.name}.{number}.old")
        if not copy.exists():
            break
    try:
        copy2(path, copy)
    except OSError as error:
        raise OutputError(f"{copy}: it cannot be written: {error.strerror}\n  nothing was changed") from None
    return copy


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"{path}: it cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise OutputError(f"{path}: it is not UTF-8 text\n  nothing was changed; save it as UTF-8") from None
