"""Attacks from within the runtime's own process, where the platform's shim lives: what the zygote,
the stem or the helper may have left there."""
import hashlib
import secrets

from attack import Attack
from runtimes import RUNTIMES

KIND = "inside the runtime's process"

# Every open descriptor must be one of these; "none", or the first that is not.
DESCRIPTORS = {
    "python": """
import os
seen = 'none'
for fd in sorted(map(int, os.listdir('/proc/self/fd'))):
    try:
        to = os.readlink(f'/proc/self/fd/{fd}')
    except FileNotFoundError:
        continue  # The listing's own.
    justified = {0: to == '/dev/null', 1: to.startswith('pipe:'), 2: to.startswith('pipe:'),
                 3: to.startswith('socket:')}.get(fd, False)
    if not justified:
        seen = f'possible: {fd} is {to}'
        break
""",
    # Node's own loop: epoll, an eventfd, pipes to itself; none of them is the output's pipe.
    "node": """
const fs = require('fs');
const output = fs.readlinkSync('/proc/self/fd/1');
for (const fd of fs.readdirSync('/proc/self/fd')) {
  let to;
  try { to = fs.readlinkSync(`/proc/self/fd/${fd}`); } catch { continue; }
  const justified = { 0: to === '/dev/null', 1: to.startsWith('pipe:'), 2: to === output,
    3: to.startsWith('socket:') }[fd]
    ?? (/^anon_inode:\\[(eventpoll|eventfd)\\]$/.test(to) || to === '/dev/null' || /^\\/proc\\/\\d+\\/fd$/.test(to)
      || (to.startsWith('pipe:') && to !== output));
  if (!justified) return `possible: ${fd} is ${to}`;
}
return 'none';
""",
}

ENVIRONMENT = {
    "python": "import os\nnames, values = list(os.environ), list(os.environ.values())\n",
    "node": "const names = Object.keys(process.env), values = Object.values(process.env);\n",
}

# Searches all its memory for text that begins with what it is told and goes on with what it can
# only recognise by its digest, so that it does not find its own search.
MEMORY = {
    "python": """
import hashlib, re
begin, digests = @BEGIN@, @DIGESTS@
seen, searched = 'none', 0
with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', 0) as memory:
    for line in maps:
        span, mode = line.split()[:2]
        if mode[0] != 'r' or '[v' in line:
            continue
        at, end = (int(x, 16) for x in span.split('-'))
        while at < end:
            size = min(end - at, 1 << 24)
            memory.seek(at)
            try:
                block = memory.read(size)
            except OSError:
                break
            searched += len(block)
            for found in re.finditer(begin.encode() + rb'([0-9a-f]{24})', block):
                if hashlib.sha256(found.group(1)).hexdigest() in digests:
                    seen = f'possible: at {at + found.start():x} of {line.strip()}'
            at += size
if searched < 1 << 20:
    seen = f'{searched} bytes could be searched'
""",
    "node": """
const fs = require('fs'), crypto = require('crypto');
const begin = Buffer.from(@BEGIN@), digests = @DIGESTS@;
const memory = fs.openSync('/proc/self/mem', 'r');
let searched = 0;
for (const line of fs.readFileSync('/proc/self/maps', 'latin1').split('\\n')) {
  const [span, mode] = line.split(' ');
  if (!mode || mode[0] !== 'r' || line.includes('[v')) continue;
  let [at, end] = span.split('-').map((x) => BigInt('0x' + x));
  while (at < end) {
    const size = end - at < 1n << 24n ? end - at : 1n << 24n;
    const block = Buffer.alloc(Number(size));
    let got;
    try { got = fs.readSync(memory, block, 0, block.length, at); } catch { break; }
    searched += got;
    for (let i = 0; (i = block.indexOf(begin, i)) >= 0; i += begin.length) {
      const rest = block.subarray(i + begin.length, i + begin.length + 24);
      if (digests.includes(crypto.createHash('sha256').update(rest).digest('hex'))) {
        fs.closeSync(memory);
        return `possible: near ${at.toString(16)} of ${line}`;
      }
    }
    at += size;
  }
}
fs.closeSync(memory);
return searched < 1 << 20 ? `${searched} bytes could be searched` : 'none';
""",
}

