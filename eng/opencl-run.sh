#!/usr/bin/env bash
# eng/opencl-run.sh COMMAND...: runs a command where ILGPU finds an OpenCL device, on machines that have none.
# The device is the CPU itself behind PoCL 6, in a small Debian 13 system of its own that is made on first use (root,
# debootstrap, some two minutes, 0.9 GB); newer Debians and machines with a GPU don't need it. Inside, the repository,
# the home, /tmp and the .NET SDK are where they are outside. POCL_DEVICES="cpu cpu" gives two devices, and so on.
# OPENCL_ROOT is where the system lies (default /opt/opencl-root); it keeps the kernels that PoCL has compiled.
# Exit code: the command's; 1 with one line on stderr where the system cannot be made or entered.
set -euo pipefail

fail() { echo "opencl-run: $1" >&2; exit 1; }

[ $# -gt 0 ] || { echo "usage: $0 COMMAND..." >&2; exit 2; }
[ "$(uname -s)" = Linux ] || fail "the system is a Debian; this machine runs $(uname -s)"
[ "$(id -u)" = 0 ] || fail "only root may make and enter the system"
root=${OPENCL_ROOT:-/opt/opencl-root}
tree=$(cd "$(dirname "$0")/.." && pwd)
command -v dotnet >/dev/null || fail "there is no dotnet on the PATH"
# Mounts are made in a namespace of their own, which not every container may have.
unshare --mount --propagation private true 2>/dev/null || fail "this container may not mount anything (CAP_SYS_ADMIN)"

# The archive this machine uses already, whatever it is.
archive() {
  cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null \
    | grep -vE '^ *#|security' | grep -oE 'https?://[^] ]+' | sed -n 1p || true
}

# Made beside its place, and put there when it is whole. The log is kept where that fails.
make_root() {
  local new="$root.new" log="$root.log" from
  mkdir -p "$(dirname "$root")"
  if ! command -v debootstrap >/dev/null; then
    command -v apt-get >/dev/null || fail "debootstrap is not installed, and there is no apt-get to get it"
    { apt-get update && apt-get install -y --no-install-recommends debootstrap; } >"$log" 2>&1 \
      || fail "debootstrap cannot be installed; is there a network? ($log)"
  fi

  from=$(archive)
  rm -rf --one-file-system "$new"
  echo "opencl-run: making a system with OpenCL in $root, once" >&2
  # In a namespace too: what debootstrap mounts ends with it, even where it is killed.
  unshare --mount --propagation private debootstrap --variant=minbase \
    --include=pocl-opencl-icd,ocl-icd-opencl-dev,ca-certificates,libicu76,git \
    trixie "$new" "${from:-http://deb.debian.org/debian}" >"$log" 2>&1 \
    || { rm -rf --one-file-system "$new"; fail "debootstrap failed; is there a network? ($log)"; }
  touch "$new/.ready"
  # What is there without the mark was left by an older, interrupted making.
  rm -rf --one-file-system "$root"
  mv "$new" "$root"
  rm -f "$log"
}

if [ ! -e "$root/.ready" ]; then
  mkdir -p "$(dirname "$root")"
  # A second run waits for the first one's system.
  exec {lock}>"$root.lock"
  flock "$lock"
  [ -e "$root/.ready" ] || make_root
  exec {lock}>&-
fi

sdk=$(dotnet --list-sdks | sed -nE '$s/.*\[(.*)\/sdk\]/\1/p')
[ -d "$sdk" ] || fail "'dotnet --list-sdks' names no SDK"
cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
mkdir -p "$root/var/cache/pocl"
export DOTNET_ROOT="$sdk" POCL_CACHE_DIR="${POCL_CACHE_DIR:-/var/cache/pocl}"
binds=(/proc /sys /dev /tmp)
for folder in "${HOME:-}" "$sdk" "$tree" "$PWD"; do
  # The whole machine cannot be put into a part of itself.
  if [ -n "$folder" ] && [ "$folder" != / ]; then binds+=("$folder"); fi
done

# The mounts end with the command. Words: the system, the folder to work in, how many folders, these, the command.
exec unshare --mount --propagation private bash -c '
  set -e
  root=$1 at=$2 count=$3
  shift 3
  for folder in "${@:1:count}"; do
    mkdir -p "$root$folder"
    mountpoint -q "$root$folder" || mount --rbind "$folder" "$root$folder"
  done
  shift "$count"
  exec chroot "$root" env PATH="$DOTNET_ROOT:/usr/bin:/bin:/usr/sbin:/sbin" \
    bash -c "cd \"\$0\" && exec \"\$@\"" "$at" "$@"' opencl-run "$root" "$PWD" "${#binds[@]}" "${binds[@]}" "$@"
