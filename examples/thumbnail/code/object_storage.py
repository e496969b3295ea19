"""Reads and writes objects over the S3 protocol, with the keys that the function was given.

On Ebb the store is at EBB_S3_ENDPOINT.  In the public cloud it is OSS, which speaks the same
protocol at s3.oss-<region>-internal.aliyuncs.com.  Needs nothing but Python's own library.
"""
import datetime
import hashlib
import hmac
import os
import urllib.error
import urllib.parse
import urllib.request


class Bucket:
    def __init__(self, name, context):
        self.keys = context.credentials
        self.region = context.region
        endpoint = os.environ.get("EBB_S3_ENDPOINT")
        if endpoint:  # The bucket is part of the path …
            self.base, self.prefix = endpoint, "/" + name
        else:  # … or of the host's name.
            self.base, self.prefix = f"https://{name}.s3.oss-{context.region}-internal.aliyuncs.com", ""

    def get(self, key):
        return self._send("GET", key, b"")

    def put(self, key, body, content_type, metadata):
        about = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
        self._send("PUT", key, body, {"content-type": content_type, **about})

    def _send(self, method, key, body, headers=None):
        path = self.prefix + "/" + urllib.parse.quote(key)
        signed = self._sign(method, path, body, headers or {})
        request = urllib.request.Request(self.base + path, data=body or None, headers=signed, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.read()
        except urllib.error.HTTPError as e:
            raise RuntimeError(f"{method} {path}: {e.code} {e.read().decode(errors='replace')}") from None

    def _sign(self, method, path, body, headers):
        """AWS Signature Version 4: the headers to send."""
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{now[:8]}/{self.region}/s3/aws4_request"
        headers = {
            **headers,
            "host": urllib.parse.urlsplit(self.base).netloc,
            "x-amz-date": now,
            "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
            "x-amz-security-token": self.keys.security_token,
        }
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        asked = "\n".join([method, path, "", lines, names, headers["x-amz-content-sha256"]])
        text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(asked.encode()).hexdigest()])
        key = ("AWS4" + self.keys.access_key_secret).encode()
        for part in (*scope.split("/"), text):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={self.keys.access_key_id}/{scope},"
                                    f"SignedHeaders={names},Signature={key.hex()}")
        return headers
