"""Pictures of what is printed, for the manual: ``make pictures``, then look at them.

The runbook of the documented config, the receipt of a drill and a golden report, as they are printed. What
prints them is in an environment of its own. No test compares pixels: fonts differ from machine to machine.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from dataclasses import replace
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from drill_examples import drill_example
from markdown_it import MarkdownIt
from paths import ROOT
from report_cases import GOLDEN_REPORTS
from samples import ACCOUNT
from tool_environments import kept_environment

from cfn_breakglass import load_config
from cfn_breakglass.guidance.runbook.formats import html
from cfn_breakglass.guidance.runbook.make import runbook_blocks
from cfn_breakglass.plan import make_plan

PICTURES: Final = ROOT / "docs" / "pictures"
_CONSTRAINTS: Final = Path(__file__).with_name("pictures-constraints.txt")
_IMPORTS: Final = "import weasyprint, pymupdf"
# Arguments: a page of HTML, the picture, and how many printed pages stand side by side in it.
_PRINT: Final = """
import sys
import pymupdf, weasyprint
page, picture, most = sys.argv[1], sys.argv[2], int(sys.argv[3])
document = pymupdf.open(stream=weasyprint.HTML(page).write_pdf())
count, box = min(most, len(document)), document[0].rect
sheet = pymupdf.open()
side_by_side = sheet.new_page(width=box.width * count, height=box.height)
for index in range(count):
    place = pymupdf.Rect(box.width * index, 0, box.width * (index + 1), box.height)
    side_by_side.show_pdf_page(place, document, index)
    side_by_side.draw_rect(place, color=(0.6, 0.6, 0.6), width=0.7)
side_by_side.get_pixmap(dpi=72, colorspace=pymupdf.csGRAY).save(picture)
print(f"{picture}: {count} of {len(document)} pages")
"""
# WeasyPrint reads no shorthand in a drawing.
_FONT: Final = re.compile(r"font: (\d+) ([\d.]+px) ([^;}]+)")
_RECEIPT: Final = """<!doctype html>
<meta charset="utf-8">
<style>
@page {{ size: 297mm 135mm; margin: 8mm 12mm }}
body {{ font: 8pt "Liberation Sans", Arial, sans-serif }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ border: 1px solid #999; padding: .2em .4em; text-align: left }} td:last-child {{ overflow-wrap: anywhere }}
td:nth-child(-n+6) {{ white-space: nowrap }}
</style>
<title>{title}</title>
{body}
"""


class Picture(NamedTuple):
    """A page of HTML, and how many of its printed pages are in the picture."""

    page: str
    pages: int


def pictures() -> dict[str, Picture]:
    """Every picture by its name."""
    config, _ = load_config(ROOT / "breakglass.yaml")
    plan = make_plan(replace(config, account_=ACCOUNT))
    written = {
        "contacts": "- Tickets: the queue SEC-EMERGENCY\n- Approves, and deputies: ____\n"
        "- Incident channel and phone: #incident, +1 555 0100\n- Has to be told: leadership, customers: ____"
    }
    runbook = html(runbook_blocks(plan, config_file="breakglass.yaml", lines={}), written)
    receipt = MarkdownIt("commonmark").enable("table").render(drill_example().markdown)
    return {
        "runbook": Picture(runbook, 3),
        "receipt": Picture(_RECEIPT.format(title=escape("Receipt"), body=receipt), 1),
        "report": Picture((GOLDEN_REPORTS / "use.html").read_text(encoding="utf-8"), 2),
    }


def main() -> None:
    """Print each page and draw it."""
    packages = ["weasyprint", "pymupdf"]
    python = kept_environment(
        "pictures",
        Path(sys.executable),
        platform.python_version(),
        packages=packages,
        constraints=_CONSTRAINTS,
        finish=_IMPORTS,
    )
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        for name, picture in pictures().items():
            page = Path(folder) / f"{name}.html"
            page.write_text(
                _FONT.sub(r"font-weight: \1; font-size: \2; font-family: \3", picture.page), encoding="utf-8"
            )
            arguments = [str(page), str(PICTURES / f"{name}.png"), str(picture.pages)]
            subprocess.run([python, "-c", _PRINT, *arguments], check=True)


if __name__ == "__main__":
    main()
