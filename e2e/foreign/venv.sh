#!/bin/sh
# The Python clients that are tried on Helios, and schemathesis.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/../venv.sh" "$here/requirements.txt" venv
