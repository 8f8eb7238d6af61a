import subprocess
import sys


def test_core_imports_neither_tensorflow_nor_ipython() -> None:
    """The core works and is tested without both."""
    code = (
        "import importlib, pkgutil, sys, tfsess_magics.core as core\n"
        "for module in pkgutil.iter_modules(core.__path__): importlib.import_module(f'{core.__name__}.{module.name}')\n"
        "print([name for name in ('tensorflow', 'IPython', 'numpy') if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
