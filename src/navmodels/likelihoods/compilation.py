"""How functions are compiled: by numba, cached on disk, and anew when any compiled source has changed.

Compiled functions take in those of other modules whole. numba looks only at the module of the caller, and would go on
with an old likelihood when `kernels` changes; here the cache of each function is as fresh as all modules together.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numba
from llvmlite import binding
from numba import types
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.dispatcher import Dispatcher
from numba.extending import get_cython_function_address
from numba.extending import overload as overload


def sources(folder: Path) -> str:
    """Return a SHA-256 of the modules below a folder that hold compiled functions: their names and texts.

    Examples
    --------
    >>> len(sources(Path(__file__).parent))
    64
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        text = path.read_bytes()
        if b"@compiled" in text:
            digest.update(f"{path.relative_to(folder).as_posix()} {len(text)}\n".encode() + text)
    return digest.hexdigest()


OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": False}
SOURCES = sources(Path(__file__).parents[1])  # also in the keys of what PyTensor caches


def compiled[Function: Callable[..., Any]](function: Function) -> Function:
    """Compile a function with numba, cached on disk; it runs without Python's lock, so that threads share the work.

    Unless fast-math is refused, a function takes it over from whoever calls it first, for instance a graph of PyTensor.
    """
    made = numba.njit(**OPTIONS, no_cfunc_wrapper=True)(function)
    if isinstance(made, Dispatcher):  # not where NUMBA_DISABLE_JIT leaves it to Python
        vars(made)["_cache"] = _Cache(function)  # what `enable_caching` does with numba's own
    return cast(Function, made)


def compiled_part[Function: Callable[..., Any]](function: Function) -> Function:
    """Compile a function that compiled code alone calls: it is kept within its callers, and Python cannot call it."""
    return cast(Function, numba.njit(**OPTIONS, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function))


def routine(module: str, name: str, arguments: str) -> Any:
    """Return a routine of SciPy's BLAS or LAPACK for compiled code; `arguments` are pointers: c(har), i(nt), d(ouble).

    numba's own linear algebra calls the same routines, and takes seconds to compile what surrounds them.
    """
    symbol = f"navmodels_{name}"
    binding.add_symbol(symbol, get_cython_function_address(module, name))
    kinds = {"c": types.uint8, "i": types.int32, "d": types.float64}
    pointers = [types.CPointer(kinds[each]) for each in arguments]
    return types.ExternalFunction(symbol, types.void(*pointers))


# ---- inside


class _Files(CompileResultCacheImpl):  # type: ignore[misc]
    """Where numba keeps compiled code, stamped with all compiled sources besides the function's own."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        stamp = self.locator.get_source_stamp
        self.locator.get_source_stamp = lambda: (stamp(), SOURCES)


class _Cache(FunctionCache):  # type: ignore[misc]
    _impl_class = _Files
