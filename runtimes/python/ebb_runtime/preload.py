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

    start = json.loads('{"context": {"function": {"name": "x", "memory": 1}, "service": {}}}')
    call = json.loads('{"requestId": "x", "retryCount": 0, "credentials": {"accessKeyId": ""}}')
    space = {}
    exec(compile("def handler(event, context):\n    return event\n", "x", "exec"), space)
    for event in (b"", b"{}"):
        handler.call(space["handler"], event, context.Context(start["context"], call))
    handler.call(lambda event, context: json.loads(event), b'{"a": [1, 2.5, "x"]}', None)
    handler.search_path(os.environ)
    # The whole way of an import, with a module that nobody else imports.
    sys.path.insert(0, os.path.dirname(os.path.dirname(__file__)))
    importlib.import_module("ebb_runtime.nothing")
    del sys.modules["ebb_runtime.nothing"], sys.path[0]
    sys.path_importer_cache.clear()
    os.environ["EBB_STEM"] = "1"
    del os.environ["EBB_STEM"]
    gc.collect()
