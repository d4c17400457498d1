#!/usr/bin/env bash
# Ends the engines that start.sh started, by their pids, and removes their folders with all that is mounted there.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

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
