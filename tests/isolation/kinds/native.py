"""The attacks that the probe knows (tests/isolation/probe), which every runtime's sandbox runs.

One invocation runs all of them: each is a child of its own, and they do no harm when they fail.
"""
import functools
import pathlib
import re
import subprocess

from arena import parse_answers
from attack import NOT_REFUSED, POSSIBLE, POSSIBLE_WITH_SYS_RESOURCE, Attack

# Without io_uring, userfaultfd and the like built in, the kernel itself has no such call.
OUTSIDE_SEEN = {POSSIBLE: "possible*|ENOSYS", POSSIBLE_WITH_SYS_RESOURCE: "possible*", NOT_REFUSED: "[!E]*|E[!P]*|EP[!E]*"}


class Batch:
    """Runs all wanted attacks of the probe at once, once a runtime."""

    def __init__(self, names):
        self.names = names
        self.answers = {}

    def run(self, name, arena, runtime):
        if runtime.name not in self.answers:
            text = arena.attack(runtime, arena.attack_event(self.names))
            self.answers[runtime.name] = parse_answers(text) or {"": text}
        answers = self.answers[runtime.name]
        return answers.get(name) or f"no answer: {answers.get('', '')}"


def outside(name, arena):
    event = arena.attack_event([name], walk_from=arena.server.data)
    return parse_answers(arena.run_outside(event)).get(name, "no answer")


def has_sys_resource():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(r"CapEff:\t(\w+)", status)[1], 16) >> 24 & 1  # CAP_SYS_RESOURCE


def listed(probe, what):
    text = subprocess.run([str(probe), "list"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [line.split("\t")[1:] for line in text.splitlines() if line.startswith(what + "\t")]


def attacks(probe, wanted):
    """Those whose kind or sentence `wanted` accepts."""
    entries = [entry for entry in listed(probe, "attack") if wanted(entry[0]) or wanted(entry[1])]
    batch = Batch([entry[1] for entry in entries])
    possible = dict(OUTSIDE_SEEN)
    if not has_sys_resource():
        del possible[POSSIBLE_WITH_SYS_RESOURCE]
    return [Attack(kind, name, stands_for, seen, functools.partial(batch.run, name),
                   outside=functools.partial(outside, name) if how in possible else None,
                   outside_seen=OUTSIDE_SEEN.get(how, ""), why_never=why, is_of_probe=True)
            for kind, name, stands_for, seen, how, why in entries]
