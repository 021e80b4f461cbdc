"""The user's code by its name: ``module:function``, ``module:Class``, ``path/script.py:name``."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Union

from gearmang.errors import CannotLoad

Target = Union[str, Callable[..., Any]]


def load(target: Target) -> Callable[..., Any]:
    """The callable that runs a job: `find` and `made` in one."""
    return made(find(target))


def find(target: Target) -> Callable[..., Any]:
    """The function or class itself; a name is imported, from the current folder too.

    Raises:
        CannotLoad: there is no such module or name, it cannot be called, or importing it raises.
    """
    found = _find(target) if isinstance(target, str) else target
    if not callable(found):
        raise CannotLoad(f"{target} is no function: it is a {type(found).__name__}")
    return found


def made(found: Callable[..., Any]) -> Callable[..., Any]:
    """A class is instantiated: it holds what the jobs of one executor share.

    A coroutine function runs in one event loop that the executor keeps from job to job.

    Raises:
        CannotLoad: it cannot be, or it is a generator function.
    """
    if not isinstance(found, type):
        return _run_by(found, found, getattr(found, "__qualname__", repr(found)))
    name = found.__qualname__
    try:
        instance: object = found()
    except Exception as error:
        raise CannotLoad(f"{name}() raised {_told(error)}; mend its __init__") from error
    if not callable(instance):
        raise CannotLoad(f"{name} has no __call__(self, job)")
    return _run_by(instance, type(instance).__call__, name)


def _run_by(found: Callable[..., Any], code: Callable[..., Any], name: str) -> Callable[..., Any]:
    """What runs a job: the callable itself, or an event loop around its coroutine."""
    if inspect.isgeneratorfunction(code) or inspect.isasyncgenfunction(code):
        raise CannotLoad(
            f"{name} is a generator: nothing of it would run; return the result, and send parts of "
            "it by job.send"
        )
    if not inspect.iscoroutinefunction(code):
        return found
    from gearmang.worker.coroutines import Coroutines

    return Coroutines(found)


def _find(target: str) -> Any:
    module_name, colon, path = target.rpartition(":")
    if not colon or not module_name or not path:
        raise CannotLoad(f"{target!r} names no code; write module:function")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = _script(module_name) if module_name.endswith(".py") else _module(module_name)
        for name in path.split("."):
            found = getattr(found, name)
    except AttributeError:
        raise CannotLoad(f"{module_name} has no {path}; write module:function") from None
    return found


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise CannotLoad(
            f"there is no module {error.name}; start the worker in the folder that holds it, "
            "or set PYTHONPATH"
        ) from error
    except (Exception, SystemExit) as error:
        raise CannotLoad(f"importing {name} raised {_told(error)}") from error


def _script(path: str) -> ModuleType:
    name = Path(path).stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not Path(path).is_file():
        raise CannotLoad(f"there is no script {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, os.fspath(Path(path).resolve().parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise CannotLoad(f"running {path} raised {_told(error)}") from error
    return module


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")
