#!/usr/bin/env bash
# Makes stand-ins for public images, without a registry, in both engines that start.sh started:
#   docker.io/library/postgres:16-alpine     Debian's PostgreSQL 15 behind an entrypoint like the public image's;
#                                            SLOW_INIT_SECONDS=N makes its first start slow
#   docker.io/library/redis:7-alpine         Debian's Redis 7
#   docker.io/library/node:20-bookworm-slim  this machine's node
#   docker.io/library/busybox:1              Debian's busybox
# Again is quick. Needs root and, the first time, mmdebstrap and a Debian mirror; what it makes is kept in
# ${ROLLCALL_TEST_IMAGES:-~/.cache/rollcall-test-images}.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

names=(
  docker.io/library/postgres:16-alpine
  docker.io/library/redis:7-alpine
  docker.io/library/node:20-bookworm-slim
  docker.io/library/busybox:1
)
packages=postgresql-15,postgresql-client-15,redis-server,redis-tools,curl,ca-certificates,busybox-static,libstdc++6
base_key=$(printf '%s' "$packages" | sha256sum | cut -c1-12)
base=$cache/base-$base_key.tar
# Whatever goes into the images; they are made again when it changes.
key=$( (printf '%s' "$packages"; cat "$here"/images/*; node --version) | sha256sum | cut -c1-16)
label=dev.rollcall.test-images
archive=$cache/images-$key.tar

in_podman() {
  for name in "${names[@]}"; do
    [ "$(podman image inspect --format "{{index .Labels \"$label\"}}" "$name" 2>/dev/null)" = "$key" ] || return 1
  done
}

in_docker() {
  for name in "${names[@]}"; do
    [ "$(docker -H "unix://$docker_socket" image inspect --format "{{index .Config.Labels \"$label\"}}" "$name" 2>/dev/null)" = "$key" ] || return 1
  done
}

make_base() {
  [ -f "$base" ] && return 0
  command -v mmdebstrap >/dev/null || { say "mmdebstrap is missing"; exit 1; }
  say "making the base from Debian packages (about 40 s)"
  mmdebstrap --quiet --variant=minbase --format=tar --include="$packages" bookworm "$base.part" >&2
  mv "$base.part" "$base"
}

# The machine's node and the libraries it is linked to, save those that the base has.
copy_node() { # FOLDER
  cp -L "$(readlink -f "$(command -v node)")" "$1/node"
  cp "$here"/images/* "$1/"
}

build() { # NAME
  local short=${1##*/}
  short=${short%%:*}
  say "building $1"
  podman build --quiet --pull-never --format docker --build-arg "BASE=localhost/rollcall-test-base:$base_key" \
    --label "$label=$key" --file "$work/$short.containerfile" --tag "$1" "$work" >/dev/null
}

build_all() {
  make_base
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  copy_node "$work"
  podman image exists "localhost/rollcall-test-base:$base_key" ||
    podman import --quiet "$base" "localhost/rollcall-test-base:$base_key" >/dev/null
  for name in "${names[@]}"; do build "$name"; done
  podman save --quiet --multi-image-archive --output "$archive.part" "${names[@]}"
  mv "$archive.part" "$archive"
  find "$cache" -maxdepth 1 -name 'images-*.tar' ! -name "images-$key.tar" -delete
}

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
command -v podman >/dev/null || { say "podman is missing: the images are built in it"; exit 1; }
if [ ! -f "$archive" ]; then
  build_all
elif ! in_podman; then
  say "loading the images into Podman"
  podman load --quiet --input "$archive" >/dev/null
fi
if command -v docker >/dev/null && answers "$docker_socket" && ! in_docker; then
  say "loading the images into Docker"
  docker -H "unix://$docker_socket" load --quiet --input "$archive" >/dev/null
fi
say "there: ${names[*]}"
