#!/bin/sh
# Makes .tools/venv at the top of the repository, with the Python clients that requirements.txt pins, and prints its
# path. Done in no time when it is there already and requirements.txt has not changed since.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
venv=$(cd "$here/../.." && pwd)/.tools/venv
stamp=$venv/.requirements.txt

if ! cmp -s "$here/requirements.txt" "$stamp"; then
	if ! command -v python3 >/dev/null; then
		echo "python3 is missing: install Python 3.10 or newer with its venv module (Debian: apt-get install python3-venv)" >&2
		exit 1
	fi
	rm -rf "$venv"
	if ! python3 -m venv "$venv" >&2; then
		echo "python3 cannot make a virtual environment: install its venv module (Debian: apt-get install python3-venv)" >&2
		exit 1
	fi
	"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$here/requirements.txt" >&2
	cp "$here/requirements.txt" "$stamp"
fi
echo "$venv"
