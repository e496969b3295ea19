"""The Python zygote: boots Python once, then forks one confined process for every sandbox.

Started by ebb's spawner as root, as /usr/bin/python3 -I -S -E, inside the template root.  It runs
nothing but this file, the package beside it and the standard library; user code is first touched in
a child, after ebb_confine() has returned.
"""
import sys

sys.path[:0] = ["/ebb/python"]

import ctypes
import gc

from ebb_runtime import forking, instance, preload, rehearsal

CONTROL, OUTER_PROC = 3, 4  # Descriptors that the spawner left open for us.


def main():
    native = ctypes.PyDLL("/ebb/zygote.so")
    if native.ebb_start(CONTROL, OUTER_PROC) != 0:
        sys.exit("ebb zygote: the system call filter cannot be read")
    sys.path.remove("/ebb/python")
    sys.dont_write_bytecode = True  # Code is read-only: do not try at every import.
    instance.set_up()
    rehearsal.in_zygote()
    # What is alive now is shared with every child: keep the collector from touching (copying) it.
    gc.collect()
    gc.disable()
    gc.freeze()
    forking.ours = True
    forking.until_child(native.ebb_next, native.ebb_forked)
    is_stem = native.ebb_confine()
    gc.enable()
    instance.run(native, is_stem)


main()
