"""Compiles the sources below /code for the instances that come later, and runs none of them."""
import importlib.util
import marshal
import os
import stat

from ebb_runtime import frames

# Far more than a package of FC's size has; a file beyond them is compiled by each instance itself.
MAX_FILES = 20_000
MAX_SOURCE_BYTES = 4 << 20
UNCHECKED_HASH = 1  # PEP 552: the source is never looked at again.  /code is read-only.


def send_all(root="/code"):
    """One frame for each file of bytecode that is missing, and an empty one at the end."""
    count = 0
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            if not name.endswith(".py") or count == MAX_FILES:
                continue
            count += 1
            source = os.path.join(folder, name)
            target = importlib.util.cache_from_source(source)
            if not os.path.lexists(target) and (made := _compiled_from(source)):
                frames.send(b"P", {"path": os.path.relpath(target, root)}, made)
    frames.send(b"P")


def _compiled_from(path):
    """What belongs into the source's .pyc, or None."""
    try:
        about = os.lstat(path)
        if not stat.S_ISREG(about.st_mode) or about.st_size > MAX_SOURCE_BYTES:
            return None
        with open(path, "rb") as file:
            return compiled(file.read(), path)
    except (OSError, SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return None  # Whoever imports it is told.


def compiled(source, path):
    code = compile(source, path, "exec", dont_inherit=True)
    return (importlib.util.MAGIC_NUMBER + UNCHECKED_HASH.to_bytes(4, "little") +
            importlib.util.source_hash(source) + marshal.dumps(code))
