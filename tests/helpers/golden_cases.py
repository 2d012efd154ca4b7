"""Write the golden files anew: ``make golden``, then review the diff."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import manual
import pytest
import rejections
import report_cases
import runbooks
from paths import GOLDEN, ROOT, STARTER

from cfn_breakglass import load_config, output_files
from cfn_breakglass.analysis.diagram.from_templates import picture_of
from cfn_breakglass.analysis.diagram.svg import svg
from cfn_breakglass.analysis.trust.decision import describe_trust
from cfn_breakglass.analysis.trust.trust_text import description_lines
from cfn_breakglass.analysis.trust.trusted_role import read_trusted_role
from cfn_breakglass.config.json_schema import schema_text

CASES = sorted(path.parent for path in GOLDEN.glob("*/breakglass.yaml"))


def quickly(*names: str, cases: Iterable[Path] = CASES, adds: str) -> list[Any]:
    """The cases as parameters of a test: those of ``names`` always, the others in the long run, which ``adds`` that."""
    unknown = set(names) - {case.name for case in cases}
    assert not unknown, f"there is no golden case of these names: {unknown}"
    thorough = pytest.mark.thorough(adds)
    return [pytest.param(case, marks=[] if case.name in names else [thorough], id=case.name) for case in cases]


def templates_folder(case: Path) -> Path:
    """Where the committed templates of a case are; those of the documented config have a folder of their own."""
    return case / "templates" if case == ROOT else case


def golden_files(case: Path) -> dict[str, str]:
    """File name -> text, of everything that the config in ``case`` makes."""
    config, lines = load_config(case / "breakglass.yaml")
    return output_files(config, file=str(case / "breakglass.yaml"), lines=lines)


def trust_text(case: Path) -> str:
    """What the trust policy in the templates of ``case`` says, which create a role."""
    return "\n".join(description_lines(describe_trust(read_trusted_role(case)))) + "\n"


def refresh() -> None:
    """Write every golden file."""
    for case in CASES:
        for name, text in golden_files(case).items():
            (case / name).write_text(text, encoding="utf-8")
        if (case / "trust.txt").exists():
            (case / "trust.txt").write_text(trust_text(case), encoding="utf-8")
    (ROOT / ".breakglass.schema.json").write_text(schema_text(), encoding="utf-8")
    (ROOT / "breakglass.yaml").write_bytes(STARTER.read_bytes())
    for name, text in golden_files(ROOT).items():
        (ROOT / "templates" / name).write_text(text, encoding="utf-8")
    (ROOT / "templates" / "diagram.svg").write_text(svg(picture_of(ROOT / "templates")), encoding="utf-8")
    for path, text in runbooks.golden_runbooks().items():
        path.write_text(text, encoding="utf-8")
    rejections.refresh()
    report_cases.refresh()
    manual.refresh()


if __name__ == "__main__":
    refresh()
