"""Lies told to the server: over the channel of the shims, and as an HTTP server's answers."""
import functools
import json
import struct

from attack import Attack

KIND = "lies to the server"
TRUE = "the true answer"


def frame(kind, header, body=b""):
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<IcI", 5 + len(head) + len(body), kind, len(head)) + head + body


def answer(request_id, body):
    return frame(b"A", {"requestId": request_id, "ok": True, "errorType": ""}, body)


# What is written to the channel before the function answers.  Each must change nothing.
IGNORED = {
    "answers a request that is not its own": answer("1-00000000-000000000000000000000000", b"forged"),
    "answers a request without a name": frame(b"A", {"ok": True}, b"forged"),
    "answers a request whose name is no text": frame(b"A", {"requestId": [1], "ok": True}, b"forged"),
    "answers with a header that is not JSON": frame(b"A", b"\xff\xfe{", b"forged"),
    "answers with a header that is not an object": frame(b"A", b"[1]", b"forged"),
    "answers with a header that is nested a thousand times": frame(b"A", b"[" * 30000 + b"]" * 30000),
    "says again that it has booted": frame(b"B", b""),
    "says again that it is loaded": frame(b"L", b""),
    "says that it cannot be loaded after all": frame(b"X", {"message": "forged"}),
    "sends the server an order to start": frame(b"I", {"handler": "x.y", "environment": {}, "context": {}}),
    "sends the server a call": frame(b"C", {"requestId": "x"}, b"forged"),
    "sends a frame of a kind that there is not": frame(b"\xff", b"", b"forged"),
}

# What breaks the channel.  The call fails, the next one is served by another instance.
BROKEN = {
    "sends a frame that says it is 4 GiB long": struct.pack("<IcI", 0xFFFFFFFF, b"A", 2) + b"{}",
    "sends a frame that says it is empty": struct.pack("<IcI", 0, b"A", 0),
    "sends a header that is longer than its frame": struct.pack("<IcI", 7, b"A", 0xFFFFFFFF) + b"{}",
    "sends a header of a megabyte": frame(b"A", b'{"x":"' + b"y" * (1 << 20) + b'"}'),
    "sends bytes that are no frame": b"\xff" * 4096,
}

# For custom runtimes: raw answers to the server's HTTP request.
HTTP_BROKEN = {
    "answers with bytes that are no HTTP": "\x01\x02\x03 nonsense\r\n\r\n",
    "answers with a header of a megabyte": "HTTP/1.1 200 OK\r\nX: " + "y" * (1 << 20) + "\r\n\r\n",
    "answers with a hundred thousand headers": "HTTP/1.1 200 OK\r\n" + "X: y\r\n" * 100_000 + "\r\n",
    "answers with a length that is no number": "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
    "answers with two lengths": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
    "answers with a chunk of all the memory there is":
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nx",
    "answers with less than it promised": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx",
    "does not answer at all": "",
}
HTTP_IGNORED = {
    "sends a second answer behind the first":
        f"HTTP/1.1 200 OK\r\nContent-Length: {len(TRUE)}\r\n\r\n{TRUE}"
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged",
}

WRITE = {
    "python": "import os\nlies = bytes.fromhex('@HEX@')\nwhile lies: lies = lies[os.write(3, lies):]\nseen = '@TRUE@'",
    # The socket's own queue: writing past it would wait for itself.
    "node": "const net = require('net'), fs = require('fs');\nlet lies = Buffer.from('@HEX@', 'hex');\n"
            "while (lies.length) { try { lies = lies.subarray(fs.writeSync(3, lies)); } catch (e) {"
            " if (e.code !== 'EAGAIN') throw e; } }\nreturn '@TRUE@';",
}

CLOSE = {"python": "import os\nos.close(3)\nseen = '@TRUE@'",
         "node": "require('fs').closeSync(3);\nreturn '@TRUE@';"}

# Gives the server a descriptor that it did not ask for.
PASS_DESCRIPTOR = {
    "python": "import socket, array, os\nchannel = socket.socket(fileno=os.dup(3))\n"
              "for _ in range(20): channel.sendmsg([bytes.fromhex('@HEX@')], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,"
              " array.array('i', [os.open('/dev/null', 0)] * 50))])\nseen = '@TRUE@'",
}

