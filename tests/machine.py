"""A copy of this machine for tests that change it: packages can be upgraded, and nobody else sees it.

`enter(folder)` moves the calling process into a mount namespace of its own in which what is written to /usr, /etc and
/var lies in `folder`.  It is gone with the last process in it.  Needs root.
"""
import ctypes
import subprocess

CLONE_NEWNS = 0x00020000  # <linux/sched.h>; os.unshare came with Python 3.12.


def enter(folder):
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    mount("--make-rprivate", "/")
    for name in ("usr", "etc", "var"):
        upper, work = folder / name / "upper", folder / name / "work"
        upper.mkdir(parents=True)
        work.mkdir()
        mount("-t", "overlay", "-o", f"lowerdir=/{name},upperdir={upper},workdir={work}", "ebb-machine", f"/{name}")


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)
