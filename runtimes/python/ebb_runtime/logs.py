"""Standard output and the logging module, as FC's Python runtime sets them up."""
import io
import logging
import sys
import time

request_id = ""  # Of the call being served.


class _Format(logging.Formatter):
    def format(self, record):
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        text = super().format(record)
        return f"{when}.{int(record.msecs):03d}Z {request_id} [{record.levelname.lower()}] {text}"


class _ToStandardOutput(logging.Handler):
    """Writes to whatever sys.stdout is now, so that print and logging keep their order."""

    def emit(self, record):
        try:
            sys.stdout.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)


def _line_buffered(fd):
    raw = open(fd, "wb", buffering=0, closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw, 8192), encoding="utf-8",
                            errors="backslashreplace", line_buffering=True)


def set_up():
    sys.stdout = sys.__stdout__ = _line_buffered(1)
    sys.stderr = sys.__stderr__ = _line_buffered(2)
    handler = _ToStandardOutput()
    handler.setFormatter(_Format())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)


def flush():
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        try:
            stream.flush()
        except Exception:
            pass  # Closed or replaced by the user: theirs.
