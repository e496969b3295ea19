"""What the claims of bench/run have in common: servers, signed requests, the timed client, processor time."""
import base64
import contextlib
import datetime
import hashlib
import hmac
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import urllib.parse
import uuid
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests"))
import ebb_server  # noqa: E402

HANDLER = "import json\n\n\ndef handler(event, context):\n    return 'hello ' + json.loads(event)['name']\n"
PAYLOAD = b'{"name": "Ada"}'
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def acs3(cli, method, path, body=b""):
    """A whole signed HTTP/1.1 request, as bytes; good for 15 minutes."""
    host = urllib.parse.urlsplit(cli["endpoint"]).netloc
    digest = hashlib.sha256(body).hexdigest()
    headers = {
        "content-type": "application/json", "host": host, "x-acs-content-sha256": digest,
        "x-acs-date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": uuid.uuid4().hex, "x-acs-version": "2023-03-30"}
    names = ";".join(sorted(headers))
    canonical = "\n".join([method, path, "", "".join(f"{k}:{headers[k]}\n" for k in sorted(headers)), names, digest])
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(cli["accessKeySecret"].encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (f"ACS3-HMAC-SHA256 Credential={cli['accessKeyId']},SignedHeaders={names},"
                                f"Signature={signature}")
    return http_request(method, path, headers, body)


def sigv4_put(cli, path, body):
    """A whole signed S3 PUT, as bytes."""
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    headers = {"host": urllib.parse.urlsplit(cli["s3Endpoint"]).netloc, "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
               "x-amz-date": stamp}
    names = ";".join(sorted(headers))
    canonical = "\n".join(["PUT", path, "", "".join(f"{k}:{headers[k]}\n" for k in sorted(headers)), names,
                           "UNSIGNED-PAYLOAD"])
    scope = f"{day}/us-east-1/s3/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + cli["accessKeySecret"]).encode()
    for part in (day, "us-east-1", "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={cli['accessKeyId']}/{scope},SignedHeaders={names},"
                                f"Signature={signature}")
    return http_request("PUT", path, headers, body)


def http_request(method, path, headers, body):
    lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items()), f"content-length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def package(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o755 << 16
            z.writestr(entry, content)
    return base64.b64encode(out.getvalue()).decode()


class Bench:
    def __init__(self, build, folder, rounds):
        self.tools, self.folder, self.rounds = build / "bench", folder, rounds
        self.stack = contextlib.ExitStack()

    def tool(self, name, *arguments):
        done = subprocess.run([str(self.tools / name), *map(str, arguments)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{name} {arguments}: {done.stderr}{done.stdout}")
        return json.loads(done.stdout)

    def server(self, name, *options):
        folder = self.folder / name
        folder.mkdir()
        server = ebb_server.Server(folder)
        server.start(options)
        self.stack.callback(server.end, signal.SIGTERM)
        return server

    def request(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def http(self, server, door, request, count, pause_ms=0):
        """One roundtrip run, with the processor time that the server and all that it started spent per operation."""
        url = urllib.parse.urlsplit(server.cli()[door])
        before = cpu_of_tree_s(server.process.pid)
        figures = self.tool("roundtrip", "http", url.hostname, url.port, request, count, pause_ms)
        figures["cpu_us"] = (cpu_of_tree_s(server.process.pid) - before) * 1e6 / count
        return figures

    def cold_starts(self, server):
        done = subprocess.run([ebb_server.EBB, "usage", "--json", "--data", str(server.data)], capture_output=True,
                              check=True)
        return json.loads(done.stdout)["total"]["coldStarts"]

    def cold(self, server, request, count, pause_ms):
        """Calls that the ledger says were all cold starts."""
        before = self.cold_starts(server)
        figures = self.http(server, "endpoint", request, count, pause_ms)
        if (cold := self.cold_starts(server) - before) != count:
            raise SystemExit(f"only {cold} of {count} calls were cold starts")
        return figures

    def deploy(self, server, name="hello", files=None, **fields):
        """Returns a file with the request that invokes it."""
        cli = server.cli()
        body = {"functionName": name, "runtime": "python3.10", "handler": "index.handler",
                "code": {"zipFile": package(files or {"index.py": HANDLER})}, **fields}
        request = acs3(cli, "POST", "/2023-03-30/functions", json.dumps(body).encode())
        self.http(server, "endpoint", self.request("deploy", request), 1)
        return self.invocation(server, name)

    def deletion(self, server, name):
        return self.request("delete", acs3(server.cli(), "DELETE", f"/2023-03-30/functions/{name}"))

    def invocation(self, server, name, folder=None):
        folder = folder or self.folder
        path = folder / f"invoke-{server.process.pid}-{name}"
        path.write_bytes(acs3(server.cli(), "POST", f"/2023-03-30/functions/{name}/invocations", PAYLOAD))
        return path


def cpu_s(pid):
    return sum(map(int, stat_of(pid)[11:13])) / TICKS_PER_S


def descendants(pid):
    """The living processes that come from `pid`, as {number: fields of /proc/N/stat behind the name}."""
    children = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = stat_of(folder.name)
            children.setdefault(int(fields[1]), {})[int(folder.name)] = fields
    found, waiting = {}, [pid]
    while waiting:
        below = children.get(waiting.pop(), {})
        found.update(below)
        waiting += below
    return found


def stat_of(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def cpu_of_tree_s(pid):
    """Of a process, its living descendants and those of them that were waited for."""
    processes = [stat_of(pid), *descendants(pid).values()]
    return sum(int(ticks) for fields in processes for ticks in fields[11:15]) / TICKS_PER_S


def mem_available_kib():
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1])
    raise SystemExit("no MemAvailable")
