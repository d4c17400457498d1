#!/usr/bin/env bash
# The HAPI stack on one runtime: its own tests against it, the Python sample with the stack up and with it down.
set -eu
cd "$(dirname "$0")/.."
export ROLLCALL_RUNTIME=$1
case $1 in
podman) export CONTAINER_HOST=$ROLLCALL_TEST_PODMAN ;;
docker) export DOCKER_HOST=$ROLLCALL_TEST_DOCKER ;;
esac
rollcall() { node dist/cli/main.js "$@"; }

trap 'rollcall down -f stacks/hapi' EXIT
rollcall up -f stacks/hapi --runtime "$1"
(cd stacks/hapi/python && python3 -m pytest -q)
rollcall status -f stacks/hapi
rollcall run -f stacks/hapi --runtime "$1" -- npx vitest run --config stacks/hapi/vitest.config.ts
rollcall down -f stacks/hapi
(cd stacks/hapi/python && python3 -m pytest -q)
if rollcall status -f stacks/hapi; then
  echo "the Python sample left the stack up" >&2
  exit 1
fi
