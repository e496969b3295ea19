"""What is left running when the answer has been given: it must not run while the instance is frozen,
and must not have a say in what comes next."""
import pathlib
import time

from attack import Attack

KIND = "after the answer"
PATIENCE_S = 30

THREADS = {
    "python": """
import threading, time
def tick():
    last = time.monotonic()
    while True:
        now = time.monotonic()
        kept['gap'] = max(kept.get('gap', 0), now - last)
        last = now
        kept['looks'] = kept.get('looks', 0) + 1
if 'thread' not in kept:
    kept['thread'] = threading.Thread(target=tick, daemon=True)
    kept['thread'].start()
looks = kept.get('looks', 0)
while kept.get('looks', 0) < looks + 2:
    time.sleep(0)
seen = kept['gap']
""",
    "node": """
if (!kept.thread) {
  const { Worker } = require('worker_threads');
  kept.gap = new Float64Array(new SharedArrayBuffer(16));
  kept.thread = new Worker(`
    const gap = require('worker_threads').workerData;
    let last = process.hrtime.bigint();
    for (;;) {
      const now = process.hrtime.bigint();
      gap[0] = Math.max(gap[0], Number(now - last) / 1e9);
      last = now;
      gap[1] += 1;
    }`, { eval: true, workerData: kept.gap });
  await new Promise((resolve) => { kept.thread.once('online', resolve); });
}
for (const looks = kept.gap[1]; kept.gap[1] < looks + 2;);
return kept.gap[0];
""",
}

FORKED_ANSWERS = """
import os
seen = 'child' if os.fork() == 0 else 'parent'
"""


def ticks(arena, runtime, thread):
    """The longest pause, in seconds, that a process or thread left running has seen so far."""
    event = f"code\n{THREADS[runtime.kind]}" if thread else "leave"
    return float(arena.call(f"left-{runtime.name}", event))


def group_of(instance):
    """The cgroup that its processes are frozen with: v1's of the freezer, else v2's only one."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (process / "root/tmp/instance").read_text() != instance:
                continue
            groups = (process / "cgroup").read_text().splitlines()
        except OSError:
            continue  # It has ended, or has no such file.
        paths = {line.split(":")[1]: line.split(":")[2] for line in groups}
        v1 = "freezer" in paths
        return pathlib.Path("/sys/fs/cgroup" + ("/freezer" if v1 else "") + paths["freezer" if v1 else ""])
    raise RuntimeError(f"no process of {instance} is found")


def is_frozen(group):
    if (group / "freezer.state").exists():
        return (group / "freezer.state").read_text().strip() == "FROZEN"
    return "frozen 1" in (group / "cgroup.events").read_text()


def wait_frozen(instance):
    group = group_of(instance)
    end = time.monotonic() + PATIENCE_S
    while not is_frozen(group):
        if time.monotonic() > end:
            raise RuntimeError(f"{group} is not frozen after {PATIENCE_S} s")
        time.sleep(0.01)  # Between looks at another process.


def leave(arena, runtime, thread):
    """Whoever was left must have seen a pause as long as the instance was known to be frozen."""
    name = f"left-{runtime.name}"
    arena.deploy_hostile(runtime, name)
    ticks(arena, runtime, thread)
    instance = arena.call(name, "instance")
    wait_frozen(instance)
    since = time.monotonic()
    for _ in range(5):
        if trouble := arena.trouble():
            return trouble
    slept = time.monotonic() - since
    paused = ticks(arena, runtime, thread)
    same = arena.call(name, "instance") == instance
    arena.remove(name)
    if not same:
        return "another instance was used"
    return "did not run" if paused >= slept else f"possible: it ran; paused {paused} s of {slept} s"


def leave_process(arena, runtime):
    return leave(arena, runtime, thread=False)


def leave_thread(arena, runtime):
    return leave(arena, runtime, thread=True)


def forked_child_answers(arena, runtime):
    name = f"hostile-{runtime.name}"
    said = [arena.call(name, f"code\n{FORKED_ANSWERS}") for _ in range(5)]
    return "parent" if said == ["parent"] * 5 else f"possible: {said}"


def attacks(wanted):
    entries = [
        Attack(KIND, "leaves a process running", "processor time that nobody pays for", "did not run", leave_process,
               why_never="nothing is frozen outside"),
        Attack(KIND, "leaves a thread running", "the same", "did not run", leave_thread, ("python", "node"),
               why_never="nothing is frozen outside"),
        Attack(KIND, "forks a child that returns from the handler, too", "the next request's answer", "parent",
               forked_child_answers, ("python",), why_never="it takes a shim"),
    ]
    return [entry for entry in entries if wanted(entry.name) or wanted(entry.kind)]