# What the platform gives, and what Debian's programs set themselves.
ALLOWED_NAMES = {"PATH", "HOME", "LANG", "LC_CTYPE", "PYTHONPATH", "NODE_PATH", "LD_LIBRARY_PATH", "PWD", "TZ", "EBB_S3_ENDPOINT"}


def run_code(arena, runtime, source):
    """In a function that was never told of the marks which are searched for."""
    name = f"inside-{runtime.name}"
    if name not in arena.deployed:
        arena.deploy_hostile(runtime, name)
    return arena.call(name, f"code\n{source}")


def descriptors(arena, runtime):
    return run_code(arena, runtime, DESCRIPTORS[runtime.kind])


def environment(arena, runtime):
    end = "seen = '\\n'.join(names)" if runtime.kind == "python" else "return names.join('\\n');"
    names = run_code(arena, runtime, ENVIRONMENT[runtime.kind] + end).split("\n")
    strange = [name for name in names if name not in ALLOWED_NAMES and not name.startswith("FC_")]
    return f"possible: {strange}" if strange else "none"


def marks_in_environment(arena, runtime):
    end = "seen = '\\n'.join(values)" if runtime.kind == "python" else "return values.join('\\n');"
    values = run_code(arena, runtime, ENVIRONMENT[runtime.kind] + end)
    hidden = [str(arena.server.data), str(arena.folder), arena.outside.mark, arena.victim_mark]
    found = [value for value in hidden if value in values]
    return f"possible: {found}" if found else "none"


def search_memory(arena, runtime, plant=""):
    """`plant`: text that the function keeps before it searches, to see that it would be found."""
    digests = [hashlib.sha256(mark.split("-")[1].encode()).hexdigest()
               for mark in (arena.victim_mark, arena.outside.mark, plant) if mark]
    found = []
    for begin in ("victim-", "outside-"):
        source = MEMORY[runtime.kind].replace("@BEGIN@", repr(begin)).replace("@DIGESTS@", repr(digests))
        said = run_code(arena, runtime, source)
        if said != "none":
            found.append(said)
    return found[0] if found else "none"


def search_memory_with_plant(arena):
    """What it says of a mark that is there: of the function's own."""
    said = []
    for runtime in (r for r in RUNTIMES if r.kind in MEMORY):
        mark = "victim-" + secrets.token_hex(12)
        keep = {"python": f"kept['mark'] = '{mark}'.encode()\nseen = 0", "node": f"kept.mark = Buffer.from('{mark}');"}
        run_code(arena, runtime, keep[runtime.kind])
        said.append(search_memory(arena, runtime, mark))
    return " and ".join(said)


RANDOM = {
    "python": "import random, uuid, os\nseen = f'{random.random()} {uuid.uuid4()} {os.urandom(8).hex()}'",
    "node": "return `${Math.random()} ${require('crypto').randomUUID()}`;",
}


def predict_random(arena, runtime):
    """Two functions' first random numbers: forked from one process they must not be the same."""
    arena.deploy_hostile(runtime, f"random-{runtime.name}")
    ours = run_code(arena, runtime, RANDOM[runtime.kind]).split()
    theirs = arena.call(f"random-{runtime.name}", f"code\n{RANDOM[runtime.kind]}").split()
    arena.remove(f"random-{runtime.name}")
    same = set(ours) & set(theirs)
    return f"possible: {same}" if same or len(ours) != len(theirs) else "none"


def attacks(wanted):
    managed = ("python", "node")
    entries = [
        Attack(KIND, "finds a descriptor that was left open", "the helper's sockets, the cgroups' files, the host's folders",
               "none", descriptors, managed, why_never="a descriptor is the process's own"),
        Attack(KIND, "finds variables that are not its own", "the server's secrets", "none", environment, managed,
               why_never="a process has its own environment only"),
        Attack(KIND, "finds paths and marks of others in its environment", "where the server keeps things", "none",
               marks_in_environment, managed, why_never="a process has its own environment only"),
        Attack(KIND, "finds secrets of others in its memory", "what the process that it was forked from had seen",
               "none", search_memory, managed, outside=search_memory_with_plant,
               outside_seen="possible* and possible*"),
        Attack(KIND, "predicts another function's random numbers", "others' keys and tokens", "none", predict_random,
               managed, why_never="it takes two sandboxes"),
    ]
    return [entry for entry in entries if wanted(entry.name) or wanted(entry.kind)]
