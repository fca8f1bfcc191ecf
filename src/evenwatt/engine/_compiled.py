"""One way to compile a loop; imported by `_kernels` modules only, which are imported when first used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])

# `nnan` and `ninf` make NaN and infinity undefined: problems are checked before they reach a kernel.
FAST = frozenset({"reassoc", "nsz", "contract", "nnan", "ninf"})
FAST_WITH_INFINITY = FAST - {"ninf"}
EXACT: frozenset[str] = frozenset()


def compiled(math: frozenset[str] = FAST, *, inline: bool = False) -> Callable[[F], F]:
    """Compile the function on its first call, keep it on disk, release the interpreter's lock.

    ``inline`` puts its code where it is called: for parts of a loop that take many arrays, each of which costs a call
    as much as a few additions.
    """

    def compile_later(function: F) -> F:
        # set(): numba wants a plain set. A division by zero gives inf, as in numpy, so loops vectorise.
        options: dict[str, Any] = {"fastmath": set(math)} if math else {}
        if inline:
            options["forceinline"] = True
        return cast(F, njit(cache=True, nogil=True, error_model="numpy", **options)(function))

    return compile_later
