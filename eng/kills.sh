#!/usr/bin/env bash
# Kills a training 200 times (or as often as the first argument says) at random moments and goes on with it each time:
# nothing may be unreadable, and it must end as if it never had been killed. The nightly pipeline runs it; the tests do
# the same with 20 kills.
set -euo pipefail
cd "$(dirname "$0")/.."
export CAFFEACTORS_KILLS=${1:-200}
exec dotnet run --project tests/Cli.Tests -- --filter-class '*KillTests' --output Detailed
