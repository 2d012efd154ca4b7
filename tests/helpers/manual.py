"""The pages of the manual: their blocks, commands and links, and what ``make golden`` writes into them.

- ``console`` blocks hold commands of this repository, a command a line. Those of ``cfn-breakglass`` run in the order of
  the page, in a folder of the page's own. They exit with 0, or under ``<!-- exits N -->`` with N.
- ``yaml`` blocks are (parts of) configs; those under ``<!-- refused -->`` are refused, and those under
  ``<!-- file NAME -->`` are that file of the page's folder.
- A ``text`` block right after a console block is what its last command prints; after a config that is refused, it is
  what ``generate`` says about it. ``make golden`` writes it.
- ``sh`` blocks hold commands of the AWS CLI, which do not run.
- A table, or whatever else stands between ``<!-- name -->`` and ``<!-- end -->``, is made from the code if ``TABLES``
  has the name.
"""

from __future__ import annotations

import re
import shlex
import shutil
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, is_dataclass
from functools import cache, partial
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import Any, Final, NamedTuple

import click
from alert_examples import alert_sizes, demo_alert, json_example, organization_alert, text_examples
from click.testing import CliRunner, Result
from costs import (
    ONE_ACCOUNT_COLUMNS,
    ORGANIZATION,
    ORGANIZATION_COLUMNS,
    cost_rows,
    organization_cost_rows,
    price_rows,
    quota_rows,
)
from drill_examples import json_block, markdown_block, output_block, run_drill_command
from paths import EVENTS, GOLDEN, ROOT
from rejections import generate, inside
from report_cases import excerpt
from template_data import read_yaml

import cfn_breakglass
from cfn_breakglass.analysis.diagram.from_templates import picture_of
from cfn_breakglass.analysis.diagram.mermaid import mermaid
from cfn_breakglass.analysis.validation.finding_rules import FINDING_RULES
from cfn_breakglass.cli.app import cli
from cfn_breakglass.config.collection_types import section_keys
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.config.message_fields import FIELDS
from cfn_breakglass.config.model import DETECTIONS, Config
from cfn_breakglass.detections.catalog import detections
from cfn_breakglass.generation.generate import template_files
from cfn_breakglass.names import Names

