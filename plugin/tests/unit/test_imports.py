"""Import rules for the plugin, as test/imports.test.ts has them for src/."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "comfyui_tenant"
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py"))
# Pure modules, and what they may import from the plugin.
PURE = {
    "attributes": {"comfyui"},
    "confinement": set(),
    "day_limits": {"comfyui"},
    "durations": {"comfyui"},
    "identity": {"context", "tenant_path", "verifier"},
    "policy": set(),
    "prompt_body": {"comfyui"},
    "rights": {"verifier"},
    "shares": set(),
    "tenant_path": set(),
    "token_key": set(),
    "turns": set(),
    "verifier": {"comfyui", "context", "tenant_path", "token_key"},
}
# ComfyUI's own modules can be imported only inside functions: the plugin loads before them.
COMFYUI = {"app", "comfy", "comfy_execution", "comfyui_version", "execution", "folder_paths", "nodes", "server"}


def imported_by(module: str) -> set[str]:
    """Modules of the plugin that a module imports, except for type checking only."""
    tree = ast.parse((PACKAGE / f"{module}.py").read_text())
    skipped = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node not in skipped:
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {name.split(".")[0] for name in names if name.split(".")[0] in MODULES}
    return found


GRAPH = {module: imported_by(module) for module in MODULES}


def test_no_module_imports_itself_through_others():
    for module in MODULES:
        seen, waiting = set(), list(GRAPH[module])
        while waiting:
            other = waiting.pop()
            assert other != module, f"{module} imports itself through other modules"
            if other not in seen:
                seen.add(other)
                waiting += GRAPH[other]


@pytest.mark.parametrize("module", sorted(PURE))
def test_pure_modules_import_only_what_the_table_allows(module):
    assert GRAPH[module] <= PURE[module]


@pytest.mark.parametrize("module", MODULES)
def test_comfyui_is_imported_only_inside_functions(module):
    tree = ast.parse((PACKAGE / f"{module}.py").read_text())
    for node in tree.body:
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and node.level == 0
            else []
        )
        assert COMFYUI.isdisjoint(name.split(".")[0] for name in names)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_at_most_200_lines(module):
    assert len((PACKAGE / f"{module}.py").read_text().splitlines()) <= 200
