"""The runtimes that every attack is run in.  A new one is one more line of RUNTIMES."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Runtime:
    name: str
    fc_name: str  # As in `runtime:` of an s.yaml.
    handler_file: str = ""  # Of handlers/; "" where the probe itself is the function.
    properties: tuple = ()  # Further lines of the s.yaml.

    @property
    def is_native(self):
        """The probe is the function: there is no process of a runtime around it."""
        return not self.handler_file


RUNTIMES = (
    Runtime("python", "python3.10", "index.py"),
    Runtime("node", "nodejs20", "index.js"),
    Runtime("native", "custom.debian12", properties=("customRuntimeConfig: {command: [/code/probe], port: 9000}",)),
)
