"""Claims about instances: cold starts of every kind, bursts, how many fit, and what idle ones cost.

Isolation is on in every one of them: there is no switch that turns it off.
"""
import itertools
import statistics
import subprocess
import time
import urllib.parse
import urllib.request

from harness import cpu_of_tree_s, mem_available_kib

PYTHON = ["/usr/bin/python3", "-I", "-S", "-E", "-c", "pass"]
NUMPY = "import numpy\n\n\ndef handler(event, context):\n    return str(numpy.arange(5).sum())\n"
NODE = "exports.handler = async (event) => 'hello ' + JSON.parse(event).name;\n"
COLD = ("--keep-warm-s", "0")  # No instance is ever kept: every call is cold.


def spawned(bench, count, *command):
    figures = bench.tool("roundtrip", "spawn", count, *command)
    return {**figures, "cpu_us": figures["client_cpu_us"]}


def python_cold_start(bench):
    """Python cold start, request in to answer out / python3 -I -S -E -c pass"""
    server = bench.server("cold", *COLD)
    invoke = bench.deploy(server)
    return (lambda: bench.cold(server, invoke, 100, 10)), (lambda: spawned(bench, 100, *PYTHON)), "p50_us p99_us", "us"


def python_fork(bench):
    """the same when every stem is used up / python3 -I -S -E -c pass"""
    server = bench.server("fork", *COLD, "--prepared-memory-mib", "0")
    invoke = bench.deploy(server)
    return (lambda: bench.cold(server, invoke, 100, 10)), (lambda: spawned(bench, 100, *PYTHON)), "p50_us", "us"


def numpy_cold_start(bench):
    """cold start of a handler that imports numpy, after its first / that import in a plain python3"""
    server = bench.server("numpy", *COLD)
    invoke = bench.deploy(server, files={"index.py": NUMPY})
    bench.http(server, "endpoint", invoke, 1)
    time.sleep(3)  # Its template is made meanwhile; if it is not, the ratio says so.

    def theirs():
        timed = "import time; t = time.perf_counter(); import numpy; print((time.perf_counter() - t) * 1e6)"
        times = [float(subprocess.run(["/usr/bin/python3", "-c", timed], capture_output=True, check=True).stdout)
                 for _ in range(5)]
        return {"p50_us": statistics.median(times), "cpu_us": 0}

    return (lambda: bench.cold(server, invoke, 50, 20)), theirs, "p50_us", "us"


def node_cold_start(bench):
    """Node cold start / node -e 0"""
    server = bench.server("node", *COLD)
    invoke = bench.deploy(server, files={"index.js": NODE}, runtime="nodejs20")
    time.sleep(1)  # The first stem boots.
    return ((lambda: bench.cold(server, invoke, 10, 300)), (lambda: spawned(bench, 10, "/usr/bin/node", "-e", "0")),
            "p50_us", "us")


def native_cold_start(bench):
    """cold start of a static program / posix_spawn of the same program to its first byte"""
    program = bench.tools / "hello_native"
    server = bench.server("native", *COLD)
    invoke = bench.deploy(server, files={"bootstrap": program.read_bytes()}, runtime="custom.debian12")

    def theirs():
        figures = bench.tool("roundtrip", "first", 100, program, "--first-byte")
        return {**figures, "cpu_us": figures["client_cpu_us"]}

    return (lambda: bench.cold(server, invoke, 100, 10)), theirs, "p50_us", "us"


def python_stems(server):
    """How many wait."""
    with urllib.request.urlopen(server.cli()["endpoint"] + "/metrics") as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith('ebb_prepared{what="python stems"}'):
                return int(float(line.split()[-1]))
    raise SystemExit("the server does not say how many stems it has")


def burst_of(bench, server, count, folder):
    """`count` functions that have no instance yet, all asked at once.  Their instances stay, as they do by default."""
    folder.mkdir()
    names = [f"{folder.name}-{i}" for i in range(count)]
    for name in names:
        bench.deploy(server, name=name)
        bench.invocation(server, name, folder)
    url = urllib.parse.urlsplit(server.cli()["endpoint"])
    before, cpu = bench.cold_starts(server), cpu_of_tree_s(server.process.pid)
    figures = bench.tool("roundtrip", "burst", url.hostname, url.port, folder)
    figures["cpu_us"] = (cpu_of_tree_s(server.process.pid) - cpu) * 1e6 / count
    if (cold := bench.cold_starts(server) - before) != count:
        raise SystemExit(f"only {cold} of {count} calls were cold starts")
    for name in names:
        bench.http(server, "endpoint", bench.deletion(server, name), 1)
    return figures


