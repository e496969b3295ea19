"""The baseline of a warm call: the same handler behind a bare Unix socket, one frame in, one out."""
import json
import os
import socket
import struct
import sys


def handler(event, context):
    return "hello " + json.loads(event)["name"]


def read_exactly(connection, count):
    out = b""
    while len(out) < count:
        piece = connection.recv(count - len(out))
        if not piece:
            return b""
        out += piece
    return out


def main(path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("ready", os.getpid(), flush=True)
        while True:
            connection, _ = listener.accept()
            with connection:
                while head := read_exactly(connection, 4):
                    answer = handler(read_exactly(connection, struct.unpack("<I", head)[0]), None).encode()
                    connection.sendall(struct.pack("<I", len(answer)) + answer)


if __name__ == "__main__":
    main(sys.argv[1])
