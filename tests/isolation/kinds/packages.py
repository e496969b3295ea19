"""Code packages that are not what they seem: what the server, as root, does when it unpacks them."""
import functools
import io
import os
import stat
import tarfile
import warnings
import zipfile

from attack import Attack

KIND = "code packages"
READ = "def handler(event, context):\n    try:\n        return open('/code/{0}').read()\n    except OSError as e:\n        return type(e).__name__\n"


def zip_with(*entries):
    """`entries`: (name, mode, content) of a zip beside an index.py that reads `link`."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("index.py", READ.format("link"))
        for name, mode, content in entries:
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3  # Unix, so that the mode counts.
            entry.external_attr = mode << 16
            with warnings.catch_warnings():  # One name twice is meant.
                warnings.simplefilter("ignore")
                archive.writestr(entry, content)
    return data.getvalue()


def tar_with(*members):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        code = READ.format("link").encode()
        index = tarfile.TarInfo("index.py")
        index.size = len(code)
        archive.addfile(index, io.BytesIO(code))
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return data.getvalue()


def member(name, kind, target="", content=b""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, content


LINK, FILE = stat.S_IFLNK | 0o777, stat.S_IFREG | 0o644
PACKAGES = {
    "links to a file of the host by its whole path": lambda a: zip_with(("link", LINK, str(a.outside.file))),
    "links to a file of the host by a path upwards":
        lambda a: zip_with(("link", LINK, "../" * 12 + str(a.outside.file)[1:])),
    "links to the server's database": lambda a: zip_with(("link", LINK, str(a.server.data / "ebb.db"))),
    "links to another function's code": lambda a: zip_with(("link", LINK, f"../../{first_package(a)}/code/index.py")),
    "writes through a link to a folder of the host":
        lambda a: zip_with(("out", LINK, str(a.outside.folder)), ("out/planted", FILE, "x")),
    "replaces a link to a file of the host by a file":
        lambda a: zip_with(("link", LINK, str(a.outside.file)), ("link", FILE, "planted")),
    "writes upwards": lambda a: zip_with(("../" * 12 + str(a.outside.folder)[1:] + "/planted", FILE, "x")),
    "writes by a whole path": lambda a: zip_with((str(a.outside.folder) + "/planted", FILE, "x")),
    "writes upwards with the other slash": lambda a: zip_with(("..\\..\\planted", FILE, "x")),
    "hard-links a file of the host": lambda a: tar_with(member("link", tarfile.LNKTYPE, str(a.outside.file))),
    "hard-links a file of the host upwards":
        lambda a: tar_with(member("link", tarfile.LNKTYPE, "../" * 12 + str(a.outside.file)[1:])),
    "brings a device": lambda a: tar_with(device("link")),
    "brings a named pipe": lambda a: tar_with(member("link", tarfile.FIFOTYPE)),
    "brings a file that unpacks to a thousand times its size": lambda a: zip_bomb(),
}


def first_package(arena):
    return sorted(p.name for p in (arena.server.data / "packages").iterdir() if len(p.name) == 64)[0]


def device(name):
    info, content = member(name, tarfile.CHRTYPE)
    info.devmajor, info.devminor = 1, 1
    return info, content


def zip_bomb():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.py", READ.format("link"))
        with archive.open("link", "w") as zeros:
            for _ in range(64):
                zeros.write(bytes(1 << 20))
    return data.getvalue()


def bring(make, arena, runtime):
    """Refused, or harmless when run: then what the function can read of it is not there."""
    path = arena.packages / "crafted.zip"
    path.write_bytes(make(arena))
    files = sorted(os.listdir(arena.outside.folder))
    try:
        arena.deploy("crafted", "python3.10", path)
        said = arena.call("crafted")
        arena.remove("crafted")
    except RuntimeError:
        said = "refused"
    if sorted(os.listdir(arena.outside.folder)) != files:
        return "possible: it wrote outside"
    return f"possible: {said}" if arena.outside.mark in said or arena.victim_mark in said or "SQLite" in said else said


EARLY = {
    "node": ("environmentVariables: {NODE_OPTIONS: --require=/code/early.js}",
             {"early.js": "const s = require('fs').readFileSync('/proc/self/status', 'latin1');\n"
                          "globalThis.early = /CapEff:\\t0+\\n/.test(s) && /Seccomp:\\t2/.test(s) && /Uid:\\t1000/.test(s);\n",
              "index.js": "exports.handler = async () => globalThis.early ? 'confined' : 'possible: ' + globalThis.early;\n"}),
    "python": ("environmentVariables: {PYTHONPATH: /code/first, LD_PRELOAD: /code/none.so}",
               {"first/json.py": "raise SystemExit('planted')\n", "first/sitecustomize.py": "raise SystemExit('planted')\n",
                "sitecustomize.py": "raise SystemExit('planted')\n",
                "index.py": "s = open('/proc/self/status').read()\n"
                            "early = 'CapEff:\\t0000000000000000' in s and 'Seccomp:\\t2' in s and 'Uid:\\t1000' in s\n"
                            "def handler(event, context):\n    return 'confined' if early else 'possible'\n"}),
}


def run_early(arena, runtime):
    properties, files = EARLY[runtime.kind]
    name = f"early-{runtime.name}"
    arena.deploy(name, runtime.fc_name, arena.package(name, files), properties)
    said = arena.call(name)
    arena.remove(name)
    return said


def attacks(wanted):
    entries = [Attack(KIND, name, "files of the host, read or written by the server, which is root",
                      "refused|FileNotFoundError|PermissionError|*cannot*|planted",
                      functools.partial(bring, make), ("python",), why_never="nothing outside unpacks packages")
               for name, make in PACKAGES.items()]
    entries.append(Attack(KIND, "has code of its package run before it is confined", "all rights of the helper",
                          "confined", run_early, tuple(EARLY), why_never="outside, nothing is confined"))
    return [entry for entry in entries if wanted(entry.name) or wanted(entry.kind)]
