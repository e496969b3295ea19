"""The Python zygote: boots Python once, then forks one confined process for every sandbox.

Started by ebb's spawner as root, as /usr/bin/python3 -I -S -E, inside the template root.  It runs
nothing but this file, the package beside it and the standard library; user code is first touched in
a child, after ebb_confine() has returned.
"""
import sys

sys.path[:0] = ["/ebb/python"]

import ctypes
import gc
import os

from ebb_runtime import instance, preload

CONTROL, OUTER_PROC = 3, 4  # Descriptors that the spawner left open for us.


def main():
    native = ctypes.PyDLL("/ebb/zygote.so")
    if native.ebb_start(CONTROL, OUTER_PROC) != 0:
        sys.exit("ebb zygote: the system call filter cannot be read")
    sys.path.remove("/ebb/python")
    sys.dont_write_bytecode = True  # Code is read-only: do not try at every import.
    preload.warm_up()
    # What is alive now is shared with every child: keep the collector from touching (copying) it.
    gc.collect()
    gc.disable()
    gc.freeze()
    while True:
        order = native.ebb_next()
        if order < 0:
            os._exit(0)
        if order == 0:
            continue
        try:
            child = os.fork()
        except OSError:
            child = -1
        if child != 0:
            native.ebb_forked(child)
            continue
        is_stem = native.ebb_confine()
        gc.enable()
        instance.run(native, is_stem)


main()
