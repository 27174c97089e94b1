#!/bin/sh
# compose-plugin.sh [--there]
# Finds Docker Compose v2, the plugin of the docker command, and prints its path; where there is none, takes it from the
# distribution: the machine's own suite if that has it, else Debian's next one (a static program; nothing is installed,
# it is kept in $TUTTI_CACHE or ~/.cache/tutti). With --there it only looks.
# Without it the tests that need it are skipped and say so: its absence is no error here.
set -eu
export LC_ALL=C
cache=${TUTTI_CACHE:-${HOME:-/root}/.cache/tutti}
kept=$cache/compose/docker-compose
for path in /usr/libexec/docker/cli-plugins /usr/lib/docker/cli-plugins /usr/local/lib/docker/cli-plugins \
  /usr/local/libexec/docker/cli-plugins "$cache/compose"; do
  if [ -x "$path/docker-compose" ] && "$path/docker-compose" version 2>/dev/null | grep -q 'v\?2\.'; then
    echo "$path/docker-compose"
    exit 0
  fi
done
[ "${1:-}" != --there ] || exit 1
skip() { echo "compose-plugin.sh: no Docker Compose v2 ($*); the tests with it are skipped" >&2; exit 0; }
command -v apt-get >/dev/null 2>&1 || skip "there is no apt-get here"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The next suite's package lists, in a place of their own: the machine's sources stay as they are.
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
mirror=${TUTTI_DEBIAN_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keyring] $mirror trixie main" >"$work/sources.list"
own() {
  apt-get -q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" -o Dir::State::status=/dev/null \
    -o APT::Sandbox::User=root "$@"
}
echo "Docker Compose v2 is taken from $mirror trixie (kept in $cache/compose)." >&2
own update >"$work/log" 2>&1 || skip "$(tail -n 1 "$work/log")"
(cd "$work" && own download docker-compose) >"$work/log" 2>&1 || skip "$(tail -n 1 "$work/log")"
dpkg-deb -x "$work"/docker-compose_*.deb "$work/root"
mkdir -p "$cache/compose"
cp "$work/root/usr/libexec/docker/cli-plugins/docker-compose" "$kept.new"
mv "$kept.new" "$kept"
echo "$kept"
