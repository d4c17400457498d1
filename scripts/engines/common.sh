# Places that start.sh, images.sh and stop.sh share; sourced, not run.
set -euo pipefail
# Ours are asked at their own sockets only, wherever the caller's environment points.
unset CONTAINER_HOST DOCKER_HOST DOCKER_CONTEXT

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
engines=${ROLLCALL_TEST_ENGINES:-/tmp/rollcall-test-engines}
cache=${ROLLCALL_TEST_IMAGES:-${HOME:-/tmp}/.cache/rollcall-test-images}
podman_dir=$engines/podman
docker_dir=$engines/docker
podman_socket=$podman_dir/podman.sock
docker_socket=$docker_dir/docker.sock
# The bridge of a second Docker daemon on this machine.
second_bridge=rollcall-test1

export CONTAINERS_CONF=$podman_dir/containers.conf
export CONTAINERS_STORAGE_CONF=$podman_dir/storage.conf
export BUILDAH_ISOLATION=chroot

say() { printf '%s\n' "$*" >&2; }

answers() { # SOCKET
  curl -fsS -m 5 --unix-socket "$1" http://engine/_ping >/dev/null 2>&1
}

# Whether the process of a pid file is alive and is the program that we started (pids are used again).
runs() { # PIDFILE PROGRAM
  local pid
  pid=$(cat "$1" 2>/dev/null) || return 1
  [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]
}