MANUAL: Final = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PAGES: Final = (*MANUAL, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md")
_BLOCK: Final = re.compile(
    r"^(?:<!-- (?P<note>[^>\n]*) -->\n\n)?(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_INLINE: Final = re.compile(r"`([^`\n]+)`")
# The state of our rules; in the folder `edited` of each page, one has another.
ENABLED: Final = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
# What `simulate history` reads on every page.
_HISTORY: Final = {
    "assumed.json": EVENTS / "RoleAssumed" / "raises-user-of-the-same-account.json",
    "denied.json": EVENTS / "RoleDenied" / "raises-no-role-trust-policy.json",
}


class Block(NamedTuple):
    """A fenced block, and the note above it; ``start`` and ``end`` are the offsets of its text in the page."""

    language: str
    note: str
    text: str
    start: int
    end: int

    @property
    def lines(self) -> list[str]:
        """The commands of a block: a line that ends with a backslash goes on."""
        return self.text.replace("\\\n", " ").splitlines()

    @property
    def exit_code(self) -> int:
        return int(self.note.removeprefix("exits ")) if self.note.startswith("exits ") else 0


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    """A page as its test names it: docs/deploy.md."""
    return page.relative_to(ROOT).as_posix()


def blocks(text: str) -> list[Block]:
    return [
        Block(match["language"], match["note"] or "", dedent(match["text"]), match.start("text"), match.end("text"))
        for match in _BLOCK.finditer(text)
    ]


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return _BLOCK.sub("", text)


def inline_codes(text: str) -> list[str]:
    """What stands between single backticks, outside of blocks."""
    return _INLINE.findall(prose(text))


def commands(text: str) -> list[str]:
    """The commands in the console blocks of a page."""
    return [line for block in blocks(text) if block.language == "console" for line in block.lines]


def inline_commands(text: str) -> list[str]:
    return [code for code in inline_codes(text) if code.startswith("cfn-breakglass ")]


class Run(NamedTuple):
    """What became of a command of a page; ``block`` is where its output may stand."""

    command: str
    exit_code: int
    result: Result
    block: Block | None = None


@cache
def runs(text: str) -> list[Run]:
    """Run every command of ours on a page: those of its blocks in their order, then those between its lines."""
    with TemporaryDirectory() as folder, inside(Path(folder)):
        _furnish(Path(folder), text)
        return [*_runs_of_blocks(text), *(Run(command, 0, _run(command)) for command in inline_commands(text))]


def _runs_of_blocks(text: str) -> Iterator[Run]:
    for block in blocks(text):
        if block.language == "console":
            for line in block.lines:
                if line.startswith("cfn-breakglass "):
                    yield Run(line, block.exit_code, _run(line), block)


def _furnish(folder: Path, text: str) -> None:
    """Put into the folder what a reader of the page has: a history, a config unless the page makes one, its files."""
    (folder / "history").mkdir()
    for name, sample in _HISTORY.items():
        # The role of the samples has a path.
        (folder / "history" / name).write_text(read(sample).replace(":role/ops/", ":role/"), encoding="utf-8")
    if "cfn-breakglass init" not in commands(text):
        for name in ("breakglass.yaml", ".breakglass.schema.json"):
            shutil.copy(ROOT / name, folder)
        shutil.copytree(ROOT / "templates", folder / "templates")
    for block in blocks(text):
        if block.note.startswith("file "):
            path = folder / block.note.removeprefix("file ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
    shutil.copytree(ROOT / "templates", folder / "edited")
    stackset = folder / "edited" / "stackset.yaml"
    stackset.write_text(read(stackset).replace(f"State: {ENABLED}", "State: DISABLED", 1), encoding="utf-8")


def _run(command: str) -> Result:
    if command.startswith("cfn-breakglass drill") and "--policy" not in command:  # the command that talks to AWS
        return run_drill_command(command)
    return CliRunner(env={"COLUMNS": None}).invoke(cli, shlex.split(command)[1:], prog_name="cfn-breakglass")


def with_outputs(text: str) -> str:
    """The page with what its commands print, and what ``generate`` says about the configs that it refuses."""
    all_blocks = blocks(text)
    printed = {run.block.end: run.result.output for run in runs(text) if run.block}
    for block, output in reversed([*pairwise(all_blocks)]):
        if output.language != "text" or text[block.end : output.start] != "```\n\n```text\n":
            continue
        if block.note == "refused":
            answer = _refusal(block.text)
        elif block.end in printed:
            answer = printed[block.end]
        else:
            continue
        text = text[: output.start] + answer + text[output.end :]
    return text


def _refusal(config: str) -> str:
    with TemporaryDirectory() as folder:
        (Path(folder) / "config.yaml").write_text(config, encoding="utf-8")
        return generate(Path(folder), Path(folder) / "config.yaml").stderr


def _table(*head: str) -> Callable[[Iterable[tuple[str, ...]]], str]:
    """A maker of Markdown tables with these headings."""

    def table(rows: Iterable[tuple[str, ...]]) -> str:
        lines = (f"| {' | '.join(cells)} |" for cells in rows)
        return "\n".join([f"| {' | '.join(head)} |", "|---" * len(head) + "|", *lines])

    return table


def config_table() -> str:
    rows = ((f"`{key}`", default(field), field.metadata["about"]) for key, field in section_keys(Config))
    return _table("Key", "Default", "What it is")(rows)


def default(field: Any) -> str:
    """A default as YAML spells it; nothing for a section, whose keys have defaults of their own."""
    value = field.default if field.default_factory is MISSING else field.default_factory()
    if value is MISSING:
        return "required"
    if is_dataclass(value) or value is DETECTIONS or value is None:
        return ""
    if isinstance(value, tuple):
        return f"`[{', '.join(map(repr, value))}]`".replace("'", '"')
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def detection_table() -> str:
    config = config_of(
        {"main_region": "us-east-1", "usernames": ["alice"], "detections": dict.fromkeys(DETECTIONS, "log")}
    )
    by_id = {detection.id: detection.summary for detection in reversed(detections(config, Names.of(config)))}
    return _table("Detection", "What happened", "Default")(
        (id_, by_id[id_], level) for id_, level in DETECTIONS.items()
    )


def field_table() -> str:
    return _table("Field", "What it is")((f"`<{name}>`", field.about) for name, field in FIELDS.items())


def output_table() -> str:
    """The outputs of main-region.yaml in all golden cases, each with its description."""
    outputs: dict[str, str] = {}
    for path in sorted(GOLDEN.glob("*/main-region.yaml")):
        section = "Outputs:" + read(path).partition("\nOutputs:")[2]
        for name, output in read_yaml(section)["Outputs"].items():
            outputs.setdefault(name, output["Description"])
    return _table("Output", "What it is")((f"`{name}`", outputs[name]) for name in sorted(outputs))


def command_table() -> str:
    context = click.Context(cli)
    members = ((name, cli.get_command(context, name)) for name in cli.list_commands(context))
    rows = ((f"`{name}`", _first_sentence(member.help or "")) for name, member in members if member)
    return _table("Command", "What it does")(rows)


def library_table() -> str:
    members = ((name, getattr(cfn_breakglass, name)) for name in cfn_breakglass.__all__)
    return _table("Name", "What it is")((f"`{name}`", _first_sentence(member.__doc__)) for name, member in members)


def finding_table() -> str:
    about = "the page that the finding names"
    rows = ((f"`{id_}`", rule.summary, rule.remedy.replace("{about}", about)) for id_, rule in FINDING_RULES.items())
    return _table("ID", "What it finds", "What to do")(rows)


def alert_size_table() -> str:
    return _table("Rule", "Longest text", "Longest JSON")(alert_sizes())


def cost_table() -> str:
    return _table("A month", *ONE_ACCOUNT_COLUMNS)(cost_rows())


def organization_cost_table() -> str:
    return _table("A month", *ORGANIZATION_COLUMNS)(organization_cost_rows())


def price_table() -> str:
    return _table("Price", "For", "AWS's page, read on")(price_rows())


def organization_picture() -> str:
    with TemporaryDirectory() as folder:
        for name, text in template_files(config_of(ORGANIZATION)).items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        return f"```mermaid\n{mermaid(picture_of(Path(folder))).rstrip()}\n```"


def quota_table() -> str:
    return _table("What AWS limits", "To", "With 1,000 accounts", "AWS's page, read on")(quota_rows())


def make_table() -> str:
    targets = re.findall(r"^([\w-]+):.*?## (.+)$", read(ROOT / "Makefile"), re.MULTILINE)
    return _table("Target", "What it does")((f"`make {target}`", text) for target, text in targets)


def _layer_table(container: str) -> str:
    """The layers of an import contract, the highest first, each package with the first sentence about it."""
    contracts = tomllib.loads(read(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract.get("containers") == [container])
    names = [name.strip() for layer in layers for name in layer.split(":")]
    members = ((name, import_module(f"{container}.{name}")) for name in names)
    return _table("Package or module", "What it holds")(
        (f"`{name}`", _first_sentence(member.__doc__ or "")) for name, member in members
    )


def _first_sentence(text: str) -> str:
    paragraph = " ".join(text.partition("\n\n")[0].split()).replace("``", "`")
    return re.split(r"(?<=\.) (?=[A-Z])", paragraph)[0]


