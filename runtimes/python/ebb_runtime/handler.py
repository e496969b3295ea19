"""Finds the user's handler, runs it, and puts what came of it into FC's forms."""
import importlib
import json
import os
import sys
import traceback


class LoadError(Exception):
    """The code cannot be loaded; the message is for the user."""


def set_environment(wanted):
    """Makes os.environ what `wanted` is; what it has already stays, and costs nothing."""
    for name in [name for name in os.environ if name not in wanted]:
        del os.environ[name]
    for name, value in wanted.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def search_path(environment):
    """As Debian's own python3, with the user's places first; /opt/python is for layers."""
    places = ["/code"]
    places += [p for p in environment.get("PYTHONPATH", "").split(":") if p]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    places += ["/opt/python", *sys.path, f"/usr/local/lib/{version}/dist-packages",
               "/usr/lib/python3/dist-packages"]
    return list(dict.fromkeys(places))


def load(name):
    """The function that "folder/module.function" names."""
    module_name, dot, function_name = name.rpartition(".")
    if not dot or not module_name or not function_name:
        raise LoadError(f"Bad handler '{name}': it must look like module.function")
    module_name = module_name.replace("/", ".").strip(".")
    try:
        module = importlib.import_module(module_name)
    except SystemExit as e:
        raise LoadError(f"Unable to import module '{module_name}': it called exit({e.code})")
    except BaseException as e:
        print_traceback(e)
        raise LoadError(
            f"Unable to import module '{module_name}': {type(e).__name__}: {e}") from None
    function = getattr(module, function_name, None)
    if not callable(function):
        raise LoadError(f"Handler '{function_name}' is missing in module '{module_name}'")
    return function


def call(function, event, context):
    """(ok, body).  A body that is not ok is FC's error object."""
    try:
        result = function(event, context)
        if isinstance(result, (bytes, bytearray, memoryview)):
            return True, bytes(result)
        if isinstance(result, str):
            return True, result.encode("utf-8")
        return True, json.dumps(result).encode("utf-8")
    except SystemExit:
        raise
    except BaseException as e:
        print_traceback(e)
        return False, error_body(str(e), type(e).__name__, stack_of(e))


def call_hook(name, context):
    """(ok, body) of an initializer or pre-stop function; what it returns is nobody's business."""
    try:
        function = load(name)
    except LoadError as e:
        return False, error_body(str(e), "HandlerNotFound", [])


    def run(_, about):
        function(about)
        return b""
    return call(run, b"", context)


def error_body(message, kind, stack):
    return json.dumps(
        {"errorMessage": message, "errorType": kind, "stackTrace": stack}).encode("utf-8")


def _is_ours(path):
    return path.startswith("/ebb/")


def stack_of(error):
    """FC's form: one list of four strings for each frame, the user's own frames only."""
    return [[f'File "{f.filename}"', f"line {f.lineno}", f"in {f.name}", f.line or ""]
            for f in traceback.extract_tb(error.__traceback__) if not _is_ours(f.filename)]


def print_traceback(error):
    try:
        trace = error.__traceback__
        while trace is not None and _is_ours(trace.tb_frame.f_code.co_filename):
            trace = trace.tb_next
        traceback.print_exception(type(error), error, trace, file=sys.stderr)
    except Exception:
        pass  # A hostile __str__, or a closed stream.
