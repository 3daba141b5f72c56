"""The picture of the permissions is what its text says."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import draw_permissions as drawing  # noqa: E402

TEXT = drawing.SOURCE.read_text(encoding="utf-8")


def test_the_committed_picture_is_what_would_be_drawn() -> None:
    told = subprocess.run([sys.executable, str(ROOT / "tools" / "draw_permissions.py"), "--check"], capture_output=True, text=True,
                          check=False)
    assert told.returncode == 0, told.stdout
    assert drawing.draw(drawing.read(TEXT)) == drawing.draw(drawing.read(TEXT)) == drawing.PICTURE.read_text(encoding="utf-8")


def test_it_is_svg_and_everything_is_inside() -> None:
    root = xml.etree.ElementTree.fromstring(drawing.PICTURE.read_text(encoding="utf-8"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    _, _, width, height = (float(number) for number in root.attrib["viewBox"].split())
    for element in root.iter():
        for name, limit in (("x", width), ("x1", width), ("x2", width), ("y", height), ("y1", height), ("y2", height)):
            assert 0 <= float(element.attrib.get(name, 0)) <= limit, element.attrib
    said = " ".join("".join(element.itertext()) for element in root.iter())
    for word in ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:GetAuthorizationToken", "iam:PassRole"):
        assert word in said
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


@pytest.mark.parametrize("line", ["nonsense", "box x one 1", "arrow builds nowhere", "text " + "long " * 20, "account",
                                  "arrow builds repository\n  label " + "long " * 20])
def test_what_cannot_be_drawn_is_named(line: str) -> None:
    with pytest.raises(SystemExit, match=r"permissions.txt:\d+: cannot be read"):
        drawing.read(TEXT + line + "\n")


def test_a_box_has_to_fit_into_its_rows() -> None:
    more = TEXT.replace("box repository 1 2 3", "box repository 1 2 3\n" + "  text more\n" * 30)
    with pytest.raises(SystemExit, match="does not fit"):
        drawing.draw(drawing.read(more))
