#!/bin/sh
# Behaves like the public image's entrypoint: what is an option, or no program, is handed to node.
set -e
if [ "${1#-}" != "$1" ] || [ -z "$(command -v "${1:-}")" ]; then set -- node "$@"; fi
exec "$@"
