"""Runs all tests of the plugin on several ComfyUIs, and writes the results to the table in README.md.

    python tests/versions.py /path/comfyui-0.3.75 /path/comfyui-0.33.0

Each folder has `app` (ComfyUI), `venv` (a Python with its packages and requirements-test.txt) and `frontend`. Rows of
other versions stay.
"""

from __future__ import annotations

import datetime
import os
import re
import subprocess
import sys
from pathlib import Path

PLUGIN = Path(__file__).resolve().parents[1]
README = PLUGIN / "README.md"
HEAD = "| ComfyUI | date | result |\n|---|---|---|\n"
_TABLE = re.compile(re.escape(HEAD) + r"((?:\|.*\n)*)")
_VERSION = re.compile(r"__version__ = \"([0-9.]+)\"")
_SUMMARY = re.compile(r"\d+ (?:passed|failed|errors?|skipped)")


def version_of(folder: Path) -> str:
    found = _VERSION.search((folder / "app" / "comfyui_version.py").read_text())
    if found is None:
        raise SystemExit(f"{folder}: app/comfyui_version.py names no version")
    return found[1]


def result_on(folder: Path) -> str:
    """`1234 passed`, or what failed."""
    done = subprocess.run(
        [folder / "venv" / "bin" / "python", "-m", "pytest", "tests", "-o", "addopts=--import-mode=importlib", "-q"],
        cwd=PLUGIN,
        env={**os.environ, "COMFY_TENANT_TEST_COMFYUI": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    print(done.stdout, file=sys.stderr)
    found = _SUMMARY.findall(done.stdout.strip().rpartition("\n")[2])
    return ", ".join(found) if found else f"pytest ended with code {done.returncode}"


def with_results(text: str, results: dict[str, str]) -> str:
    """README.md with these rows, `version` → `| version | date | result |`, the oldest version first."""
    found = _TABLE.search(text)
    if found is None:
        raise SystemExit(f"README.md has no table that begins with {HEAD.splitlines()[0]}")
    rows = {row.split("|")[1].strip(): row for row in found[1].splitlines()} | results
    ordered = sorted(rows, key=lambda version: tuple(map(int, version.split("."))))
    return text[: found.start()] + HEAD + "".join(rows[version] + "\n" for version in ordered) + text[found.end() :]


def main(folders: list[str]) -> int:
    if not folders:
        print(__doc__, file=sys.stderr)
        return 64
    today, results = datetime.datetime.now(datetime.timezone.utc).date().isoformat(), {}
    for folder in map(Path, folders):
        version = version_of(folder.resolve())
        results[version] = f"| {version} | {today} | {result_on(folder.resolve())} |"
        print(results[version])
        README.write_text(with_results(README.read_text(), results))
    return 0 if all("failed" not in row and "error" not in row for row in results.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
