"""What a new interpreter has loaded after some code."""

import sys
from collections.abc import Iterable
from subprocess import run


def loaded(code: str, names: Iterable[str]) -> str:
    """Those of the modules that the code brings in, as a list is printed."""
    code += f"\nimport sys\nprint([name for name in {tuple(names)!r} if name in sys.modules])"
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()
