#!/bin/sh
# Brings what `make interop` judges by into .tools/interop at the top of the repository: AWS's clients for Java with all they
# need (Maven), moto for the KCL's tables (PyPI), and ferrokinesis, built here (crates). Each is made once, again when its pins
# change. The first run takes about five minutes, later ones none.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=$(cd "$here/.." && pwd)/.tools/interop
mkdir -p "$target"

# need PROGRAM WHAT-TO-INSTALL
need() {
	command -v "$1" >/dev/null && return
	echo "make interop needs $1, which is not here: install $2" >&2
	exit 1
}
need javac "a Java development kit of version 17 or newer (Debian: apt-get install openjdk-17-jdk-headless)"
need mvn "Maven (Debian: apt-get install maven)"
need python3 "Python 3.11 or newer with its venv module (Debian: apt-get install python3-venv)"
need cargo "Rust 1.87 or newer with cargo; Debian 12's is older"

# made PINS FOLDER: whether FOLDER was made from these pins
made() { cmp -s "$1" "$2/pins"; }

if ! made "$here/clients/pom.xml" "$target/java"; then
	echo "fetching the KCL and the KPL" >&2
	rm -rf "$target/java"
	mvn -q -B -f "$here/clients/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$target/java" >&2
	cp "$here/clients/pom.xml" "$target/java/pins"
fi

if ! made "$here/requirements.txt" "$target/venv"; then
	echo "fetching moto" >&2
	rm -rf "$target/venv"
	python3 -m venv "$target/venv" >&2
	"$target/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$here/requirements.txt" >&2
	cp "$here/requirements.txt" "$target/venv/pins"
fi

if ! made "$here/ferrokinesis/Cargo.lock" "$target/ferrokinesis" ||
	[ -n "$(find "$here/ferrokinesis" -newer "$target/ferrokinesis/pins" -name '*.rs')" ]; then
	echo "building ferrokinesis, which takes some minutes" >&2
	CARGO_TARGET_DIR="$target/ferrokinesis" cargo build --quiet --locked --release --manifest-path "$here/ferrokinesis/Cargo.toml" >&2
	cp "$here/ferrokinesis/Cargo.lock" "$target/ferrokinesis/pins"
fi
