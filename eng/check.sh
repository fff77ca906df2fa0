#!/usr/bin/env bash
# Everything a change must pass, in one command: formatting, warnings-as-errors build, all tests.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet restore
dotnet format CaffeActors.sln --verify-no-changes --no-restore
exec .ci/run
