"""The runtimes that every attack is run in.  A new one is one more line of RUNTIMES."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Runtime:
    name: str
    fc_name: str  # As in `runtime:` of an s.yaml.
    handler_file: str = ""  # Of handlers/; "" where the probe itself is the function.
    properties: tuple = ()  # Further lines of the s.yaml.
    language: str = ""  # What attacks mean by their `runtimes`; its name if left out.
    is_image: bool = False  # The probe lies in a container image, not in a package.
    is_slow: bool = False  # To load: so its instances are forked from a template.
    is_guest: bool = False  # The probe is sent into an instance of it, by InstanceExec.

    @property
    def kind(self):
        return self.language or self.name

    def must_see(self, attack):
        other = OF_ITS_OWN_ROOT if self.is_image else OF_ITS_OWN_USER_NAMESPACE if self.is_slow else {}
        return f"{attack.seen}|{other[attack.name]}" if attack.name in other else attack.seen


# A template makes its instances' namespaces, so these belong to its own user namespace and not to the host's.
OF_ITS_OWN_USER_NAMESPACE = {"asks who owns its network namespace": "possible"}
# A container's root is an overlay of its own: what it changes there it changes for itself.
OF_ITS_OWN_ROOT = {
    "writes to its code": "possible|ENOENT",
    "writes to the system's folders": "possible*",
    "reopens a file of the system for writing": "ENOENT",
    "reopens its own program for writing": "possible",
    "reopens the platform's own files for writing": "ENOENT",
    "maps a file of the system writable": "ENOENT",
    "links a file of the system into /tmp": "ENOENT",
    "changes the mode of a file of the system": "ENOENT",
    "changes the time of a file of the system": "ENOENT",
    "makes a file of the system immutable": "ENOENT",
    "freezes the host's disk": "ENOENT",
    "reads the host's private keys": "ENOENT",
}

RUNTIMES = (
    Runtime("python", "python3.10", "index.py"),
    Runtime("template", "python3.10", "index.py", language="python", is_slow=True),
    Runtime("node", "nodejs20", "index.js"),
    Runtime("native", "custom.debian12", properties=("customRuntimeConfig: {command: [/code/probe], port: 9000}",)),
    Runtime("go", "go1", properties=("handler: probe",)),
    Runtime("guest", "python3.10", "index.py", is_guest=True),
    Runtime("container", "custom-container", language="native", is_image=True),
)
