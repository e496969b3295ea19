"""An HTTP server as a function: events come as POST /invoke, the world's requests as they are."""
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hello(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # Keeps connections open, as the platform expects.

    def do_GET(self):
        self.answer("world")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(json.loads(body or b"{}").get("name", "world"))

    def answer(self, name):
        print("greeting", name, "on", self.path, flush=True)
        body = f"hello {name}, from {self.path}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Not a line for every request: the platform keeps account of them."""


ThreadingHTTPServer(("0.0.0.0", 9000), Hello).serve_forever()
