"""A hostile function: runs the probe beside itself, or code that it is sent inside itself."""
import subprocess

kept = {}  # From call to call, for attacks that take two.


def handler(event, context):
    what, _, rest = event.decode().partition("\n")
    if what == "code":
        scope = {"kept": kept, "context": context}
        exec(rest, scope)
        return str(scope["seen"])
    probe = subprocess.run(["/code/probe", "run"], input=event, stdout=subprocess.PIPE, check=True)
    return probe.stdout
