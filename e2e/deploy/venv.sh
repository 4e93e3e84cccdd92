#!/bin/sh
# Makes .tools/deploy-venv at the top of the repository, with what judges a deployment, written by others: cfn-lint and checkov for
# the template, moto for the calls. requirements.txt pins them. Prints the path; done in no time when it is there already and
# requirements.txt has not changed since.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
venv=$(cd "$here/../.." && pwd)/.tools/deploy-venv
stamp=$venv/.requirements.txt

cmp -s "$here/requirements.txt" "$stamp" && { echo "$venv"; exit 0; }

if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		{ apt-get update -qq && apt-get install -qq -y python3-venv; } >&2
	else
		echo "Python 3 with its venv module is missing: install it (Debian: apt-get install python3-venv)" >&2
		exit 1
	fi
fi
rm -rf "$venv"
python3 -m venv "$venv" >&2
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$here/requirements.txt" >&2
cp "$here/requirements.txt" "$stamp"
echo "$venv"
