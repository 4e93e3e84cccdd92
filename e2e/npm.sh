#!/bin/sh
# npm.sh FOLDER NAME: installs what FOLDER/package-lock.json pins into .tools/NAME, unless it is there. Safe to run twice at once.
set -eu
locked=$(cd "$1" && pwd)
name=$2
tools=$(cd "$(dirname "$0")/.." && pwd)/.tools
target=$tools/$name

if cmp -s "$locked/package-lock.json" "$target/installed-lock.json"; then
  exit 0
fi
for program in node npm; do
  if ! command -v "$program" >/dev/null; then
    echo "$program is missing: the end-to-end tests need Node.js 20 or newer with npm; install it and run again" >&2
    exit 1
  fi
done
mkdir -p "$tools"
fresh=$(mktemp -d "$tools/$name.XXXXXX")
trap 'rm -rf "$fresh"' EXIT
cp "$locked/package.json" "$locked/package-lock.json" "$fresh/"
(cd "$fresh" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >&2)
cp "$fresh/package-lock.json" "$fresh/installed-lock.json"
if [ -e "$target" ]; then
  mv "$target" "$fresh/old" # made from another lock file
fi
mv "$fresh" "$target"
rm -rf "$target/old" "$target/$name".?????? # the latter when somebody else was quicker
