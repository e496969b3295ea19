"""Imports what most handlers import, once, in the zygote: children share the pages."""
import base64
import collections
import contextlib
import ctypes
import datetime
import functools
import hashlib
import hmac
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
