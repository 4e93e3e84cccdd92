#!/bin/sh
# venv.sh REQUIREMENTS NAME makes .tools/NAME at the top of the repository, a Python environment with what the file pins, and
# prints its path. Done in no time when it is there already and the file has not changed since.
set -eu

venv=$(cd "$(dirname "$0")/.." && pwd)/.tools/$2
stamp=$venv/.requirements.txt

cmp -s "$1" "$stamp" && { echo "$venv"; exit 0; }

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
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$1" >&2
cp "$1" "$stamp"
echo "$venv"
