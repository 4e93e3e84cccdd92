#!/bin/sh
# What judges a deployment, written by others: cfn-lint and checkov for the template, moto for the calls.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/../venv.sh" "$here/requirements.txt" deploy-venv
