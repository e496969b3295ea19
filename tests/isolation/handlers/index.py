"""A hostile function: loads the probe into its process, runs it beside itself, or runs code that it is sent."""
import ctypes
import subprocess

MOST_BYTES = 1 << 20
kept = {}  # From call to call, for attacks that take two.


def handler(event, context):
    what, _, rest = event.decode().partition("\n")
    if what == "code":
        scope = {"kept": kept, "context": context}
        exec(rest, scope)
        return str(scope["seen"])
    if what == "attacks":
        answer = ctypes.create_string_buffer(MOST_BYTES)
        handle = ctypes.CDLL("/code/probe.so").ProbeHandle
        handle.restype = ctypes.c_size_t
        return answer[:handle(event, ctypes.c_size_t(len(event)), answer, ctypes.c_size_t(MOST_BYTES))]
    probe = subprocess.run(["/code/probe", "run"], input=event, stdout=subprocess.PIPE, check=True)
    return probe.stdout
