"""A TensorFlow in which a name is another one, everywhere in its Python code, from its import on."""

import re
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

NEW = "_renamed"


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, old: str) -> None:
        super().__init__(name, path)
        self._old = old

    def path_stats(self, path: str) -> Any:
        raise OSError(f"no bytecode of {path} has the name")

    def get_data(self, path: str) -> bytes:
        return re.sub(rb"\b%s\b" % self._old.encode(), self._old.encode() + NEW.encode(), super().get_data(path))

    def exec_module(self, module: ModuleType) -> None:
        """Rename also what it has of a module in C."""
        super().exec_module(module)
        names = vars(module)
        if self._old in names:
            names[self._old + NEW] = names.pop(self._old)


class _Finder(MetaPathFinder):
    def __init__(self, old: str) -> None:
        self._old = old

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if not fullname.startswith("tensorflow.python"):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return spec
        if fullname.rpartition(".")[2].startswith("pywrap_tf") or self._has_name(spec.loader):
            spec.loader = _Loader(fullname, spec.loader.path, self._old)
        return spec

    def _has_name(self, loader: SourceFileLoader) -> bool:
        return self._old.encode() in loader.get_data(loader.path)


def rename(old: str) -> None:
    """Give a part of TensorFlow, which is not imported yet, another name."""
    assert "tensorflow" not in sys.modules
    sys.meta_path.insert(0, _Finder(old))
