#!/usr/bin/python3
"""Plays the Internet in a network namespace of its own, for tests.

    203.0.113.2   http on port 80: answers with the address that it was asked from
    203.0.113.53  a name server: everything below example.com is 203.0.113.2
    203.0.113.54  another: everything below own.test is 203.0.113.2
    10.1.2.3      http on ports 80 and 81, and a name server like the last: a private network behind the same link

`Internet()` moves the calling process into a new namespace that plays a host, 203.0.113.1, and starts
the Internet beyond it; the machine's own network is not touched.  Needs root and `ip`.
"""
import ctypes
import http.server
import os
import socket
import subprocess
import sys
import threading

CLONE_NEWNET = 0x40000000  # <linux/sched.h>; os.unshare came with Python 3.12.


def enter_new_network():
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    ip("link set lo up")


def ip(arguments):
    subprocess.run(["ip", *arguments.split()], check=True)


class Internet:
    def __init__(self):
        enter_new_network()
        self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.expect("in a namespace")
        ip(f"link add outside type veth peer name host netns {self.process.pid}")
        ip("link set outside up")
        ip("addr add 203.0.113.1/24 dev outside")
        self.process.stdin.write("linked\n")
        self.process.stdin.flush()
        self.expect("serving")
        ip("route add default via 203.0.113.2")

    def expect(self, line):
        if (said := self.process.stdout.readline().strip()) != line:
            raise RuntimeError(f"the Internet said '{said}', not '{line}'")

    def end(self):
        self.process.kill()
        self.process.wait()


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128  # Whoever comes when it is full has to wait a second.


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"hello {self.client_address[0]}".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def answer_names(address, domain):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, 53))
    while True:
        question, peer = sock.recvfrom(4096)
        at, labels = 12, []
        while question[at]:  # RFC 1035, 3.1: labels, each behind its length.
            labels.append(question[at + 1:at + 1 + question[at]].decode().lower())
            at += 1 + question[at]
        end = at + 5
        known = labels[-2:] == domain
        is_a = question[at + 1:at + 3] == b"\0\1"
        found = known and is_a
        flags = b"\x81\x80" if known else b"\x81\x83"  # An answer; or: no such name.
        head = question[:2] + flags + b"\0\1" + bytes([0, found]) + b"\0\0\0\0"
        record = b"\xc0\x0c\0\1\0\1\0\0\0\x05\0\4" + socket.inet_aton("203.0.113.2") if found else b""
        sock.sendto(head + question[12:end] + record, peer)


def main():
    enter_new_network()
    print("in a namespace", flush=True)
    sys.stdin.readline()
    ip("link set host up")
    for address, where in (("203.0.113.2/24", "host"), ("203.0.113.53/24", "host"), ("203.0.113.54/24", "host"),
                           ("10.1.2.3/32", "lo")):
        ip(f"addr add {address} dev {where}")
    for address, domain in (("203.0.113.53", ["example", "com"]), ("203.0.113.54", ["own", "test"]),
                            ("10.1.2.3", ["own", "test"])):
        threading.Thread(target=answer_names, args=(address, domain), daemon=True).start()
    for address, port in (("203.0.113.2", 80), ("10.1.2.3", 80), ("10.1.2.3", 81)):
        server = Server((address, port), Page)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print("serving", flush=True)
    sys.stdin.read()  # Until whoever started it is gone.
    os._exit(0)


if __name__ == "__main__":
    main()
