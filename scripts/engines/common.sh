# Places and means that start.sh, images.sh and stop.sh share; sourced, not run.
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

end() { # PIDFILE PROGRAM
  runs "$1" "$2" || return 0
  local pid
  pid=$(cat "$1")
  kill -TERM "$pid" 2>/dev/null || return 0
  for _ in $(seq 300); do
    runs "$1" "$2" || return 0
    sleep 0.1
  done
  say "$2 ($pid) did not end within 30 s: killed"
  kill -KILL "$pid" 2>/dev/null || true
}

# What still runs out of our folders: conmon, containerd, shims, name servers, and the containers that they are the
# parents of. Their command lines carry the path.
end_rest() {
  local folder=$1 pid
  for pid in $({ grep -lsaF "$folder/" /proc/[0-9]*/cmdline || true; } | cut -d/ -f3); do
    [ "$pid" = $$ ] && continue
    case $(cat "/proc/$pid/comm" 2>/dev/null) in
      conmon | containerd | containerd-shim* | aardvark-dns | netavark | dockerd | podman | runc | docker-proxy | rootlessport)
        pkill -KILL -P "$pid" || true
        kill -KILL "$pid" 2>/dev/null || true ;;
    esac
  done
}

remove() { # FOLDER
  [ -d "$1" ] || return 0
  # Deepest first; a mount under a mount would keep its parent busy.
  { awk '{print $2}' /proc/mounts | grep -F "$1/" || true; } | sort -r | while read -r mount; do
    umount -l "$mount" 2>/dev/null || true
  done
  # Under another name first: half a folder is never taken for a whole one, should the removal be cut short.
  local gone=$1.gone-$$
  mv "$1" "$gone"
  rm -rf "$gone"
}
