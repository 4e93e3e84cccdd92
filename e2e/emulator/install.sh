#!/bin/sh
# Installs the emulators into .tools/npm, unless they are there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec sh "$here/../npm.sh" "$here/npm" npm
