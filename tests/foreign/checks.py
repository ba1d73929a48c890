"""Lines of what was checked, and the `tandem` command."""

import json
import os
import subprocess
import sys
import time

failures = []


def check(name, holds, seen=""):
    """One expectation: prints `ok` or `FAIL` with what was seen instead."""
    if holds:
        print(f"ok {name}")
    else:
        print(f"FAIL {name}: {seen}")
        failures.append(name)
    return holds


def finish(what):
    """Ends the program: 1 if anything failed."""
    print(f"{what}: {len(failures)} failed" if failures else f"{what}: clean", flush=True)
    sys.exit(1 if failures else 0)


def tandem(*arguments):
    """Runs `tandem` on the data directory of this run; its standard output."""
    done = subprocess.run(
        [os.environ["TANDEM_BIN"], *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


def messages(desk, *more):
    """All stored messages of a desk, as the command line lists them."""
    server = "http://" + os.environ["FOREIGN_INGEST"]
    listed = tandem("--server", server, "--output", "json", "messages", "--desk", desk, "--limit", "100000", *more)
    return json.loads(listed)


def wait_until(seconds, condition, pause=0.2):
    """Asks until the answer is true or the time is up; the last answer."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()) and time.monotonic() < deadline:
        time.sleep(pause)
    return answer


def address(variable):
    """Host and port from an environment variable."""
    host, port = os.environ[variable].rsplit(":", 1)
    return host, int(port)
