#!/usr/bin/env python3
"""Draws docs/pictures/permissions.svg from docs/pictures/permissions.txt, which says how it is written.

    tools/draw_permissions.py            draws it anew
    tools/draw_permissions.py --check    exits 1 unless the file is what would be drawn

The same text gives the same bytes: nothing is measured but the number of characters in a line."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"
SOURCE, PICTURE = FOLDER / "permissions.txt", FOLDER / "permissions.svg"

BOX_WIDTH = 336
GAP = 190  # between two accounts; labels of arrows stand there
MARGIN = 24  # around the picture, and from an account's border to its boxes
ROW_GAP = 56  # between two rows: an arrow with its label
TOP = 104
LINE = 17
PADDING = 14
CHARACTER = 6.7  # of the text in boxes, at 11 px in a font with one width

STYLE = {
    "title": 'font-weight="bold" font-size="13" fill="#14213d"',
    "who": 'font-style="italic" font-size="12" fill="#555"',
    "allow": 'font-family="ui-monospace,Menlo,Consolas,monospace" font-size="11" fill="#14213d"',
    "text": 'font-size="12" fill="#333"',
}


@dataclass
class Box:
    name: str
    column: int
    row: int
    last_row: int
    is_note: bool
    lines: list[tuple[str, str]] = field(default_factory=list)
    top: float = 0
    height: float = 0

    @property
    def left(self) -> float:
        return MARGIN * 2 + (self.column - 1) * (BOX_WIDTH + 2 * MARGIN + GAP)

    @property
    def middle(self) -> float:
        return self.left + BOX_WIDTH / 2

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def needed(self) -> float:
        return 2 * PADDING + LINE * len(self.lines)


@dataclass
class Arrow:
    origin: str
    end: str
    both: bool = False
    labels: list[str] = field(default_factory=list)


@dataclass
class Picture:
    title: str = ""
    description: list[str] = field(default_factory=list)
    accounts: dict[int, str] = field(default_factory=dict)
    boxes: dict[str, Box] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)


def read(text: str) -> Picture:
    picture = Picture()
    for number, line in enumerate(text.splitlines(), 1):
        word, _, rest = line.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        try:
            _take(picture, word, rest)
        except (ValueError, KeyError, IndexError) as error:
            raise SystemExit(f"{SOURCE.name}:{number}: cannot be read: '{line.strip()}' ({error})") from error
    return picture


def _take(picture: Picture, word: str, rest: str) -> None:
    if word == "picture":
        picture.title = rest
    elif word == "describe":
        picture.description.append(rest)
    elif word == "account":
        column, _, name = rest.partition(" ")
        picture.accounts[int(column)] = name
    elif word in ("box", "note"):
        name, column, row, *last = rest.split()
        picture.boxes[name] = Box(name, int(column), int(row), int(last[0] if last else row), word == "note")
    elif word in STYLE:
        if len(rest) * CHARACTER > BOX_WIDTH - 2 * PADDING:
            raise ValueError("longer than a box is wide")
        list(picture.boxes.values())[-1].lines.append((word, rest))
    elif word == "arrow":
        origin, end = rest.split()
        if origin not in picture.boxes or end not in picture.boxes:
            raise ValueError("no such box")
        picture.arrows.append(Arrow(origin, end))
    elif word == "both":
        picture.arrows[-1].both = True
    elif word == "label":
        if len(rest) * CHARACTER > min(GAP, BOX_WIDTH / 2):
            raise ValueError("longer than there is room beside an arrow")
        picture.arrows[-1].labels.append(rest)
    else:
        raise ValueError("no such word")


def lay_out(picture: Picture) -> float:
    """Gives each box its place; returns the height of what holds them. Boxes of a row have one height."""
    boxes = picture.boxes.values()
    rows = max(box.last_row for box in boxes)
    heights = [max((box.needed for box in boxes if box.row == box.last_row == row), default=0.0) for row in range(1, rows + 1)]
    tops = [TOP + sum(heights[:row]) + ROW_GAP * row for row in range(rows)]
    for box in boxes:
        box.top = tops[box.row - 1]
        box.height = tops[box.last_row - 1] + heights[box.last_row - 1] - box.top
        if box.height < box.needed:
            raise SystemExit(f"{SOURCE.name}: box '{box.name}' does not fit into its rows")
    return tops[-1] + heights[-1]


def draw_text(x: float, y: float, style: str, text: str, anchor: str = "start") -> str:
    spaces = len(text) - len(text.lstrip())
    return (f'<text x="{x + spaces * CHARACTER:g}" y="{y:g}" text-anchor="{anchor}" {style}>'
            f"{escape(text.strip())}</text>")


def draw_box(box: Box) -> list[str]:
    border = 'fill="none"' if box.is_note else 'fill="#fff" stroke="#14213d"'
    drawn = [f'<rect x="{box.left:g}" y="{box.top:g}" width="{BOX_WIDTH}" height="{box.height:g}" rx="6" {border}/>']
    for number, (kind, text) in enumerate(box.lines):
        drawn.append(draw_text(box.left + PADDING, box.top + PADDING + LINE * (number + 0.75), STYLE[kind], text))
    return drawn


def draw_arrow(arrow: Arrow, boxes: dict[str, Box]) -> list[str]:
    """Across accounts from side to side, in one account up or down."""
    origin, end = boxes[arrow.origin], boxes[arrow.end]
    colour = "#b5451b" if arrow.both else "#14213d"
    style = f'stroke="{colour}" stroke-width="{2 if arrow.both else 1.5}" marker-end="url(#{"both" if arrow.both else "one"})"'
    label = f'font-size="12" fill="{colour}"'
    if origin.column == end.column:
        down = origin.row < end.row
        begin, stop = (origin.bottom, end.top - 2) if down else (origin.top, end.bottom + 2)
        drawn = [f'<line x1="{origin.middle:g}" y1="{begin:g}" x2="{origin.middle:g}" y2="{stop:g}" {style}/>']
        middle = (begin + stop) / 2 + 4 - LINE * (len(arrow.labels) - 1) / 2
        return drawn + [draw_text(origin.middle + 10, middle + LINE * number, label, text)
                        for number, text in enumerate(arrow.labels)]
    # At the height of the smaller of the two.
    small = min((origin, end), key=lambda box: (box.height, box.name))
    y = small.top + small.height / 2
    right = origin.column < end.column
    begin, stop = (origin.left + BOX_WIDTH, end.left - 2) if right else (origin.left, end.left + BOX_WIDTH + 2)
    drawn = [f'<line x1="{begin:g}" y1="{y:g}" x2="{stop:g}" y2="{y:g}" {style}/>']
    texts = arrow.labels + (["both sides allow it"] if arrow.both else [])
    above = len(arrow.labels)
    for number, text in enumerate(texts):
        shift = -LINE * (above - number - 1) - 8 if number < above else LINE
        slanted = label if number < above else f'{label} font-style="italic"'
        drawn.append(draw_text((begin + stop) / 2, y + shift, slanted, text, "middle"))
    return drawn


def draw_marker(name: str, colour: str) -> str:
    return (f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
            f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="{colour}"/></marker>')


def draw(picture: Picture) -> str:
    bottom = lay_out(picture) + MARGIN
    columns = max(picture.accounts)
    width = 2 * MARGIN + columns * (BOX_WIDTH + 2 * MARGIN) + (columns - 1) * GAP
    height = bottom + MARGIN
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        'font-family="Helvetica,Arial,sans-serif" role="img" aria-labelledby="title description">',
        f'<title id="title">{escape(picture.title)}</title>',
        f'<desc id="description">{escape(" ".join(picture.description))}</desc>',
        f'<!-- made of {SOURCE.name} by tools/{Path(__file__).name} -->',
        f'<defs>{draw_marker("one", "#14213d")}{draw_marker("both", "#b5451b")}</defs>',
        f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>',
        draw_text(MARGIN, 34, 'font-weight="bold" font-size="17" fill="#14213d"', picture.title),
    ]
    for column, name in sorted(picture.accounts.items()):
        left = MARGIN + (column - 1) * (BOX_WIDTH + 2 * MARGIN + GAP)
        drawn.append(f'<rect x="{left:g}" y="54" width="{BOX_WIDTH + 2 * MARGIN}" height="{bottom - 54:g}" rx="10" '
                     'fill="#eef2f7" stroke="#9aa7b8" stroke-dasharray="5 4"/>')
        drawn.append(draw_text(left + MARGIN, 80, 'font-weight="bold" font-size="14" fill="#4a5a70"', name))
    for box in picture.boxes.values():
        drawn += draw_box(box)
    for arrow in picture.arrows:
        drawn += draw_arrow(arrow, picture.boxes)
    return "\n".join([*drawn, "</svg>"]) + "\n"


def main(words: list[str]) -> int:
    drawn = draw(read(SOURCE.read_text(encoding="utf-8")))
    if words == ["--check"]:
        if not PICTURE.exists() or PICTURE.read_text(encoding="utf-8") != drawn:
            print(f"{PICTURE.name} is not what {SOURCE.name} says; run tools/{Path(__file__).name}")
            return 1
        return 0
    if words:
        print(__doc__, file=sys.stderr)
        return 2
    PICTURE.write_text(drawn, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
