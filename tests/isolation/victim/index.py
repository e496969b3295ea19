"""A function with something to lose: its mark lies in its code, environment, memory, /tmp, output
and in sockets and shared memory; the other functions of the suite look for it."""
import ctypes
import os
import socket

MARK = "@MARK@"
mark_in_memory = [MARK, MARK.encode() * 100]
libc = ctypes.CDLL(None, use_errno=True)
answered = 0

with open("/tmp/secret", "w") as secret:
    secret.write(MARK)
print("my secret is", MARK)

tcp = socket.socket()
tcp.bind(("0.0.0.0", 9100))
tcp.listen()
abstract = socket.socket(socket.AF_UNIX)
abstract.bind(b"\0ebb-isolation-victim")
abstract.listen()
shared = libc.shmget(0x7E57, 4096, 0o1666)  # IPC_CREAT


def handler(event, context):
    """What would show that somebody was here."""
    global answered
    if event == b"address":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("203.0.113.1", 1))  # Sends nothing.
            return sock.getsockname()[0]
    answered += 1
    return "\n".join([
        "unharmed" if open("/tmp/secret").read() == MARK and os.environ["MARK"] == MARK else "harmed",
        " ".join(sorted(os.listdir("/tmp"))), " ".join(sorted(os.listdir("/code"))),
        socket.gethostname(), f"shared {shared >= 0}", f"call {answered}"])
