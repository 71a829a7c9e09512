"""The table of ComfyUI versions in README.md."""

import pytest
from versions import HEAD, README, version_of, with_results

ROW = "| 0.3.75 | 2026-11-25 | 9 passed |"


def test_rows_are_added_replaced_and_sorted_by_version():
    text = f"before\n\n{HEAD}| 0.33.0 | 2026-01-01 | 1 failed |\n\nafter\n"
    once = with_results(text, {"0.3.75": ROW})
    assert once == f"before\n\n{HEAD}{ROW}\n| 0.33.0 | 2026-01-01 | 1 failed |\n\nafter\n"
    again = with_results(once, {"0.33.0": "| 0.33.0 | 2026-11-25 | 9 passed |"})
    assert again == f"before\n\n{HEAD}{ROW}\n| 0.33.0 | 2026-11-25 | 9 passed |\n\nafter\n"


def test_the_readme_has_the_table():
    assert with_results(README.read_text(), {}) == README.read_text()


def test_a_folder_without_a_version_and_a_page_without_the_table_are_errors(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "comfyui_version.py").write_text("x = 1\n")
    with pytest.raises(SystemExit, match="names no version"):
        version_of(tmp_path)
    with pytest.raises(SystemExit, match="has no table"):
        with_results("nothing", {})
