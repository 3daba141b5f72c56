"""Writes a zip whose bytes depend on its files alone: sorted names, one date, fixed modes.

    python3 tools/zip.py OUT.zip NAME=PATH…     a PATH that is a folder gives NAME/<each file in it>
"""

import sys
import zipfile
from pathlib import Path

# The earliest date that the format knows.
DATE = (1980, 1, 1, 0, 0, 0)


def entries(arguments: list[str]) -> list[tuple[str, Path]]:
    found: list[tuple[str, Path]] = []
    for argument in arguments:
        name, _, given = argument.partition("=")
        path = Path(given)
        if path.is_dir():
            found += [(f"{name}/{file.name}", file) for file in path.iterdir()]
        else:
            found.append((name, path))
    return sorted(found)


def main() -> None:
    out = Path(sys.argv[1])
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in entries(sys.argv[2:]):
            info = zipfile.ZipInfo(name, DATE)
            info.create_system = 3
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o100755 if "/" not in name else 0o100644) << 16
            archive.writestr(info, path.read_bytes())
    part.replace(out)


if __name__ == "__main__":
    main()
