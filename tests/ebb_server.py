"""`ebb serve` on a data folder of its own, for tests that drive the real program from outside."""
import json
import os
import pathlib
import signal
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
EBB = os.path.abspath(os.environ.get("EBB", ROOT / "build/release/ebb"))
END_LIMIT_S = 60


class Died(Exception):
    """The server ended instead of becoming ready; says its exit code and what it printed."""


class Server:
    def __init__(self, folder):
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.process = None
        self.ports = (0, 0, 0)  # Management API, S3, functions; 0: any.

    def start(self, options=(), environment=None):
        """`environment`: variables that the server has beside the caller's own."""
        api, s3, functions = self.ports
        command = [EBB, "serve", "--data", str(self.data), "--api-port", str(api), "--s3-port", str(s3),
                   "--functions-port", str(functions), *options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                            stderr=log, text=True,
                                            env={**os.environ, **(environment or {})})
        for line in self.process.stdout:
            if line.startswith("ebb is ready"):
                return
        raise Died(f"the server ended with {self.process.wait()}:\n{self.last_lines()}")

    def end(self, how=signal.SIGTERM):
        """The exit code; 0 when it was not running."""
        if self.process is None:
            return 0
        self.process.send_signal(how)
        code = self.process.wait(timeout=END_LIMIT_S)
        self.process.stdout.close()
        self.process = None
        return code

    def last_lines(self):
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""

    def cli(self):
        return json.loads((self.data / "cli.json").read_text())

    def environment(self):
        """What clients need to know, as environment variables."""
        cli = self.cli()
        return {
            "EBB_ENDPOINT": cli["endpoint"],
            "EBB_S3_ENDPOINT": cli["s3Endpoint"],
            "EBB_FUNCTIONS_ENDPOINT": cli["functionsEndpoint"],
            "EBB_ACCOUNT": cli["accountId"],
            "EBB_ACCESS_KEY_ID": cli["accessKeyId"],
            "EBB_ACCESS_KEY_SECRET": cli["accessKeySecret"],
            "AWS_ACCESS_KEY_ID": cli["accessKeyId"],
            "AWS_SECRET_ACCESS_KEY": cli["accessKeySecret"],
            "AWS_DEFAULT_REGION": "us-east-1",
        }
