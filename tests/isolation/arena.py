"""A server with functions that attack, one that has something to lose, and one that is innocent."""
import concurrent.futures
import contextlib
import json
import pathlib
import secrets
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "interop/registry")]
import ebb_server  # noqa: E402
import images  # noqa: E402
from outside import Outside  # noqa: E402

CALL_LIMIT_S = 300
LOOK_EVERY_S = 0.2
MOST_INSTANCES = 100
# Takes the processor long enough for a template to be made, and tells one loading from another.
SLOW = """import secrets
import time
end = time.process_time() + 0.1
while time.process_time() < end:
    pass
LOADED = secrets.token_hex(8)

"""
INSIDE_S3_PORT = 9010  # kInsideS3Port of src/server/wiring.cc.
VICTIM_IPC_KEY, VICTIM_PORT, VICTIM_ABSTRACT = 0x7E57, 9100, "@ebb-isolation-victim"  # victim/index.py


class Arena:
    def __init__(self, folder, probe):
        self.folder, self.probe = folder, probe
        self.victim_mark = "victim-" + secrets.token_hex(12)
        self.outside = Outside(folder)
        self.server = ebb_server.Server(folder)
        self.packages = folder / "packages"
        self.packages.mkdir()
        self.registry = None
        self.one_at_a_time = threading.Lock()
        self.deployed = set()  # Names of functions.
        self.other_account, self.other_mark = "1000000000000001", "treasure-" + secrets.token_hex(12)

    def start(self):
        marked = {"MARK": self.outside.mark}
        self.server.start(environment=marked)
        self.server.end()
        self._add_account()
        self.server.start(environment=marked)
        self.environment = {**ebb_server.os.environ, **self.server.environment()}
        self._deploy_victim()
        self._deploy_treasure()
        innocent = self.package("innocent", {"index.py": "def handler(event, context):\n    return 'fine'\n"})
        self.deploy("innocent", "python3.10", innocent)
        self.call("innocent")

    def _deploy_victim(self):
        code = (HERE / "victim/index.py").read_text().replace("@MARK@", self.victim_mark)
        package = self.package("victim", {"index.py": code})
        self.deploy("victim", "python3.10", package, f"environmentVariables: {{MARK: {self.victim_mark}}}")
        self.call("victim", self.victim_mark)
        self.victim_address = self.call("victim", "address")

    def _add_account(self):
        """Another one; for now there is no other way to it than the database."""
        key = ("EBBisolation" + secrets.token_hex(6), secrets.token_hex(16))
        with contextlib.closing(sqlite3.connect(self.server.data / "ebb.db")) as database, database:
            later = database.execute("SELECT max(created_ms) + 1 FROM catalog_keys").fetchone()[0]
            database.execute("INSERT INTO catalog_accounts (id, created_ms) VALUES (?, ?)", (self.other_account, later))
            database.execute("INSERT INTO catalog_keys (id, secret, account, created_ms) VALUES (?, ?, ?, ?)",
                             (*key, self.other_account, later))
        self.other_keys = {"EBB_ACCOUNT": self.other_account, "EBB_ACCESS_KEY_ID": key[0], "EBB_ACCESS_KEY_SECRET": key[1]}

    def _deploy_treasure(self):
        """What the other account has: a function that prints its mark, and a bucket with it."""
        code = f"def handler(event, context):\n    print({self.other_mark!r})\n    return {self.other_mark!r}\n"
        self.deploy("treasure", "python3.10", self.package("treasure", {"index.py": code}), environment=self.other_keys)
        self.deployed.discard("treasure")
        if (said := self.other_look())["function"] != self.other_mark:
            raise RuntimeError(f"the other account's function says: {said}")
        for method, path, body in (("PUT", "/treasure", ""), ("PUT", "/treasure/secret", self.other_mark)):
            self.other_s3(method, path, body)

    def other_s3(self, method, path, body=""):
        """One request for the buckets, with the other account's key."""
        keys = f"{self.other_keys['EBB_ACCESS_KEY_ID']}:{self.other_keys['EBB_ACCESS_KEY_SECRET']}"
        return subprocess.run(["curl", "-sS", "-X", method, "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD",
                               "--aws-sigv4", "aws:amz:us-east-1:s3", "--user", keys, "--data-binary", body,
                               self.server.cli()["s3Endpoint"] + path],
                              capture_output=True, text=True, timeout=CALL_LIMIT_S, check=True).stdout

    def other_look(self):
        """What the other account finds of its own."""
        return {"function": self.ebb("invoke", "treasure", "", environment=self.other_keys).stdout.strip(),
                "object": self.other_s3("GET", "/treasure/secret")}

    # --- functions

    def package(self, name, files):
        """A zip with `files` ({name: text}) and the probe: as program, set-user-id program and shared object."""
        path = self.packages / f"{name}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for file, content in files.items():
                archive.writestr(file, content)
            for file, mode, source in (("probe", 0o755, self.probe), ("suid-root", 0o4755, self.probe),
                                       ("probe.so", 0o755, self.probe.with_suffix(".so"))):
                entry = zipfile.ZipInfo(file)
                entry.external_attr = (stat.S_IFREG | mode) << 16
                archive.writestr(entry, source.read_bytes())
        return path

    def package_for(self, runtime):
        files = {}
        if runtime.handler_file:
            code = (HERE / "handlers" / runtime.handler_file).read_text()
            files[runtime.handler_file] = (SLOW if runtime.is_slow else "") + code
        return self.package(runtime.name, files)

    def deploy(self, name, fc_runtime, package, *properties, environment=None):
        """`package`: None with an image.  `environment`: as of ebb.  Raises what the command line says if it is refused."""
        lines = ["edition: 3.0.0", "name: isolation", "resources:", "  it:", "    component: fc3", "    props:"]
        defaults = {"region": "local", "functionName": name, "runtime": fc_runtime, "handler": "index.handler",
                    "code": package, "cpu": 0.5, "memorySize": 512, "diskSize": 512, "timeout": 60}
        if package is None:
            del defaults["code"], defaults["handler"]
        given = dict(line.split(": ", 1) for line in properties)
        lines += [f"      {key}: {value}" for key, value in {**defaults, **given}.items()]
        file = self.folder / f"s-{name}.yaml"
        file.write_text("\n".join(lines) + "\n")
        done = self.ebb("deploy", "-f", str(file), environment=environment)
        if done.returncode != 0:
            raise RuntimeError(done.stdout)
        self.deployed.add(name)

    def deploy_hostile(self, runtime, name, *properties):
        if runtime.is_image:
            container = f"customContainerConfig: {{image: {self.image()}, entrypoint: [/bin/probe], port: 9000}}"
            self.deploy(name, runtime.fc_name, None, container, *properties)
        else:
            self.deploy(name, runtime.fc_name, self.package_for(runtime), *runtime.properties, *properties)
        if runtime.is_slow:
            self.wait_forked(name)

    def deploy_thief(self):
        """A function that is given keys to its account's buckets."""
        with self.one_at_a_time:
            if "thief" not in self.deployed:
                code = (HERE / "handlers/index.py").read_text()
                self.deploy("thief", "python3.10", self.package("thief", {"index.py": code}), "role: acs:ram::1:role/thief")

    def wait_forked(self, name):
        """Until the instance is one that was forked from a template: two in a row that were loaded once."""
        ask = "code\nimport index\nseen = index.LOADED"
        loaded = self.call(name, ask)
        for _ in range(MOST_INSTANCES):
            self.call(name, "code\nimport os\nos._exit(1)")
            before, loaded = loaded, self.call(name, ask)
            if loaded == before:
                return
        raise RuntimeError(f"no instance of {name} is forked from a template")

    def image(self):
        """The name of an image with nothing but the probe, in a registry of the suite's own."""
        if self.registry is None:
            self.registry = images.Registry(self.folder / "registry").__enter__()
            program = self.probe.read_bytes()
            layer = images.layer(folders=["bin", "code", "tmp"], files={"bin/probe": (program, 0o755),
                                 "code/probe": (program, 0o755), "code/suid-root": (program, 0o4755)})
            layout = images.Layout(self.folder / "image")
            layout.write([layout.manifest([layer], {"Entrypoint": ["/bin/probe"]})])
            self.registry.push(layout, "isolation/probe:1")
        return f"{self.registry.name}/isolation/probe:1"

    def call(self, name, event=""):
        """What the function answers, or what the platform says of its failure."""
        done = self.ebb("invoke", name, "-", event=event)
        return done.stdout.rstrip("\n")

    def attack(self, runtime, event):
        """What the runtime's hostile function answers, or the guest in it."""
        name = f"hostile-{runtime.name}"
        if not runtime.is_guest:
            return self.call(name, event)
        if (said := self.call(name, "code\nseen = 'there'")) != "there":
            return said
        return self.ebb("exec", name, "-i", "--", "/code/probe", "run", event=event).stdout.rstrip("\n")

    def remove(self, name):
        self.ebb("rm", name)
        self.deployed.discard(name)

    def ebb(self, *arguments, event="", environment=None):
        """`environment`: variables that differ from those of the suite's own account."""
        return subprocess.run([ebb_server.EBB, *arguments], input=event, text=True, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**self.environment, **(environment or {})},
                              timeout=CALL_LIMIT_S, check=False)

    def while_busy(self, call):
        """Runs `call` and meanwhile asks after the server's health; (what it gave, troubles)."""
        troubles = []
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            running = pool.submit(call)
            while True:
                if trouble := self.trouble():
                    troubles.append(trouble)
                if concurrent.futures.wait([running], LOOK_EVERY_S).done:
                    return running.result(), troubles

    # --- judgement

    def trouble(self):
        """What is wrong with the server; "" if nothing is."""
        if self.server.process.poll() is not None:
            return "the server has ended"
        if (said := self.call("innocent")) != "fine":
            return f"another function is not served: {said}"
        if (done := self.ebb("ls")).returncode != 0:
            return f"the management API does not answer: {done.stdout}"
        return ""

    def look(self):
        """What must be the same after an attack."""
        seen = self.outside.look(self.server)
        with self.one_at_a_time:  # Two calls at once would start a second instance.
            *state, _ = self.call("victim", self.victim_mark).splitlines()
            seen["other account"] = self.other_look()
        seen["victim"] = state
        seen["victim's mark in others' logs"] = self.victim_mark in self.ebb("logs", "innocent").stdout
        return seen

    def server_descriptors(self):
        return len(ebb_server.os.listdir(f"/proc/{self.server.process.pid}/fd"))

    def settings(self):
        ports = [int(url.rsplit(":", 1)[1].rstrip("/")) for url in
                 (self.server.cli()["endpoint"], self.server.cli()["functionsEndpoint"])]
        return {**self.outside.settings(), "data": self.server.data, "server_pid": self.server.process.pid,
                "api_port": ports[0], "functions_port": ports[1], "s3_port": INSIDE_S3_PORT,
                "victim_mark": self.victim_mark, "victim_ipc_key": VICTIM_IPC_KEY,
                "victim_port": VICTIM_PORT, "victim_address": self.victim_address, "link_address": link_address(), "victim_abstract_name": VICTIM_ABSTRACT}

    def attack_event(self, names, **more):
        """For the handlers of the suite: run these attacks of the probe."""
        settings = {**self.settings(), **more}
        return "\n".join(["attacks", *(f"set {key} {value}" for key, value in settings.items()), *names])

    def run_outside(self, event):
        """The probe as root, outside of any sandbox, with mounts and a host name that it may spoil."""
        done = subprocess.run(["unshare", "--mount", "--uts", "--propagation", "private", str(self.probe), "run"],
                              input=event, text=True, stdout=subprocess.PIPE, timeout=CALL_LIMIT_S, check=True)
        return done.stdout

    def errors_in_log(self):
        return [line for line in self.server.log.read_text(errors="replace").splitlines()
                if '"level":"error"' in line or " error " in line.lower()[:60] or "panic" in line.lower()]

    def close(self):
        try:
            code = self.server.end()
        finally:
            self.server.end(ebb_server.signal.SIGKILL)
            self.outside.close()
            if self.registry is not None:
                self.registry.__exit__()
            shutil.rmtree(self.folder, ignore_errors=True)
        return code


def link_address():
    """The host's end of the link that instances reach the Internet by."""
    shown = subprocess.run(["ip", "-json", "address"], capture_output=True, text=True, check=True).stdout
    return next(link["addr_info"][0]["local"] for link in json.loads(shown) if link["ifname"].startswith("ebb"))


def parse_answers(text):
    """{attack's name: what came of it} of the probe's answer."""
    return dict(line.split("\t", 1) for line in text.splitlines() if "\t" in line)
