"""The life of one sandbox: be told what to load, load it, then answer calls until killed."""
import os
import sys
import types

from ebb_runtime import bytecode, context, forking, frames, handler, logs, rehearsal, template


def set_up():
    """What is the same in all sandboxes: once, in the zygote."""
    # The user's __main__ is nothing, as in a module; multiprocessing would run the zygote's again.
    sys.modules["__main__"] = types.ModuleType("__main__")
    # A child that the handler forks must not take requests, nor answer them.
    os.register_at_fork(after_in_child=_close_channel)
    logs.set_up()


def run(native, is_stem):
    forking.ours = False
    os.set_inheritable(frames.CHANNEL, False)
    if is_stem:
        rehearsal.in_stem()
    frames.send(b"B")
    try:
        _serve(native)
    except SystemExit as e:
        _exit(e.code)
    except BaseException as e:
        handler.print_traceback(e)
        _exit(1)


def _serve(native):
    own_pid = os.getpid()
    start = _take_start()
    sys.path[:] = handler.search_path(os.environ)
    sys.argv = [""]
    try:
        function = handler.load(start["handler"])
    except handler.LoadError as e:
        logs.flush()
        frames.send(b"X", {"message": str(e)})
        os._exit(1)
    if os.getpid() != own_pid:
        os._exit(0)
    logs.flush()
    frames.send(b"L")
    while True:
        kind, request, event = frames.receive()
        if kind == b"T":
            template.become(native)  # From here on this is an instance, which is told what it is.
            own_pid = os.getpid()
            frames.send(b"B")
            start = _take_start()
            frames.send(b"L")
            continue
        logs.request_id = request["requestId"]
        about = context.Context(start["context"], request)
        if kind == b"H":
            ok, body = handler.call_hook(request["handler"], about)
        else:
            ok, body = handler.call(function, event, about)
        if os.getpid() != own_pid:
            os._exit(0)  # A forked child came back from the handler.
        if len(body) > request["maxReplyBytes"]:
            ok, body = False, handler.error_body(
                f"the response of {len(body)} bytes is over the limit of "
                f"{request['maxReplyBytes']}", "ResponseTooLarge", [])
        logs.flush()
        frames.send(b"A", {"requestId": request["requestId"], "ok": ok,
                           "errorType": "" if ok else "UnhandledInvocationError"}, body)


def _take_start():
    """What to load, and everything around it."""
    kind, start, _ = frames.receive()
    if kind == b"P":
        bytecode.send_all()
        os._exit(0)
    os.chdir("/code")  # A stem stands in what lies below it.
    handler.set_environment(start["environment"])
    return start


def _close_channel():
    if forking.ours:
        return
    try:
        os.close(frames.CHANNEL)
    except OSError:
        pass  # Closed by an earlier fork.


def _exit(code):
    if isinstance(code, str):
        print(code, file=sys.stderr)
    logs.flush()
    os._exit(code if isinstance(code, int) else (0 if code is None else 1))
