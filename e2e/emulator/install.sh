#!/bin/sh
# Installs the emulators of package-lock.json into .tools/npm, unless they are there. Safe to run twice at once.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tools=$(cd "$here/../.." && pwd)/.tools
target=$tools/npm

if cmp -s "$here/npm/package-lock.json" "$target/installed-lock.json"; then
  exit 0
fi
for program in node npm; do
  if ! command -v "$program" >/dev/null; then
    echo "$program is missing: the end-to-end tests need Node.js 20 or newer with npm; install it and run again" >&2
    exit 1
  fi
done
mkdir -p "$tools"
fresh=$(mktemp -d "$tools/npm.XXXXXX")
trap 'rm -rf "$fresh"' EXIT
cp "$here/npm/package.json" "$here/npm/package-lock.json" "$fresh/"
(cd "$fresh" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >&2)
cp "$fresh/package-lock.json" "$fresh/installed-lock.json"
if [ -e "$target" ]; then
  mv "$target" "$fresh/old" # made from another lock file
fi
mv "$fresh" "$target"
rm -rf "$target/old" "$target"/npm.?????? # the latter when somebody else was quicker
