#!/usr/bin/env bash
# Trains LeNet for 20 minutes (or as many as the first argument says) and fails where memory grows by more than 1 MB in
# 1,000 iterations or open handles grow. The nightly pipeline runs it.
set -euo pipefail
cd "$(dirname "$0")/.."
exec dotnet run --project tests/Benchmarks -- soak "${1:-20}"
