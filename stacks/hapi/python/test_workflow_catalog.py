"""What HolmesGPT's integration tests ask of their infrastructure, with nothing but requests."""

import hashlib
import math
import socket
import uuid
from datetime import datetime, timezone
from urllib.parse import urlsplit

import pytest
import requests

TIMEOUT = 30


def labels(signal_type, severity, component, environment, priority):
    return {
        "signal_type": signal_type,
        "severity": severity,
        "component": component,
        "environment": environment,
        "priority": priority,
    }


CATALOGUE = {
    "oomkill-increase-memory-limits": labels("OOMKilled", "critical", "pod", "production", "P0"),
    "oomkill-scale-down-replicas": labels("OOMKilled", "high", "deployment", "staging", "P1"),
    "crashloop-fix-configuration": labels("CrashLoopBackOff", "high", "pod", "production", "P1"),
    "node-not-ready-drain-and-reboot": labels("NodeNotReady", "critical", "node", "production", "P0"),
    "image-pull-backoff-fix-credentials": labels("ImagePullBackOff", "high", "pod", "production", "P1"),
}


def workflow(name, given_labels):
    content = f"kind: Pipeline\nmetadata:\n  name: {name}\n"
    return {
        "workflow_name": name,
        "version": "1.0.0",
        "name": name.replace("-", " "),
        "description": f"What {name} does",
        "content": content,
        "content_hash": hashlib.sha256(content.encode()).hexdigest(),
        "labels": given_labels,
        "execution_engine": "tekton",
        "status": "active",
    }


def audit_event(**given):
    return {
        "version": "1.0",
        "event_type": "analysis.investigation.completed",
        "event_timestamp": datetime.now(timezone.utc).isoformat(),
        "event_category": "analysis",
        "event_action": "completed",
        "event_outcome": "success",
        "correlation_id": str(uuid.uuid4()),
        "event_data": {"found": "OOMKilled"},
        **given,
    }


@pytest.fixture(scope="session")
def catalogue(datastorage_url):
    """Seeds the catalogue; in a stack that was up it may be there already."""
    for name, given_labels in CATALOGUE.items():
        answer = requests.post(
            f"{datastorage_url}/api/v1/workflows", json=workflow(name, given_labels), timeout=TIMEOUT
        )
        assert answer.status_code in (201, 409), answer.text
    return CATALOGUE


def search(datastorage_url, **body):
    return requests.post(f"{datastorage_url}/api/v1/workflows/search", json=body, timeout=TIMEOUT)


def test_datastorage_is_healthy(datastorage_url):
    answer = requests.get(f"{datastorage_url}/health", timeout=TIMEOUT)
    assert answer.status_code == 200
    assert answer.json() == {"status": "healthy", "database": "connected"}


def test_addresses_are_ipv4_of_this_machine(exports):
    assert {urlsplit(url).hostname for url in exports.values()} == {"127.0.0.1"}


def test_postgres_accepts_connections(postgres_connection_string):
    url = urlsplit(postgres_connection_string)
    assert (url.scheme, url.username, url.path) == ("postgresql", "slm_user", "/action_history")
    socket.create_connection((url.hostname, url.port), timeout=TIMEOUT).close()


def test_seeding_again_is_a_conflict(datastorage_url, catalogue):
    for name, given_labels in catalogue.items():
        answer = requests.post(
            f"{datastorage_url}/api/v1/workflows", json=workflow(name, given_labels), timeout=TIMEOUT
        )
        assert answer.status_code == 409
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["detail"] == f"Workflow '{name}' version '1.0.0' already exists"


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_workflow_is_found_by_its_labels(datastorage_url, catalogue, name):
    answer = search(datastorage_url, filters=catalogue[name], top_k=100)
    assert answer.status_code == 200
    found = [hit["title"] for hit in answer.json()["workflows"]]
    assert name.replace("-", " ") in found


def test_a_search_without_match_is_empty(datastorage_url):
    filters = labels(f"Nothing-{uuid.uuid4()}", "low", "pod", "production", "P3")
    answer = search(datastorage_url, filters=filters)
    assert answer.status_code == 200
    assert answer.json()["workflows"] == []
    assert answer.json()["total_results"] == 0


def test_a_search_with_a_missing_filter_is_refused(datastorage_url):
    answer = search(datastorage_url, filters={"signal_type": "OOMKilled"})
    assert answer.status_code == 400
    assert answer.json()["type"] == "https://kubernaut.ai/problems/validation-error"


def test_an_audit_event_can_be_read_at_once(datastorage_url):
    event = audit_event()
    written = requests.post(f"{datastorage_url}/api/v1/audit/events", json=event, timeout=TIMEOUT)
    assert written.status_code == 201, written.text
    read = requests.get(
        f"{datastorage_url}/api/v1/audit/events",
        params={"correlation_id": event["correlation_id"]},
        timeout=TIMEOUT,
    ).json()
    assert [row["event_id"] for row in read["data"]] == [written.json()["event_id"]]
    assert read["data"][0]["event_data"] == event["event_data"]


def test_a_batch_of_audit_events_is_written_whole(datastorage_url):
    correlation_id = str(uuid.uuid4())
    events = [audit_event(correlation_id=correlation_id) for _ in range(10)]
    written = requests.post(f"{datastorage_url}/api/v1/audit/events/batch", json=events, timeout=TIMEOUT)
    assert written.status_code == 201
    assert len(set(written.json()["event_ids"])) == 10


def test_words_of_the_field_lie_near_to_what_they_mean(embedding_url):
    texts = [
        "OOMKilled",
        "container killed because it ran out of memory",
        "image pull failed because of bad credentials",
    ]
    answer = requests.post(f"{embedding_url}/api/v1/embed", json={"texts": texts}, timeout=TIMEOUT)
    word, memory, credentials = answer.json()["embeddings"]
    assert cosine(word, memory) > cosine(word, credentials)


def test_services_give_metrics(datastorage_metrics_url, embedding_url):
    for url, metric in ((datastorage_metrics_url, "datastorage_"), (embedding_url, "embedding_requests_total")):
        answer = requests.get(f"{url}/metrics", timeout=TIMEOUT)
        assert answer.status_code == 200
        assert metric in answer.text


def cosine(a, b):
    def dot(x, y):
        return sum(p * q for p, q in zip(x, y))

    return dot(a, b) / math.sqrt(dot(a, a) * dot(b, b))
