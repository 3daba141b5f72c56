#!/usr/bin/env python3
"""Holds the shape of the C sources: which layer may include which, who may include a library, how
long a function or a file may be, and that nothing is left for later.

Prints what it finds, one finding a line, and exits 1 if there is any. Before that it is shown a
tree that breaks every rule, and fails unless it finds each breach."""

import pathlib
import re
import sys
import tempfile

# A layer and the layers that it may include.
LAYERS = {
    "runtime/base": {"runtime/base"},
    "runtime/http": {"runtime/base", "runtime/http"},
    "runtime/aws": {"runtime/base", "runtime/http", "runtime/aws"},
    "runtime/lambda": {"runtime/base", "runtime/http", "runtime/lambda"},
    "handlers": {"runtime/base", "runtime/http", "runtime/aws", "runtime/lambda", "handlers"},
    "cli": {"runtime/base", "runtime/http", "runtime/aws", "runtime/lambda", "handlers", "cli"},
}
# A library's headers and the files that may include them.
LIBRARIES = {
    r"curl/": r"runtime/http/http_curl\w*\.[ch]",
    r"openssl/": r"runtime/aws/sigv4\.c|runtime/http/http_curl_tls\.c",
    r"(cjson/)?cJSON\.h": r"runtime/base/json\.c",
    r"yaml\.h": r"cli/yaml/yaml\.c",
}
FUNCTION_LINES = 80
FILE_LINES = 500
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]')


def layer_of(path: str) -> str | None:
    return next((layer for layer in LAYERS if path.startswith(layer + "/")), None)


def check_includes(path: str, lines: list[str]) -> list[str]:
    findings = []
    layer = layer_of(path)
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        included = match.group(1)
        for library, allowed in LIBRARIES.items():
            if re.match(library, included) and not re.fullmatch(allowed, path):
                findings.append(f"{path}:{number}: {included} is included outside its own file")
        target = layer_of(included)
        if layer and target and target not in LAYERS[layer]:
            findings.append(f"{path}:{number}: {layer} includes {included}, which is above it")
        above = ("cli/", "tests/") if layer != "cli" else ("tests/",)
        if layer and (included.startswith(above) or
                      (included.startswith("bootstrap/") and (layer, included) != ("cli", "bootstrap/version.h"))):
            findings.append(f"{path}:{number}: {layer} includes {included}, which is above it")
    return findings


def check_lengths(path: str, lines: list[str]) -> list[str]:
    """clang-format puts a function's braces so that the body ends at the first '}' in column 0."""
    findings = []
    if len(lines) > FILE_LINES:
        findings.append(f"{path}: {len(lines)} lines, at most {FILE_LINES}")
    start = None
    for number, line in enumerate(lines, 1):
        if start is None and re.match(r"^[A-Za-z_].*\) \{$", line):
            start = number
        elif start is None and re.match(r"^ .*\) \{$", line) and opens_function(lines, number):
            start = number
        elif line == "}" and start is not None:
            if number - start + 1 > FUNCTION_LINES:
                findings.append(f"{path}:{start}: a function of {number - start + 1} lines, at most"
                                f" {FUNCTION_LINES}")
            start = None
    return findings


def opens_function(lines: list[str], number: int) -> bool:
    """Whether a line that closes a parameter list continues a declarator from column 0."""
    for line in reversed(lines[: number - 1]):
        if not line.strip() or line.startswith(("}", "#", "/")):
            return False
        if re.match(r"^[A-Za-z_]", line):
            return "(" in line and not line.rstrip().endswith((";", "{", "="))
    return False


def check_left_for_later(path: str, lines: list[str]) -> list[str]:
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    return [f"{path}:{n}: left for later: {line.strip()}" for n, line in enumerate(lines, 1)
            if marks.search(line)]


def check_tree(root: pathlib.Path) -> list[str]:
    findings = []
    for folder in ("bootstrap", "cli", "handlers", "runtime"):
        for file in sorted((root / folder).rglob("*.[ch]")):
            path = file.relative_to(root).as_posix()
            lines = file.read_text(encoding="utf-8").splitlines()
            findings += check_includes(path, lines)
            findings += check_lengths(path, lines)
            findings += check_left_for_later(path, lines)
    for file in sorted((root / "tests").rglob("*.[ch]")):
        lines = file.read_text(encoding="utf-8").splitlines()
        findings += check_left_for_later(file.relative_to(root).as_posix(), lines)
    return findings


def self_test() -> int:
    broken = {
        "runtime/base/a.c": '#include "runtime/http/http.h"\n',
        "runtime/http/b.c": '#include "handlers/config.h"\n',
        "runtime/lambda/c.c": '#include "runtime/aws/aws.h"\n',
        "handlers/d.c": "#include <curl/curl.h>\n",
        "handlers/e.c": "#include <openssl/hmac.h>\n",
        "runtime/aws/m.c": "#include <openssl/hmac.h>\n",
        "runtime/base/n.c": '#include "bootstrap/version.h"\n',
        "handlers/o.c": '#include "tests/require.h"\n',
        "tests/unit/base/p.c": "/* FIX" + "ME: later */\n",
        "handlers/q.c": '#include "cli/cli.h"\n',
        "cli/r.c": "#include <yaml.h>\n",
        "runtime/http/f.c": "#include <cjson/cJSON.h>\n",
        "runtime/base/g.c": "int f(void) {\n" + "    ;\n" * 80 + "}\n",
        "runtime/base/h.c": "int f(int a,\n      int b) {\n" + "    ;\n" * 80 + "}\n",
        "runtime/base/i.c": "\n" * 501,
        "runtime/base/j.c": "/* TO" + "DO: later */\n",
    }
    fine = {
        "cli/s.c": '#include "bootstrap/version.h"\n#include "handlers/config.h"\n',
        "handlers/k.c": '#include "runtime/aws/aws.h"\n',
        "runtime/http/http_curl.c": "#include <curl/curl.h>\n",
        "runtime/base/l.c": "int f(void) {\n" + "    ;\n" * 78 + "}\n",
    }
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in {**broken, **fine}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        found = {finding.split(":")[0] for finding in check_tree(root)}
    wrong = found.symmetric_difference(broken)
    for path in sorted(wrong):
        print(f"self-test: {path} was {'not found' if path in broken else 'found wrongly'}")
    return 1 if wrong else 0


def main() -> int:
    if self_test():
        return 1
    findings = check_tree(pathlib.Path(__file__).resolve().parent.parent)
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
