#!/usr/bin/env bash
# eng/opencl-run.sh COMMAND...: runs a command where ILGPU finds an OpenCL device, on machines that have none.
# The device is the CPU itself behind PoCL 6, in a small Debian 13 system of its own that is made on first use (root,
# debootstrap, some two minutes, 0.9 GB); newer Debians and machines with a GPU don't need it. Inside, the repository,
# the home, /tmp and the .NET SDK are where they are outside. POCL_DEVICES="cpu cpu" gives two devices, and so on.
set -euo pipefail
root=${OPENCL_ROOT:-/opt/opencl-root}
tree=$(cd "$(dirname "$0")/.." && pwd)
if [ $# = 0 ]; then echo "usage: $0 COMMAND..." >&2; exit 2; fi
if [ "$(id -u)" != 0 ]; then echo "$0: only root may make and enter the system" >&2; exit 1; fi

make_root() {
  command -v debootstrap >/dev/null || {
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
  }
  # The archive this machine uses already, whatever it is.
  local archive
  archive=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null \
    | grep -vE '^ *#|security' | grep -oE 'https?://[^ ]+' | head -1)
  debootstrap --variant=minbase --include=pocl-opencl-icd,ocl-icd-opencl-dev,ca-certificates,libicu76,git \
    trixie "$root" "${archive:-http://deb.debian.org/debian}" >&2
  touch "$root/.ready"
}

[ -e "$root/.ready" ] || make_root
sdk=$(dotnet --list-sdks | tail -1 | sed -E 's/.*\[(.*)\/sdk\]/\1/')
cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
export OPENCL_BINDS="/proc /sys /dev /tmp $HOME $sdk $tree $PWD" OPENCL_TO="$root" DOTNET_ROOT="$sdk"
# The mounts live in a namespace of their own and end with the command.
exec unshare --mount --propagation private bash -c '
  set -e
  for folder in $OPENCL_BINDS; do
    mkdir -p "$OPENCL_TO$folder"
    mountpoint -q "$OPENCL_TO$folder" || mount --rbind "$folder" "$OPENCL_TO$folder"
  done
  exec chroot "$OPENCL_TO" env PATH="$DOTNET_ROOT:/usr/bin:/bin:/usr/sbin:/sbin" \
    bash -c "cd \"\$0\" && exec \"\$@\"" "$PWD" "$@"' opencl-run "$@"
