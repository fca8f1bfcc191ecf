"""Judging fairness needs numpy alone until a rule is called."""

from __future__ import annotations

import subprocess
import sys


def test_audit_loads_without_heavy_libraries() -> None:
    code = "import sys, evenwatt.audit; print([m for m in ('numba', 'scipy', 'polars') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
