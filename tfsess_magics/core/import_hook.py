"""Does something once a module is imported, and does not import it."""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_log = logging.getLogger(__name__)


class ImportHook(MetaPathFinder):
    """Does something as soon as a module is imported.

    It finds that module with the other finders, and puts a loader around its loader. Nothing of it is left on the
    module or in ``sys.meta_path`` after the import.
    """

    def __init__(self, name: str, then: Callable[[], object]) -> None:
        self._name = name
        self._then = then
        self._is_finding = False

    def install(self) -> None:
        """Do it now if the module is imported, else once it is."""
        if sys.modules.get(self._name):
            self.arrived()
        else:
            sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Find nothing any more. Harmless when it is done already."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Find the module as the other finders do."""
        if fullname != self._name or self._is_finding:
            return None
        self._is_finding = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._is_finding = False
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self.arrived)
        return spec

    def arrived(self) -> None:
        """Find nothing any more, and call `then`; log an error of it."""
        self.remove()
        try:
            self._then()
        except Exception:  # noqa: BLE001 - the import has succeeded
            _log.exception("%s was imported, and could not be prepared", self._name)


class _Loader(Loader):
    """Loads a module with its own loader, which the module keeps."""

    def __init__(self, loader: Any, imported: Callable[[], None]) -> None:
        self._loader = loader
        self._imported = imported

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Create it as its own loader does."""
        spec.loader = self._loader
        module: ModuleType | None = self._loader.create_module(spec)
        spec.loader = self
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Execute it as its own loader does, and tell of it."""
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._imported()
