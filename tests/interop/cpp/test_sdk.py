#!/usr/bin/python3
"""The C++ SDK, installed and found as a user would, against a server that answers in every legal way.

Prints a line a test, as tools/run-tests reads them.
"""
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
LIMIT_S = 60  # Nothing here takes long unless it is broken.
failed = False


def check(what, good, seen=""):
    global failed
    print(f"ok {what}" if good else f"not ok {what}\nseen: {seen}")
    failed |= not good


def build(folder):
    prefix = folder / "prefix"
    for command in (
            ["cmake", "-S", ROOT / "sdk/cpp", "-B", folder / "sdk", "-DCMAKE_CXX_COMPILER=c++"],
            ["cmake", "--build", folder / "sdk"],
            ["cmake", "--install", folder / "sdk", "--prefix", prefix],
            ["cmake", "-S", HERE / "probe", "-B", folder / "probe", f"-DCMAKE_PREFIX_PATH={prefix}",
             "-DCMAKE_CXX_COMPILER=c++"],
            ["cmake", "--build", folder / "probe"]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{command} failed:\n{done.stdout}{done.stderr}")
    return folder / "probe/probe"


class Api:
    """The server's side of the protocol, one connection at a time."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(LIMIT_S)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]

    def accept(self):
        self.socket, _ = self.listener.accept()
        self.socket.settimeout(LIMIT_S)
        self.file = self.socket.makefile("rb")

    def request(self):
        line = self.file.readline().decode().split()
        headers = {}
        while (field := self.file.readline().strip()):
            name, _, value = field.decode().partition(":")
            headers[name.lower()] = value.strip()
        return line[0], line[1], self.file.read(int(headers.get("content-length", 0)))

    def send(self, text):
        self.socket.sendall(text)

    def give(self, event, headers=(), chunked=False):
        fields = {"x-fc-request-id": "r-1", **dict(headers)}
        head = "HTTP/1.1 200 OK\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items())
        if chunked:
            pieces = b"".join(b"%x\r\n%s\r\n" % (len(event[i:i + 7]), event[i:i + 7]) for i in range(0, len(event), 7))
            self.send(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n")
        else:
            self.send(head.encode() + b"Content-Length: %d\r\n\r\n" % len(event) + event)

    def answer(self):
        got = self.request()
        self.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return got

    def ask(self, event, headers=(), chunked=False):
        """(what, body) of the answer to an event, given to a request that has been read."""
        self.give(event, headers, chunked)
        _, path, body = self.answer()
        self.next()
        return path.rpartition("/")[2], body.decode()

    def next(self):
        got = self.request()
        check_next(got)


def check_next(got):
    if got[:2] != ("GET", "/2020-11-11/runtime/invocation/next"):
        check("asks for the next event", False, got)


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        probe = build(folder)
        check("find_package(ebb_fc) builds a program", True)
        check("the program needs no dynamic linker", b"/ld-linux" not in probe.read_bytes())
        run_tests(probe)
    return 1 if failed else 0


def run_tests(probe):
    alone = subprocess.run([probe], capture_output=True, text=True, env={}, timeout=LIMIT_S)
    check("says that it is no function outside", alone.returncode == 1 and "FC_RUNTIME_API is not set" in alone.stderr, alone)
    closed = socket.create_server(("127.0.0.1", 0))
    nobody = "127.0.0.1:%d" % closed.getsockname()[1]
    closed.close()
    alone = subprocess.run([probe], capture_output=True, text=True, env={"FC_RUNTIME_API": nobody}, timeout=LIMIT_S)
    check("says that nothing answers", alone.returncode == 1 and "refused" in alone.stderr, alone)

    api = Api()
    process = subprocess.Popen([probe], env={"FC_RUNTIME_API": api.address}, stdout=subprocess.PIPE)
    try:
        api.accept()
        api.next()
        talk(api, process)
    finally:
        process.kill()
        process.wait()


def talk(api, process):
    check("answers an event", (got := api.ask(b"hello")) == ("response", "hello"), got)
    check("takes an event in chunks", (got := api.ask(b"in many small pieces", chunked=True)) == ("response", "in many small pieces"), got)
    check("takes and gives nothing", (got := api.ask(b"")) == ("response", ""), got)
    large = b"l" * (5 << 20)
    check("takes and gives a large event", api.ask(large) == ("response", large.decode()))
    fields = {"x-fc-request-id": "r-2", "X-FC-Function-Name": "f", "x-fc-function-handler": "h", "x-fc-version-id": "v",
              "x-fc-function-memory": "128", "x-fc-function-timeout": "9", "x-fc-region": "here", "x-fc-account-id": "1",
              "x-fc-retry-count": "2", "x-fc-access-key-id": "k", "x-fc-access-key-secret": "s",
              "x-fc-security-token": "t", "x-fc-function-deadline": str(int(time.time() * 1000) + 60000)}
    check("knows the context", (got := api.ask(b"context", fields)) == ("response", "r-2|f|h|v|128|9|here|1|2|k|s|t|time left"), got)
    what, body = api.ask(b"own error")
    check("fc::Error chooses its type", (what, json.loads(body)) == (
        "error", {"errorMessage": "mine", "errorType": "Own", "stackTrace": []}), body)
    what, body = api.ask(b"odd error")
    error = json.loads(body)
    check("an exception's class is its type", what == "error" and error["errorType"].endswith("Odd"), body)
    check("what an exception says is made JSON", error["errorMessage"] == 'odd\n"\x01\ufffd', body)
    what, body = api.ask(b"number")
    check("what is no exception is an error too", what == "error" and json.loads(body)["errorType"] == "int", body)
    check("the initializer runs when asked for", (got := api.ask(b"", {"x-fc-function-type": "1"})) == ("response", ""), got)
    line = process.stdout.readline()
    check("what it prints is out before its answer", line == b"init r-1\n", line)
    what, body = api.ask(b"", {"x-fc-function-type": "2"})
    check("preStop runs when asked for and may fail", (what, json.loads(body)["errorType"]) == ("error", "Stop"), body)
    api.give(b"refused")
    api.request()
    api.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nno.")
    api.next()
    check("goes on when an answer is refused", (got := api.ask(b"next")) == ("response", "next"), got)
    api.file.close()
    api.socket.close()
    api.accept()
    api.next()
    check("comes back when its connection breaks", (got := api.ask(b"back")) == ("response", "back"), got)
    api.send(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
    check("ends when it is refused events", process.wait(LIMIT_S) == 1)


sys.exit(main())
