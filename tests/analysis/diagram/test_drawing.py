"""A drawing that any viewer can show: whatever the names, and whichever of the usual fonts there is."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cfn_breakglass import config_of, output_files
from cfn_breakglass.analysis.diagram.from_templates import picture_of
from cfn_breakglass.analysis.diagram.svg import svg

SVG = "{http://www.w3.org/2000/svg}"
# A letter of Menlo, Consolas and Liberation Mono is 0.55 to 0.602 em wide.
MONOSPACED = 0.602
SETTINGS = {
    "main_region": "us-east-1",
    "regions": ["eu-west-1"],
    "role": {
        "trust": {
            "oidc_provider": "arn:aws:iam::111122223333:oidc-provider/idp.example.com",
            "oidc_subjects": ["a&b<c>'d'"],
        }
    },
    "alerts": {"emails": ["ops@example.com"]},
}


@pytest.fixture(scope="module")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> ET.Element:
    folder: Path = tmp_path_factory.mktemp("templates")
    for name, text in output_files(config_of(SETTINGS)).items():
        (folder / name).write_text(text, encoding="utf-8")
    return ET.fromstring(svg(picture_of(folder)))  # noqa: S314 - our own drawing


def test_names_that_mean_something_in_xml_are_text(drawing: ET.Element) -> None:
    description = drawing.find(f"{SVG}desc")
    assert description is not None
    assert "a&b<c>'d'" in str(description.text)
    assert any("a&b<c>'d'" in str(text.text) for text in drawing.iter(f"{SVG}text"))


def test_names_in_a_monospaced_font_stay_within_their_cards(drawing: ET.Element) -> None:
    style = "".join(str(each.text) for each in drawing.iter(f"{SVG}style"))
    sizes = {
        css: float(style.partition(f".{css} {{ font: ")[2].split()[1].removesuffix("px")) for css in ("name", "rule")
    }
    cards = [
        [float(card.get(key, "0")) for key in ("x", "y", "width", "height")] for card in drawing.iter(f"{SVG}rect")
    ]
    measured = 0
    for text in (each for each in drawing.iter(f"{SVG}text") if each.get("class") in sizes):
        x, y = float(text.get("x", "")), float(text.get("y", ""))
        right = x + len(str(text.text)) * sizes[text.get("class", "")] * MONOSPACED
        around = [card for card in cards if card[0] <= x <= card[0] + card[2] and card[1] <= y <= card[1] + card[3]]
        inner = min(around, key=lambda card: card[2])
        assert right <= inner[0] + inner[2], text.text
        measured += 1
    assert measured > 10
