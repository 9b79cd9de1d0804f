"""Every snippet of the documentation runs, and what it says it prints is printed."""

from __future__ import annotations

import io
import logging
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any, NamedTuple

import pytest
from octane_client.compat.config import KEYS
from octane_client.testing import Sandbox

from plugin import plugin

ROOT = pathlib.Path(__file__).parents[3]
PAGES = [ROOT / "docs" / "python.md", ROOT / "crates" / "octane-python" / "README.md", ROOT / "README.md"]
FRAME_LIBRARIES = re.compile(r"\bimport (pandas|polars|pyarrow|duckdb)\b")
PRINTED = re.compile(r"print\(.*\)  # (.+)$", re.MULTILINE)


def name_of(page: pathlib.Path) -> str:
    return page.relative_to(ROOT).as_posix()


class Block(NamedTuple):
    line: int
    code: str


class Section(NamedTuple):
    page: pathlib.Path
    title: str
    blocks: list[Block]


def sections(page: pathlib.Path) -> list[Section]:
    """The sections of a page that have snippets. Snippets of one section share their names."""
    found = [Section(page, "", [])]
    fence: tuple[int, str, list[str]] | None = None
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if fence is None and line.startswith("## "):
            found.append(Section(page, line[3:], []))
        elif fence is None and line.startswith("```"):
            fence = (number, line[3:].strip(), [])
        elif line.startswith("```") and fence is not None:
            start, language, lines = fence
            if language == "python":
                found[-1].blocks.append(Block(start, "\n".join(lines) + "\n"))
            fence = None
        elif fence is not None:
            fence[2].append(line)
    assert fence is None, f"{page}: the block in line {fence} has no end"
    return [section for section in found if section.blocks]


SECTIONS = [section for page in PAGES for section in sections(page)]


def parameter(section: Section) -> Any:
    needs_frames = any(FRAME_LIBRARIES.search(block.code) for block in section.blocks)
    marks = pytest.mark.frames if needs_frames else ()
    return pytest.param(section, id=f"{name_of(section.page)}: {section.title}", marks=marks)


@pytest.fixture
def environment(sandbox: Sandbox, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {**sandbox.env, "OCTANE_SPOOL": str(tmp_path / "spool"), "NO_PROXY": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reports").mkdir()
    for name in ("one", "two"):
        report = f'<testsuite name="s"><testcase name="{name}" classname="C" time="0.1"/></testsuite>'
        (tmp_path / "reports" / f"TEST-{name}.xml").write_text(report)
    logger = logging.getLogger("octane.http")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.mark.parametrize("section", [parameter(section) for section in SECTIONS])
def test_the_snippets_of_a_section_run(section: Section, environment: None) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    run = 0
    for block in section.blocks:
        if "def test_" in block.code:
            run_tests(block)
        else:
            # A traceback shows the line of the page.
            code = compile("\n" * block.line + block.code, section.page, "exec", dont_inherit=True)
            with redirect_stdout(io.StringIO()) as output:
                exec(code, names)
            printed = output.getvalue().splitlines()
            for expected in PRINTED.findall(block.code):
                assert expected in printed, f"{name_of(section.page)}:{block.line}: {expected!r} is not in {printed}"
        run += 1
    assert run == len(section.blocks)


def run_tests(block: Block) -> None:
    pathlib.Path("test_snippet.py").write_text(block.code)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin(), "--octane", "test_snippet.py"]
    ended = subprocess.run(command, env=os.environ, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{block.code.count('def test_')} passed" in ended.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: name_of(page))
def test_every_snippet_of_a_page_is_run(page: pathlib.Path) -> None:
    text = page.read_text(encoding="utf-8")
    # Whatever looks like Python counts, so that a fence with further words is not passed over.
    found = len(re.findall(r"^\s*(?:```+|~~~+)\s*\{?\.?py", text, re.MULTILINE | re.IGNORECASE))
    assert found == sum(len(section.blocks) for section in SECTIONS if section.page == page) > 0


def test_the_page_lists_all_settings_of_the_older_classes() -> None:
    text = PAGES[0].read_text(encoding="utf-8")
    for setting, names in KEYS.items():
        row = f"| `{setting}` | {', '.join(f'`{name}`' for name in names)} |"
        assert row in text, row


def test_the_page_has_a_row_for_each_older_method() -> None:
    from test_compat import METHODS, REQUIRED, SIGNATURES

    text = PAGES[0].read_text(encoding="utf-8")
    for kind, name in METHODS:
        parameters = [
            name if default is REQUIRED else f"{name}={default!r}" for name, default in SIGNATURES[kind][name]
        ]
        called = kind.__name__ if name == "__init__" else name
        assert f"| `{called}({', '.join(parameters)})` |" in text, f"{called}({', '.join(parameters)})"
