#!/usr/bin/env bash
# Ends the engines that start.sh started, by their pids, and removes their folders with all that is mounted there.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

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

if [ -d "$podman_dir" ]; then
  if command -v podman >/dev/null && [ -f "$CONTAINERS_CONF" ]; then
    podman rm --all --force --time 2 >/dev/null 2>&1 || true
    podman network prune --force >/dev/null 2>&1 || true
  fi
  end "$podman_dir/pid" podman
  end_rest "$podman_dir"
fi
if [ -d "$docker_dir" ]; then
  if answers "$docker_socket" && command -v docker >/dev/null; then
    docker -H "unix://$docker_socket" ps -aq | xargs -r docker -H "unix://$docker_socket" rm -f >/dev/null 2>&1 || true
    docker -H "unix://$docker_socket" network prune -f >/dev/null 2>&1 || true
  fi
  end "$docker_dir/started-pid" dockerd
  end_rest "$docker_dir"
fi
ip link delete "$second_bridge" 2>/dev/null || true
remove "$podman_dir"
remove "$docker_dir"
rmdir "$engines" 2>/dev/null || true
say "stopped; images stay cached in $cache"
