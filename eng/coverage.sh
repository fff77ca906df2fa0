#!/usr/bin/env bash
# Counts which lines of each room its own tests run: `eng/coverage.sh [ROOM...]`, all rooms without arguments. Writes
# artifacts/coverage/ROOM/*.cobertura.xml and prints the share of lines and branches. Counting makes code many times
# slower, so this is for nights. What it leaves out: the kernels, whose code is compiled for accelerators as it stands
# and on CPUs runs for most of the time; generated code; and tests that need kernels as they are. Whether a test passes
# is told elsewhere: here a failed one counts no less.
set -uo pipefail
cd "$(dirname "$0")/.."
rooms=("$@")
[ $# -gt 0 ] || rooms=(Compute Data Actors Api Analysis Live Cli)
status=0
for room in "${rooms[@]}"; do
  assembly="CaffeActors.$room"
  [ "$room" != Cli ] || assembly=CaffeActors
  results="artifacts/coverage/$room"
  rm -rf "$results"
  dotnet build "tests/$room.Tests" -p:Coverage=true -v quiet || exit
  dotnet "artifacts/bin/CaffeActors.$room.Tests/debug/CaffeActors.$room.Tests.dll" \
    --coverlet --coverlet-single-hit --coverlet-output-format cobertura \
    --coverlet-include "[$assembly]*" --coverlet-exclude '[*]CaffeActors.Compute.Schema.*' \
    --coverlet-exclude '[*]CaffeActors.Compute.Backends.*' --results-directory "$results" --no-ansi \
    --filter-not-class '*Gpu*' '*Ptx*' '*OnAccelerator*' '*Fuzz*' --filter-not-method '*Accelerator*' \
    >"artifacts/coverage-$room.log" 2>&1
  report=$(find "$results" -name '*cobertura*.xml' | head -1)
  if [ -z "$report" ]; then
    echo "$room: nothing was counted, see artifacts/coverage-$room.log"
    status=1
    continue
  fi
  grep -om1 '<coverage [^>]*>' "$report" | awk -F'"' -v room="$room" \
    '{ printf "%s: lines %.1f %%, branches %.1f %%\n", room, 100 * $2, 100 * $4 }'
done
exit "$status"
