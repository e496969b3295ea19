"""Imports what most handlers import, once, in the zygote: children share the pages."""
import base64
import collections
import contextlib
import ctypes
import datetime
import functools
import gc
import hashlib
import hmac
import importlib
import importlib.util
import io
import itertools
import json
import logging
import math
import os
import random  # Reseeds itself in every child.
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import types
import typing
import urllib.parse
import urllib.request
import uuid


def warm_up():
    """Runs once what every child would run first, so that its lazy parts exist before the fork."""
    json.loads(json.dumps({"a": [1, 2.5, None, "x"]}))
    "x".encode("utf-8").decode("utf-8")
    logging.getLogger()
    time.gmtime()


def warm_up_stem():
    """Runs what the first call will run, so that its pages are this process's own before it comes."""
    from ebb_runtime import context, handler

    names = ("name", "handler", "memory", "timeout", "versionId", "qualifier", "logProject", "logStore")
    fields = ", ".join(f'"{name}": "x"' for name in names)
    start = json.loads(f'{{"context": {{"function": {{{fields}}}, "service": {{{fields}}}}}}}')
    call = json.loads('{"requestId": "x", "retryCount": 0, "credentials": {"accessKeyId": ""}}')
    function = _import_once().handler
    for event in (b"", b"{}"):
        handler.call(function, event, context.Context(start["context"], call))
    handler.call(lambda event, context: json.loads(event), b'{"a": [1, 2.5, "x"]}', None)
    handler.search_path(os.environ)
    before = dict(os.environ)
    handler.set_environment({f"EBB_WARM_{number}": "x" for number in range(20)})
    handler.set_environment(before)
    # Finding out that this is an ordinary folder takes longer than all the rest of an import.
    sys.path_importer_cache["/code"] = sys.path_hooks[-1]("/code")
    gc.collect()


def _import_once():
    """The whole way of an import from bytecode, as a handler is imported."""
    from ebb_runtime import bytecode, handler

    name, folder = "ebb_warm_up", "/tmp/.ebb"
    source = f"{folder}/{name}.py"
    os.mkdir(folder)
    os.mkdir(f"{folder}/__pycache__")
    with open(source, "w") as file:
        file.write("import json\n\n\nNAME = 'x'\n\n\ndef handler(event, context):\n    return event\n")
    with open(importlib.util.cache_from_source(source), "wb") as file:
        file.write(bytecode.compiled_from(source))
    sys.path.insert(0, folder)
    handler.load(f"{name}.handler")
    module = sys.modules.pop(name)
    del sys.path[0], sys.path_importer_cache[folder]
    shutil.rmtree(folder)
    return module
