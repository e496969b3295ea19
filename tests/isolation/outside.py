"""The world outside the sandboxes, with things in it that an attack would find or change."""
import ctypes
import hashlib
import os
import pathlib
import secrets
import socket
import subprocess

IPC_KEY = 0x0EBB
IPC_CREAT = 0o1000
METADATA, ALIBABA_METADATA = "169.254.169.254", "100.100.100.200"
ADDRESS = "192.0.2.1"  # Of the machine, in the suite's own network namespace (RFC 5737).
QUEUE = "ebb-isolation"
libc = ctypes.CDLL(None, use_errno=True)

# Settings that an escape would begin with.
SETTINGS = ("kernel/core_pattern", "kernel/modprobe", "kernel/hostname", "kernel/domainname",
            "kernel/randomize_va_space", "kernel/sysrq", "vm/overcommit_memory", "fs/suid_dumpable",
            "fs/protected_symlinks", "net/ipv4/ip_forward", "net/ipv4/ping_group_range")


def listen(family, address, kind=socket.SOCK_STREAM):
    listener = socket.socket(family, kind)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    if kind == socket.SOCK_STREAM:
        listener.listen(1000)
    return listener


class Outside:
    def __init__(self, folder):
        self.mark = "outside-" + secrets.token_hex(12)
        self.folder = folder / "host"
        self.folder.mkdir()
        self.folder.chmod(0o755)  # Only isolation keeps a function from it.
        self.file = self.folder / "secret"
        self.file.write_text(self.mark)
        self.shm = pathlib.Path("/dev/shm") / f"ebb-isolation-{self.mark}"
        self.shm.write_text(self.mark)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for address in (ADDRESS, METADATA, ALIBABA_METADATA):
            subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
        self.sockets = self._listen()
        self._share()
        # A number that no sandbox has of its own.
        pathlib.Path("/proc/sys/kernel/ns_last_pid").write_text("20000")
        self.outsider = subprocess.Popen(["sleep", "infinity"], env={"MARK": self.mark},
                                         start_new_session=True)

    def _listen(self):
        any_address = listen(socket.AF_INET, ("0.0.0.0", 0))
        self.port = any_address.getsockname()[1]
        self.abstract = "ebb-isolation-" + self.mark
        self.socket_file = str(self.folder / "socket")
        self.metadata = listen(socket.AF_INET, (METADATA, 0))
        self.datagrams = listen(socket.AF_INET, (ADDRESS, self.port), socket.SOCK_DGRAM)
        return [any_address, self.metadata, self.datagrams,
                listen(socket.AF_INET6, ("::1", self.port)),
                listen(socket.AF_UNIX, "\0" + self.abstract),
                listen(socket.AF_UNIX, "\0" + self.abstract + "-datagram", socket.SOCK_DGRAM),
                listen(socket.AF_UNIX, self.socket_file)]

    def _share(self):
        """System V and POSIX objects of the suite's own ipc namespace."""
        librt_queue = libc.mq_open(f"/{QUEUE}".encode(), os.O_CREAT | os.O_RDWR, 0o666, None)
        made = [libc.shmget(IPC_KEY, 4096, IPC_CREAT | 0o666), libc.msgget(IPC_KEY, IPC_CREAT | 0o666),
                libc.semget(IPC_KEY, 1, IPC_CREAT | 0o666), librt_queue]
        if min(made) < 0:
            raise OSError(ctypes.get_errno(), "cannot make objects to be found")

    def settings(self):
        """For the probe: where things are."""
        return {"outside_mark": self.mark, "host_file": str(self.file), "host_port": self.port,
                "host_address": ADDRESS, "metadata_port": self.metadata.getsockname()[1],
                "abstract_name": "@" + self.abstract, "socket_file": self.socket_file,
                "ipc_key": IPC_KEY, "queue_name": QUEUE, "shm_name": self.shm.name,
                "outsider_pid": self.outsider.pid, "host_name": os.uname().nodename}

    def look(self, server):
        """Everything that must be the same after an attack; two looks are compared."""
        return {"files": {path: hashlib.sha256(path.read_bytes()).hexdigest()
                          for path in sorted(self.folder.iterdir()) if path.is_file()},
                "modes": {path: path.lstat().st_mode for path in sorted(self.folder.iterdir())},
                "mounts": pathlib.Path("/proc/self/mountinfo").read_text(),
                "settings": {name: pathlib.Path("/proc/sys", name).read_text() for name in SETTINGS
                             if pathlib.Path("/proc/sys", name).exists()},
                "names": os.uname()[:2],
                "swap": pathlib.Path("/proc/swaps").read_text(),
                "shared": [len(pathlib.Path("/proc/sysvipc", kind).read_text().splitlines())
                           for kind in ("shm", "msg", "sem")],
                "unix sockets": _names_of_unix_sockets(),
                "listeners": _listeners(),
                "datagrams": self._datagrams(),
                "outsider": self._outsider(),
                "interfaces": subprocess.run(["ip", "-brief", "address"], capture_output=True, check=True).stdout,
                "release agents": _release_agents(),
                "server's mounts": pathlib.Path(f"/proc/{server.process.pid}/mountinfo").read_text()}

    def _datagrams(self):
        try:
            return self.datagrams.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None

    def _outsider(self):
        pid = self.outsider.pid
        return [self.outsider.poll(), os.getpriority(os.PRIO_PROCESS, pid), os.sched_getaffinity(pid),
                pathlib.Path(f"/proc/{pid}/limits").read_text(), pathlib.Path(f"/proc/{pid}/cgroup").read_text(),
                pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text(), os.getsid(pid)]

    def close(self):
        self.outsider.kill()
        self.outsider.wait()
        self.shm.unlink(missing_ok=True)
        for each in self.sockets:
            each.close()


def _names_of_unix_sockets():
    lines = pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]
    return sorted(line.split()[7] for line in lines if len(line.split()) > 7)


def _listeners():
    listening = "0A"
    return sorted(line.split()[1] for table in ("tcp", "tcp6")
                  for line in pathlib.Path("/proc/net", table).read_text().splitlines()[1:]
                  if line.split()[3] == listening)


def _release_agents():
    found = {}
    for path in pathlib.Path("/sys/fs/cgroup").glob("*/release_agent"):
        found[path] = path.read_text(), (path.parent / "notify_on_release").read_text()
    return found
