#!/bin/sh
# Installs what the browser tests need: the packages of package-lock.json into node_modules, and Debian's Chromium when it is
# missing and this is root on Debian.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

if ! command -v npm >/dev/null; then
  echo "npm is missing: the browser tests need Node.js 20 or newer with npm; install it and run again" >&2
  exit 1
fi
if [ -z "${CHROMIUM:-}" ] && [ ! -x /usr/bin/chromium ]; then
  if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then
    echo "installing Debian's Chromium for the browser tests" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >&2
    apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
  else
    echo "Chromium is missing. On Debian: sudo apt-get install -y chromium. Elsewhere set CHROMIUM to the path of a Chromium or Chrome." >&2
    exit 1
  fi
fi
if ! cmp -s "$here/package-lock.json" "$here/node_modules/installed-lock.json"; then
  (cd "$here" && npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error >&2)
  cp "$here/package-lock.json" "$here/node_modules/installed-lock.json"
fi
