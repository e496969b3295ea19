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

