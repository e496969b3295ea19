"""A template: a process that has loaded one version's code and forks instances of itself.

It has run user code.  Nothing that it does is believed: the server looks at every process from outside before it sends
it anything.
"""
import gc
import os
import signal
import sys

from ebb_runtime import forking, frames, logs


def become(native):
    """Returns in every instance that is forked, and never in this process."""
    logs.flush()
    forking.ours = True
    # What is alive now is shared with every instance: keep the collector from touching (copying) it.
    gc.collect()
    gc.disable()
    generators = _numpy_generators()  # Sees nothing that is frozen.
    gc.freeze()
    # The copy is quiet: threads that libraries keep for their work (OpenBLAS) are not in it.  It is in a pid
    # namespace that it may come back to, and not number 1 there, which all its instances are.
    if native.ebb_template_begin() != 0 or os.fork() != 0:
        _be_init()
    if os.fork() != 0:
        _be_init()
    on_child = signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Nobody waits for instances.
    frames.send(b"T")
    forking.until_child(native.ebb_template_next, native.ebb_template_forked)
    native.ebb_template_confine()
    signal.signal(signal.SIGCHLD, on_child)
    forking.ours = False
    gc.enable()
    _reseed(generators)


def _be_init():
    os.close(frames.CHANNEL)
    while True:
        try:
            os.wait()
        except InterruptedError:
            continue
        except ChildProcessError:
            os._exit(0)


def _numpy_generators():
    """Every bit generator of numpy's that is alive: the ones of `default_rng()` as well as the old global one."""
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is None:
        return []
    kind = numpy_random.bit_generator.BitGenerator
    found = {}
    for holder in gc.get_objects() + [m.__dict__ for m in list(sys.modules.values()) if m]:
        for thing in gc.get_referents(holder):
            if isinstance(thing, kind):
                found[id(thing)] = thing
            elif isinstance(thing, (numpy_random.Generator, numpy_random.RandomState)):
                generator = getattr(thing, "bit_generator", None) or thing._bit_generator
                found[id(generator)] = generator
    return list(found.values())


def _reseed(generators):
    """`random` reseeds itself after a fork, numpy does not."""
    for generator in generators:
        generator.state = type(generator)().state
