"""More of everything than there is.  Each bomb has a function of its own; while it goes off, others
are served and the management API answers."""
import functools

from attack import Attack
from kinds.native import listed


def explode(name, memory_mib, timeout_s, arena, runtime):
    function = f"bomb-{runtime.name}"
    arena.deploy_hostile(runtime, function, f"memorySize: {memory_mib}", f"cpu: {max(memory_mib / 1024, 0.25):.2f}",
                         f"timeout: {timeout_s}")
    said, troubles = arena.while_busy(lambda: arena.call(function, f"bomb\n{name}"))
    arena.remove(function)
    return f"meanwhile {troubles[0]}" if troubles else said


def attacks(probe, wanted):
    return [Attack("bombs", name, stands_for, seen, functools.partial(explode, name, int(memory), int(timeout)),
                   why_never="it would go off on the host")
            for name, stands_for, seen, memory, timeout in listed(probe, "bomb") if wanted("bombs") or wanted(name)]
