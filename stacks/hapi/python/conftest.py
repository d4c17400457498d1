"""Brings the HAPI stack up for the whole session; a stack that is up already is proven again and left up."""
import json, os, shlex, subprocess
from pathlib import Path
import pytest

REPO = Path(__file__).resolve().parents[3]
ROLLCALL = shlex.split(os.environ.get("ROLLCALL", f"node '{REPO}/dist/cli/main.js'"))
RUNTIME = ["--runtime", os.environ.get("ROLLCALL_RUNTIME", "auto")]

def rollcall(command, *options):  # Progress and errors go to stderr, one JSON document to stdout.
    call = [*ROLLCALL, command, "-f", str(REPO / "stacks/hapi"), *options]
    return subprocess.run(call, stdout=subprocess.PIPE, text=True)

@pytest.fixture(scope="session", autouse=True)
def exports():
    was_up = rollcall("status", "--json").returncode == 0
    started = rollcall("up", "--json", *RUNTIME)
    if started.returncode != 0:
        pytest.exit(f"the stack did not start:\n{started.stdout}", returncode=started.returncode)
    yield json.loads(started.stdout)["env"]
    assert was_up or rollcall("down").returncode == 0

datastorage_url = pytest.fixture(scope="session")(lambda exports: exports["DATA_STORAGE_URL"])
datastorage_metrics_url = pytest.fixture(scope="session")(lambda exports: exports["DATA_STORAGE_METRICS_URL"])
embedding_url = pytest.fixture(scope="session")(lambda exports: exports["EMBEDDING_SERVICE_URL"])
postgres_connection_string = pytest.fixture(scope="session")(lambda exports: exports["DATABASE_URL"])
