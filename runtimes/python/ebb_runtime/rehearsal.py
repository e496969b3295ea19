"""The whole way of a first call, gone before there is one.

In the zygote often, so that all lazy parts exist and the interpreter has rewritten its code for what it
meets (PEP 659): what is written before the fork no child writes, and so copies, again.  In a stem once
more, so that what is still written each time lies in pages of its own.
"""
import contextlib
import gc
import importlib.util
import json
import os
import shutil
import socket
import sys

from ebb_runtime import bytecode, context, frames, handler, logs, preload  # noqa: F401 preload: for all.

# More than the interpreter waits for before it specialises (3.11: 8 calls, then 16 of one kind).
TIMES = 64
SOURCE = "import json\n\n\nNAME = 'x'\n\n\ndef handler(event, context):\n    return 'x' + json.loads(event)['a']\n"
UNUSED = "colorsys"  # A module of the standard library that hardly anybody imports.

_compiled = None  # SOURCE as bytecode: the zygote's work for all stems.


def in_zygote():
    global _compiled
    space = {}
    exec(compile(SOURCE, "x", "exec"), space)
    with _stage() as server:
        for _ in range(TIMES):
            handler.load(f"{UNUSED}.rgb_to_hsv")
            del sys.modules[UNUSED]
            _go(space["handler"], server)
    _compiled = bytecode.compiled(SOURCE.encode(), "/code/index.py")


def in_stem():
    with _stage() as server:
        _go(_import(), server)
    gc.collect()


@contextlib.contextmanager
def _stage():
    """A channel to nobody, whose other end is given; afterwards all is as it was."""
    ours, theirs = socket.socketpair()
    channel, frames.CHANNEL = frames.CHANNEL, ours.fileno()
    path = list(sys.path)
    yield theirs
    frames.CHANNEL = channel
    sys.path[:] = path
    ours.close()
    theirs.close()
    _forget_places()


def _forget_places():
    """What is found out about the user's places here does not hold once something is mounted there."""
    for place in [place for place in sys.path_importer_cache if not place.startswith("/usr/")]:
        del sys.path_importer_cache[place]
    # This much does: it is an ordinary folder.  To find that out takes longer than all the rest of an import.
    sys.path_importer_cache["/code"] = sys.path_hooks[-1]("/code")


def _go(function, server):
    names = ("name", "handler", "memory", "timeout", "versionId", "qualifier", "logProject", "logStore")
    fields = dict.fromkeys(names, "x")
    before = dict(os.environ)
    start = _sent(server, {"handler": "index.handler", "context": {"function": fields, "service": fields},
                           "environment": {f"EBB_REHEARSAL_{number}": "x" for number in range(20)}})[1]
    handler.set_environment(start["environment"])
    sys.path[:] = handler.search_path(os.environ)
    handler.set_environment(before)
    logs.flush()
    frames.send(b"L")
    _, request, event = _sent(server, {"requestId": "x", "retryCount": 0, "credentials": {"accessKeyId": ""},
                                       "maxReplyBytes": 1}, b'{"a": "x"}')
    logs.request_id = request["requestId"]
    ok, body = handler.call(function, event, context.Context(start["context"], request))
    logs.flush()
    frames.send(b"A", {"requestId": request["requestId"], "ok": ok, "errorType": ""}, body)
    server.recv(4096)


def _sent(server, header, body=b""):
    server.sendall(frames.pack(b"C", header, body))
    return frames.receive()


def _import():
    """From bytecode in a folder of its own, as a handler is imported."""
    name, folder = "ebb_rehearsal", "/tmp/.ebb"
    source = f"{folder}/{name}.py"
    os.mkdir(folder)
    os.mkdir(f"{folder}/__pycache__")
    with open(source, "w") as file:
        file.write(SOURCE)
    with open(importlib.util.cache_from_source(source), "wb") as file:
        file.write(_compiled)
    sys.path.insert(0, folder)
    function = handler.load(f"{name}.handler")
    del sys.modules[name], sys.path[0], sys.path_importer_cache[folder]
    shutil.rmtree(folder)
    return function