# From a thread of its own until it is stopped.
FLOOD = {
    "python": "import os\nlies = bytes.fromhex('@HEX@') * 500\nwhile True: os.write(3, lies)",
    "node": "const fs = require('fs'), lies = Buffer.concat(Array(500).fill(Buffer.from('@HEX@', 'hex')));\n"
            "for (;;) { try { fs.writeSync(3, lies); } catch (e) { if (e.code !== 'EAGAIN') throw e; } }",
}
FLOOD_TIMEOUT_S = 2


def send(arena, runtime, code, lies=b""):
    source = code[runtime.kind].replace("@HEX@", lies.hex()).replace("@TRUE@", TRUE)
    return arena.call(f"hostile-{runtime.name}", f"code\n{source}")


def next_answer(arena, runtime):
    """An ordinary call after the lies: whatever was left of them must not answer it."""
    said = arena.call(f"hostile-{runtime.name}", "attacks\nbecomes root by setuid")
    return "" if said == "becomes root by setuid\tEINVAL" else f"the next call was answered: {said[:200]}"


def lie(lies, arena, runtime):
    said = send(arena, runtime, WRITE, lies)
    return next_answer(arena, runtime) or said


def close_channel(arena, runtime):
    said = send(arena, runtime, CLOSE)
    return next_answer(arena, runtime) or said


def pass_descriptors(arena, runtime):
    before = arena.server_descriptors()
    said = send(arena, runtime, PASS_DESCRIPTOR, IGNORED["answers a request without a name"])
    gained = arena.server_descriptors() - before
    if gained >= 500:  # A thousand were passed; the server's own come and go.
        return f"possible: the server has {gained} descriptors more"
    return next_answer(arena, runtime) or said


def flood(arena, runtime):
    function = f"flood-{runtime.name}"
    arena.deploy_hostile(runtime, function, f"timeout: {FLOOD_TIMEOUT_S}")
    source = FLOOD[runtime.kind].replace("@HEX@", IGNORED["answers a request that is not its own"].hex())
    said, troubles = arena.while_busy(lambda: arena.call(function, f"code\n{source}"))
    arena.remove(function)
    return f"meanwhile {troubles[0]}" if troubles else said


def flood_http(arena, runtime):
    """Interim answers without end."""
    lies = "raw\n" + "HTTP/1.1 100 Continue\r\n\r\n" * 100_000
    said = arena.call(f"hostile-{runtime.name}", lies)
    return next_answer(arena, runtime) or said


def answer_raw(text, arena, runtime):
    said = arena.call(f"hostile-{runtime.name}", f"raw\n{text}")
    return next_answer(arena, runtime) or said


def forge_events(arena, runtime):
    """Through the runtime door; what comes next must be answered as it should."""
    said = arena.call(f"hostile-{runtime.name}", "forge")
    return next_answer(arena, runtime) or (TRUE if said == "true" else said)


def attacks(wanted):
    framed, native = ("python", "node"), ("native",)
    no_proof = "it is about what the server believes"
    failed = "*Process exited unexpectedly*|*time out*|*response is bad*"

    def entry(name, stands_for, seen, run, runtimes):
        return Attack(KIND, name, stands_for, seen, run, runtimes, why_never=no_proof)

    entries = [entry(name, "another request's answer, forged", TRUE, functools.partial(lie, lies), framed)
               for name, lies in IGNORED.items()]
    entries += [entry(name, "the server's memory, or its end", failed, functools.partial(lie, lies), framed)
                for name, lies in BROKEN.items()]
    entries += [
        entry("closes its channel", "a server that waits for ever", failed, close_channel, framed),
        entry("passes descriptors to the server", "a server that has no more of its own", TRUE, pass_descriptors,
              ("python",)),
        entry("floods the server with frames", "all its processor time", failed, flood, framed),
        entry("floods the server with interim answers", "the same", failed, flood_http, native)]
    entries += [entry(name, "the server's memory, or its end", failed, functools.partial(answer_raw, text), native)
                for name, text in HTTP_BROKEN.items()]
    entries += [entry(name, "the next request's answer, forged", TRUE, functools.partial(answer_raw, text), native)
                for name, text in HTTP_IGNORED.items()]
    entries.append(entry("answers events that are not its own, and its own twice", "another request's answer, forged",
                         TRUE, forge_events, ("go",)))
    return [e for e in entries if wanted(e.name) or wanted(e.kind)]
