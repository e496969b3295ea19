"""Images as the tests make them: OCI layouts on disk, pushed by skopeo to docker-registry."""
import base64
import contextlib
import gzip
import hashlib
import io
import json
import pathlib
import socket
import subprocess
import tarfile
import time

LIMIT_S = 60


def layer(files=(), links=(), folders=()):
    """A tar: {name: bytes or (bytes, mode)}, {name: target}, names."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in folders:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for name, content in dict(files).items():
            content, mode = content if isinstance(content, tuple) else (content, 0o644)
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
        for name, target in dict(links).items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)
    return out.getvalue()


class Layout:
    """A folder in the form of the OCI image layout specification."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "blobs/sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')

    def blob(self, data):
        digest = hashlib.sha256(data).hexdigest()
        (self.folder / "blobs/sha256" / digest).write_bytes(data)
        return {"digest": "sha256:" + digest, "size": len(data)}

    def json(self, media_type, value):
        return {"mediaType": media_type, **self.blob(json.dumps(value).encode())}

    def manifest(self, layers, config, architecture="amd64", compress="gzip"):
        parts, diffs = [], []
        for tar in layers:
            diffs.append("sha256:" + hashlib.sha256(tar).hexdigest())
            if compress == "zstd":
                data = subprocess.run(["zstd", "-q", "-c"], input=tar, stdout=subprocess.PIPE, check=True).stdout
            else:
                data = gzip.compress(tar, mtime=0)
            parts.append({"mediaType": f"application/vnd.oci.image.layer.v1.tar+{compress}", **self.blob(data)})
        image = self.json("application/vnd.oci.image.config.v1+json", {
            "architecture": architecture, "os": "linux", "config": config,
            "rootfs": {"type": "layers", "diff_ids": diffs}})
        return {**self.json("application/vnd.oci.image.manifest.v1+json", {
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": image, "layers": parts}), "platform": {"os": "linux", "architecture": architecture}}

    def write(self, manifests):
        """One manifest, or several as an image for several machines."""
        if len(manifests) > 1:
            index = "application/vnd.oci.image.index.v1+json"
            manifests = [self.json(index, {"schemaVersion": 2, "mediaType": index, "manifests": manifests})]
        (self.folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [
            {**manifests[0], "annotations": {"org.opencontainers.image.ref.name": "made"}}]}))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Registry:
    """docker-registry on a loopback port.  `login`: (user, password) that it wants.  `tls`: (certificate, key)."""

    def __init__(self, folder, login=None, tls=None):
        self.folder, self.login, self.tls = folder, login, tls
        folder.mkdir()
        self.port = free_port()
        self.name = f"127.0.0.1:{self.port}"
        config = {"version": 0.1, "log": {"level": "error"},
                  "storage": {"filesystem": {"rootdirectory": str(folder / "blobs")}},
                  "http": {"addr": self.name}}
        if login:
            import crypt  # Only here: later Pythons do not have it.
            salt = crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)
            (folder / "htpasswd").write_text(f"{login[0]}:{crypt.crypt(login[1], salt)}\n")
            config["auth"] = {"htpasswd": {"realm": "tests", "path": str(folder / "htpasswd")}}
        if tls:
            config["http"]["tls"] = {"certificate": str(tls[0]), "key": str(tls[1])}
        (folder / "config.yml").write_text(json.dumps(config))

    def __enter__(self):
        self.log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(["docker-registry", "serve", str(self.folder / "config.yml")],
                                        stdout=self.log, stderr=self.log)
        end = time.monotonic() + LIMIT_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("docker-registry: " + (self.folder / "log").read_text())
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.02)
        return self

    def _answers(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def push(self, layout, name):
        command = ["skopeo", "copy", "--quiet", "--all", "--dest-tls-verify=false"]
        if self.login:
            command += ["--dest-creds", ":".join(self.login)]
        subprocess.run([*command, f"oci:{layout.folder}:made", f"docker://{self.name}/{name}"],
                       check=True, capture_output=True, timeout=LIMIT_S)

    def blobs(self):
        return list((self.folder / "blobs").glob("**/blobs/sha256/*/*/data"))


def certificate(folder):
    """A certificate for 127.0.0.1 that only itself vouches for: (certificate, key)."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=tests",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key.pem"),
                    "-out", str(folder / "cert.pem")], check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


def base64_of(path):
    return base64.b64encode(pathlib.Path(path).read_bytes()).decode()
