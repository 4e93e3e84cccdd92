#!/bin/sh
# Installs what `make dist` needs beside Go and Node.js: the compiler for arm64, and what runs its result here. On Debian and as
# root it does so by itself; else it says what to do.
set -eu
if [ "$(uname -s)/$(uname -m)" != Linux/x86_64 ]; then
  echo "a release is made on Linux/x86_64, so that both executables come from the same place; this is $(uname -s)/$(uname -m)" >&2
  exit 1
fi
packages=
command -v g++ >/dev/null || packages="$packages g++"
command -v aarch64-linux-gnu-g++ >/dev/null || packages="$packages g++-aarch64-linux-gnu"
command -v qemu-aarch64-static >/dev/null || packages="$packages qemu-user-static"
if [ -z "$packages" ]; then
  exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "a release needs more of the system: apt-get install$packages" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # they are words
apt-get install -y -qq --no-install-recommends $packages >&2
