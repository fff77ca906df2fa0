#!/usr/bin/env bash
# Makes the pictures of docs/images that show pages: trains LeNet twice for a little while, writes a report, looks at the
# dashboard of a third run, and lets a headless Chromium take their pictures, as wide as a desktop's window, in light
# colours and dark, and as a telephone's.
set -euo pipefail
cd "$(dirname "$0")/.."
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) \
  || { echo "Chromium is not installed." >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet build CaffeActors.csproj -v q
caffeactors() { dotnet run --no-build -- "$@" --output-root "$work/runs"; }
train() { caffeactors train configs/lenet.hocon --seed 1 --max-iter 2000 --set solver.display=20 "$@" 2>/dev/null; }
train --set solver.test_interval=100
train --set solver.test_interval=100 --set solver.base_lr=0.02
report=$(caffeactors metrics report latest 2>/dev/null)
cp "$report" "$work/report.html"

# picture NAME WIDTH HEIGHT URL FLAGS...
picture() {
  local name=$1 size=$2,$3 url=$4
  shift 4
  timeout 120 "$browser" --headless=new --no-sandbox --disable-gpu --hide-scrollbars --window-size="$size" "$@" \
    --screenshot="docs/images/$name.png" "$url" >/dev/null 2>&1
  echo "docs/images/$name.png"
}
dark=--blink-settings=preferredColorScheme=0
picture report 1180 1020 "file://$work/report.html"
picture report-dark 1180 1020 "file://$work/report.html" "$dark"
picture report-phone 390 1500 "file://$work/report.html"

# A run that goes on until its pictures are taken.
dotnet artifacts/bin/CaffeActors/debug/CaffeActors.dll train configs/lenet.hocon --seed 1 --max-iter 10000 \
  --set solver.display=20 --set solver.test_interval=250 --set solver.snapshot=500 --output-root "$work/runs" \
  --dashboard 0 2>"$work/log" &
run=$!
until grep -q 'Dashboard: ' "$work/log" && kill -0 "$run"; do sleep 1; done
url=$(sed -n 's/.*Dashboard: //p' "$work/log")
until grep -q 'Iteration 2100, ' "$work/log"; do kill -0 "$run"; sleep 1; done
# The page asks each second; the browser's clock runs fast, so that it has asked some times.
live() { picture "$1" "$2" "$3" "$url" --virtual-time-budget=5000 "${@:4}"; }
live dashboard 1180 1020
live dashboard-dark 1180 2400 "$dark"
live dashboard-phone 390 1500
kill -INT "$run"
wait "$run" || true
