#!/usr/bin/env bash
# Starts a Podman service and a Docker daemon of their own for the tests, each in a folder under
# ${ROLLCALL_TEST_ENGINES:-/tmp/rollcall-test-engines}, and prints what the tests need in their environment:
#   eval "$(scripts/engines/start.sh)"
# Again is harmless. Needs root, and on Debian: podman runc netavark aardvark-dns conmon iptables buildah docker.io curl
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

wait_for() { # NAME SOCKET PIDFILE PROGRAM LOG
  for _ in $(seq 600); do
    answers "$2" && return 0
    runs "$3" "$4" || { say "$1 ended during its start:"; tail -n 20 "$5" >&2; exit 1; }
    sleep 0.1
  done
  say "$1 did not answer at $2 within 60 s:"
  tail -n 20 "$5" >&2
  exit 1
}

configure_podman() {
  # Beside another engine, which does not see our networks before a container is in them.
  local pools=
  [ -z "$only" ] || pools='default_subnet_pools = [{"base" = "10.201.0.0/16", "size" = 24}]'
  mkdir -p "$podman_dir/networks" "$podman_dir/tmp"
  # crun refuses hybrid cgroups, and the default limits cannot be set where raising them is not permitted.
  cat >"$CONTAINERS_CONF" <<CONF
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "$podman_dir/tmp"
[network]
network_backend = "netavark"
network_config_dir = "$podman_dir/networks"
$pools
CONF
  cat >"$CONTAINERS_STORAGE_CONF" <<CONF
[storage]
driver = "overlay"
graphroot = "$podman_dir/root"
runroot = "$podman_dir/run"
CONF
}

# Whether one of ours is up; one that is busy is waited for.
is_up() { # NAME SOCKET PIDFILE PROGRAM LOG
  answers "$2" && return 0
  runs "$3" "$4" && wait_for "$@"
}

start_podman() {
  is_up Podman "$podman_socket" "$podman_dir/pid" podman "$podman_dir/log" && return 0
  rm -f "$podman_socket"
  (cd / && exec setsid podman system service --time=0 "unix://$podman_socket") \
    >"$podman_dir/log" 2>&1 </dev/null &
  echo $! >"$podman_dir/pid"
  wait_for Podman "$podman_socket" "$podman_dir/pid" podman "$podman_dir/log"
}

# A daemon that comes back after a crash removes docker0 if its own bridge has another name, whoever uses it.
put_back_docker0() { # ADDRESS
  ip link show docker0 >/dev/null 2>&1 && return 0
  ip link add name docker0 type bridge
  ip address add "$1" brd + dev docker0
  ip link set docker0 up
}

start_docker() {
  is_up Docker "$docker_socket" "$docker_dir/started-pid" dockerd "$docker_dir/log" && return 0
  mkdir -p "$docker_dir"
  rm -f "$docker_dir/pid"
  local docker0
  docker0=$(ip -o -4 address show docker0 2>/dev/null | awk '{print $4}') || true
  # Beside another daemon: that one has the rules of this machine and docker0, which --bridge=none would take away.
  local more=
  if [ -n "$only" ]; then
    ip link show "$second_bridge" >/dev/null 2>&1 || ip link add name "$second_bridge" type bridge
    more="--bridge=$second_bridge --iptables=false --default-address-pool base=10.202.0.0/16,size=24"
  fi
  (cd / && exec setsid dockerd --data-root "$docker_dir/data" --exec-root "$docker_dir/exec" \
    --pidfile "$docker_dir/pid" --host "unix://$docker_socket" $more) >"$docker_dir/log" 2>&1 </dev/null &
  echo $! >"$docker_dir/started-pid"
  wait_for Docker "$docker_socket" "$docker_dir/started-pid" dockerd "$docker_dir/log"
  [ -z "$docker0" ] || put_back_docker0 "$docker0"
}

# One of the two alone: podman or docker.
only=${ROLLCALL_TEST_ONLY:-}
command -v curl >/dev/null || { say "curl is missing"; exit 1; }
mkdir -p "$engines"
if [ "$only" != docker ] && command -v podman >/dev/null; then
  [ -f "$CONTAINERS_CONF" ] || configure_podman
  start_podman
  echo "export ROLLCALL_TEST_PODMAN=unix://$podman_socket"
  echo "export CONTAINERS_CONF=$CONTAINERS_CONF"
  echo "export CONTAINERS_STORAGE_CONF=$CONTAINERS_STORAGE_CONF"
  echo "export BUILDAH_ISOLATION=$BUILDAH_ISOLATION"
else
  [ "$only" = docker ] || say "podman is not installed"
fi
if [ "$only" != podman ] && command -v dockerd >/dev/null; then
  start_docker
  echo "export ROLLCALL_TEST_DOCKER=unix://$docker_socket"
else
  [ "$only" = podman ] || say "dockerd is not installed"
fi
