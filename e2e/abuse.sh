#!/bin/sh
# Installs what `make abuse` needs: vegeta into the folder given, slowhttptest from the system's packages.
set -eu
[ -x "$1/vegeta" ] || GOBIN=$1 go install github.com/tsenart/vegeta/v12@v12.13.0
command -v slowhttptest >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	{ apt-get update -qq && apt-get install -qq -y slowhttptest; } >&2
else
	echo "slowhttptest is missing: install it (Debian: apt-get install slowhttptest)" >&2
	exit 1
fi
