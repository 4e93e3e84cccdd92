#!/bin/sh
# Installs the OpenID Connect provider into .tools/oidc, unless it is there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec sh "$here/../npm.sh" "$here/npm" oidc
