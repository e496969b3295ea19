"""What an attack is, and how what was seen is judged."""
import dataclasses
import fnmatch
from typing import Callable

# How the probe says what root sees outside of any sandbox; anything else: it is not tried there.
POSSIBLE, POSSIBLE_WITH_SYS_RESOURCE, NOT_REFUSED = "possible", "possible with CAP_SYS_RESOURCE", "not refused"


@dataclasses.dataclass(frozen=True)
class Attack:
    """One attack.  `run` is given the arena and a runtime, and returns what came of it."""
    kind: str  # The heading that it stands under in docs/isolation.md.
    name: str  # A sentence: "The function ..." goes before it.
    stands_for: str  # What somebody would have who succeeds.
    seen: str  # What must come of it: patterns of fnmatch, separated by '|'.
    run: Callable
    runtimes: tuple = ()  # Runtime.kind; empty: all.
    # The proof that it is an attack at all: the same outside of any sandbox, or in a sandbox that
    # was weakened.  Returns what came of it there.
    outside: Callable | None = None
    outside_seen: str = "possible*"
    why_never: str = ""  # Where `outside` is None.
    is_of_probe: bool = False  # So a guest can try it, too.

    def applies_to(self, runtime):
        if self.kind == "bombs" and runtime.is_slow:
            return False  # Its limits are set as any instance's, and each bomb would take a template of its own.
        if self.kind == "other accounts" and runtime.is_slow:
            return False  # What its keys open does not depend on how it began.
        if runtime.is_guest:
            return self.is_of_probe
        return not self.runtimes or runtime.kind in self.runtimes


def matches(seen, patterns):
    return any(fnmatch.fnmatchcase(seen, pattern) for pattern in patterns.split("|"))