TABLES: Final[dict[str, Callable[[], str]]] = {
    "config": config_table,
    "detections": detection_table,
    "fields": field_table,
    "outputs": output_table,
    "commands": command_table,
    "library": library_table,
    "findings": finding_table,
    "make": make_table,
    "alert texts": text_examples,
    "alert json": json_example,
    "demo": demo_alert,
    "alert sizes": alert_size_table,
    "costs": cost_table,
    "quotas": quota_table,
    "organization alert": organization_alert,
    "organization picture": organization_picture,
    "organization costs": organization_cost_table,
    "prices": price_table,
    "report": excerpt,
    "drill output": output_block,
    "drill receipt": markdown_block,
    "drill json": json_block,
    "layers": partial(_layer_table, "cfn_breakglass"),
    "analysis": partial(_layer_table, "cfn_breakglass.analysis"),
}


def _place(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)


def with_tables(text: str) -> str:
    """The page with its tables as they have to be."""
    for name, table in TABLES.items():
        if found := _place(name).search(text):
            text = f"{text[: found.end(1)]}\n{table()}\n\n{text[found.start(2) :]}"
    return text


def table_rows(text: str, name: str) -> list[list[str]]:
    """The cells of the table ``name`` of a page, without its head."""
    found = _place(name).search(text)
    assert found, f"no table {name}"
    lines = [line for line in found[0].splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def refresh() -> None:
    """Write every table and output of every page."""
    for page in PAGES:
        page.write_text(with_outputs(with_tables(read(page))), encoding="utf-8")
