#!/usr/bin/env bash
# What action.yml runs: `rollcall run` with a command, else `rollcall up` and its exports into the job's environment.
set -euo pipefail

if [ -x node_modules/.bin/rollcall ]; then
  rollcall=(node_modules/.bin/rollcall)
else
  rollcall=(npx --yes "rollcall@${ROLLCALL_ACTION_VERSION:-latest}")
fi

# bash 3.2, which macOS has, takes an empty list for an unset one: ${list[@]+…}.
target=()
[ -z "${ROLLCALL_ACTION_FILE:-}" ] || target+=(--file "$ROLLCALL_ACTION_FILE")
start=(${target[@]+"${target[@]}"})
[ -z "${ROLLCALL_ACTION_ORDER:-}" ] || start+=(--order "$ROLLCALL_ACTION_ORDER")
[ -z "${ROLLCALL_ACTION_TIMEOUT:-}" ] || start+=(--timeout "$ROLLCALL_ACTION_TIMEOUT")

if [ -n "${ROLLCALL_ACTION_RUN:-}" ]; then
  exec "${rollcall[@]}" run ${start[@]+"${start[@]}"} -- bash -eo pipefail -c "$ROLLCALL_ACTION_RUN"
fi
"${rollcall[@]}" up ${start[@]+"${start[@]}"}
"${rollcall[@]}" env ${target[@]+"${target[@]}"} --format github
