#!/usr/bin/env bash
# Makes the pictures of docs/images that show pages: trains LeNet twice for a little while, writes a report, and lets a
# headless Chromium take its picture, as wide as a desktop's window, in light colours and dark, and as a telephone's.
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
page=$(caffeactors metrics report latest 2>/dev/null)
cp "$page" "$work/page.html"

# picture NAME WIDTH HEIGHT FLAGS...
picture() {
  local name=$1 size=$2,$3
  shift 3
  "$browser" --headless=new --no-sandbox --disable-gpu --hide-scrollbars --window-size="$size" "$@" \
    --screenshot="docs/images/$name.png" "file://$work/page.html" >/dev/null 2>&1
  echo "docs/images/$name.png"
}
picture report 1180 1020
picture report-dark 1180 1020 --blink-settings=preferredColorScheme=0
picture report-phone 390 1500
