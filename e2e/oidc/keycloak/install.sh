#!/bin/sh
# Brings Keycloak (Maven) into .tools/keycloak at the top of the repository, once for each version that pom.xml names.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=$(cd "$here/../../.." && pwd)/.tools/keycloak

if cmp -s "$here/pom.xml" "$target/pins"; then
	exit 0
fi
# need PROGRAM WHAT-TO-INSTALL
need() {
	command -v "$1" >/dev/null && return
	echo "make test-keycloak needs $1, which is not here: install $2" >&2
	exit 1
}
need java "Java 17 or newer (Debian: apt-get install openjdk-17-jre-headless)"
need mvn "Maven (Debian: apt-get install maven)"

echo "fetching Keycloak, which is 177 MB" >&2
rm -rf "$target"
mvn -q -B -f "$here/pom.xml" dependency:unpack -DoutputDirectory="$target/unpacked" >&2
mv "$target"/unpacked/keycloak-* "$target/server"
rmdir "$target/unpacked"
chmod +x "$target"/server/bin/*.sh
cp "$here/pom.xml" "$target/pins"
