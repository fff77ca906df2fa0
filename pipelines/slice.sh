#!/usr/bin/env bash
# One slice of a training in a pipeline: `train` with the arguments given, or `worker` where that is the first of them, at
# a low priority, so that the agent's heartbeat is heard beside it. The program's exit code 3, stopped and to be gone on with, is a success here; all others
# are passed on. A job that is cancelled gets SIGINT or SIGTERM; both reach the program as SIGTERM: a snapshot, and the end.
# The program is the release build of this clone, or what CAFFEACTORS says, as in CAFFEACTORS=caffeactors.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=(dotnet "$root/artifacts/bin/CaffeActors/release/CaffeActors.dll")
if [ -n "${CAFFEACTORS:-}" ]; then read -ra program <<<"$CAFFEACTORS"; fi

verb=train
if [ "${1:-}" = worker ]; then verb=worker; shift; fi
nice -n 10 "${program[@]}" "$verb" "$@" &
child=$!
trap 'kill -TERM "$child" 2>/dev/null' INT TERM
code=0
wait "$child" || code=$?
# A signal ends the waiting, not yet the program.
while [ "$code" -gt 128 ] && kill -0 "$child" 2>/dev/null; do
  code=0
  wait "$child" || code=$?
done

[ "$code" != 3 ] || code=0
exit "$code"