def burst(bench):
    """200 cold starts at once, like others seconds before, per second / starts of python3 per second (higher is better)"""
    server = bench.server("burst", "--memory-budget-mib", "1000000")
    rounds = itertools.count()
    burst_of(bench, server, 200, bench.folder / "burst-first")

    def ours():
        deadline = time.monotonic() + 20
        while python_stems(server) < 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        return burst_of(bench, server, 200, bench.folder / f"burst-{next(rounds)}")

    return ours, (lambda: spawned(bench, 50, *PYTHON)), "ops_per_s", "/s"


def burst_from_rest(bench):
    """the same of a server that has just started / starts of python3 per second (higher is better)"""
    rounds = itertools.count()

    def ours():
        number = next(rounds)
        server = bench.server(f"rest-{number}", "--memory-budget-mib", "1000000")
        time.sleep(1)
        figures = burst_of(bench, server, 200, bench.folder / f"rest-burst-{number}")
        server.end(15)
        return figures

    return ours, (lambda: spawned(bench, 50, *PYTHON)), "ops_per_s", "/s"


def settled_kib():
    """MemAvailable once it stands still: what ended a moment ago is given back in pieces."""
    last = mem_available_kib()
    for _ in range(60):
        time.sleep(1)
        now = mem_available_kib()
        if abs(now - last) < 1024:
            return now
        last = now
    raise SystemExit("the machine's free memory does not stand still")


def memory_of(start, count):
    """KiB of MemAvailable that `count` of what `start` starts take, each."""
    before = settled_kib()
    end = start(count)
    used = before - settled_kib()
    end()
    if used <= 0:
        raise SystemExit(f"{count} processes took {used} KiB: something else gave memory back meanwhile")
    return used / count


def idle_density(bench):
    """idle Python instances in a GiB / bare python3 processes in a GiB (higher is better)"""
    def ours():
        count = 200
        # Without stems: those that wait for the next starts are no instances.
        server = bench.server(f"idle{len(list(bench.folder.iterdir()))}", "--keep-warm-s", "3600", "--memory-budget-mib",
                              "1000000", "--prepared-memory-mib", "0")
        for i in range(count):
            bench.deploy(server, name=f"hello{i}")

        def start(_):
            for i in range(count):
                bench.http(server, "endpoint", bench.invocation(server, f"hello{i}"), 1)
            return lambda: server.end(15)

        return {"per_gib": (1 << 20) / memory_of(start, count), "cpu_us": 0}

    def theirs():
        def start(count):
            started = [subprocess.Popen(["/usr/bin/python3"], stdin=subprocess.PIPE) for _ in range(count)]
            return lambda: [(p.stdin.close(), p.wait()) for p in started]

        return {"per_gib": (1 << 20) / memory_of(start, 100), "cpu_us": 0}

    return ours, theirs, "per_gib", "/GiB"


def idle_cpu(bench):
    """processor time of the platform with 1,000 idle instances, us per second / one core"""
    server = bench.server("idle-cpu", "--keep-warm-s", "3600", "--memory-budget-mib", "1000000")
    requests = []
    for i in range(1000):
        requests.append(bench.deploy(server, name=f"hello{i}"))
    for request in requests:
        bench.http(server, "endpoint", request, 1)

    def ours():
        before = cpu_of_tree_s(server.process.pid)
        time.sleep(10)
        used = (cpu_of_tree_s(server.process.pid) - before) / 10
        return {"share": max(used, 1e-9), "cpu_us": used * 1e6}

    return ours, (lambda: {"share": 1.0, "cpu_us": 0}), "share", "s/s"


def thaw(bench):
    """warm call of an instance that was frozen meanwhile / of one that never is"""
    frozen = bench.server("frozen")
    running = bench.server("running", "--freeze-idle", "false")
    a, b = bench.deploy(frozen), bench.deploy(running)
    return ((lambda: bench.http(frozen, "endpoint", a, 500)), (lambda: bench.http(running, "endpoint", b, 500)),
            "p50_us", "us")


CLAIMS = (python_cold_start, python_fork, numpy_cold_start, node_cold_start, native_cold_start, burst, burst_from_rest, idle_density,
          idle_cpu, thaw)
