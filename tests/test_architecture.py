"""Floors import downwards only, and heavy third parties come in by named doors."""

import ast
from collections.abc import Iterator
from pathlib import Path

import cosyvoice_lite

ROOT = Path(cosyvoice_lite.__file__).parent

MAY_IMPORT = {  # a floor may import itself and what stands here, nothing else
    "errors": set(),
    "config": {"errors"},
    "text": {"errors"},
    "audio": {"errors"},
    "tensorfile": {"errors"},
    "bundle": {"errors", "config", "tensorfile"},
    "graphs": {"errors", "config"},
    # convert and runtime never meet
    "convert": {"errors", "config", "tensorfile", "bundle", "graphs"},
    "runtime": {"errors", "config", "tensorfile", "bundle", "models", "audio", "text"},
    "verify": {"errors", "config", "bundle", "runtime", "audio", "text"},
    "engine": {"errors", "config", "runtime", "audio", "text"},
    "server": {"errors", "config", "bundle", "models", "runtime", "engine", "audio", "text"},
    "bench": {"errors", "bundle", "runtime", "engine"},
    "hub": {"errors"},
    "pull": {"errors", "hub", "convert"},
    "models": {"errors", "config"},
    "cli": {"*"},
    "__init__": {"audio", "config", "errors", "runtime"},
    "__main__": {"cli"},
}

ONLY_IN: dict[str, tuple[str, ...]] = {  # the only files these packages may come in by
    "torch": (),
    "onnxruntime": ("runtime/session.py",),
    "onnx": ("graphs/", "convert/", "bench/"),
    "yaml": ("convert/",),
    "pickle": ("convert/checkpoint.py",),
    "wetext": ("text/",),
    "tiktoken": ("text/tokenizer.py",),
    "soundfile": ("audio/codecs.py", "audio/compressed.py"),
    **dict.fromkeys(("asyncio", "starlette", "uvicorn", "msgspec"), ("server/",)),
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            if node.module == "cosyvoice_lite":
                yield from (f"cosyvoice_lite.{alias.name}" for alias in node.names)
            else:
                yield node.module


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(ROOT.rglob("*.py")):
        yield path.relative_to(ROOT).parts[0].removesuffix(".py"), path


def test_floors_import_downwards_only() -> None:
    wrong = []
    for floor, path in modules():
        assert floor in MAY_IMPORT, f"{floor} stands on no floor: add it to MAY_IMPORT"
        allowed = MAY_IMPORT[floor] | {floor, "__version__"}
        for name in imports(path):
            if name.startswith("cosyvoice_lite.") and "*" not in allowed:
                target = name.split(".")[1]
                if target not in allowed:
                    wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_heavy_packages_come_in_by_their_doors() -> None:
    wrong = []
    for _, path in modules():
        here = path.relative_to(ROOT).as_posix()
        for name in imports(path):
            doors = ONLY_IN.get(name.split(".")[0])
            if doors is not None and not here.startswith(doors):
                wrong.append(f"{here} imports {name}")
    assert not wrong, "\n".join(wrong)
