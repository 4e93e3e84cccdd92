#!/bin/sh
# Makes .tools/boot/root, the system that boots in the test of the user data: Debian, from the system's packages, once.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
to=$(cd "$here/../.." && pwd)/.tools/boot
[ -e "$to/root/.complete" ] && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "The user data is tried in a machine of its own, which takes root on Debian: run \`sudo e2e/boot/install.sh\`, and the tests with sudo too" >&2
	exit 1
fi
command -v debootstrap >/dev/null || { apt-get update -qq && apt-get install -qq -y debootstrap; } >&2
rm -rf "$to"
mkdir -p "$to"
# In a namespace, for it mounts /proc in there: no mount outlives it, however it ends, and nobody removes files through one.
unshare --mount debootstrap --variant=minbase \
	--include=ca-certificates,curl,iproute2,libstdc++6,procps,shellcheck,systemd,systemd-sysv,xfsprogs \
	bookworm "$to/root" >"$to/debootstrap.log" 2>&1 || {
	tail -n 5 "$to/debootstrap.log" >&2
	echo "debootstrap failed: $to/debootstrap.log has all of it" >&2
	exit 1
}
touch "$to/root/.complete"
