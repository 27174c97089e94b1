#!/bin/sh
# base-image.sh OUT.tar: the root file system of debian:bookworm-slim, for `docker import`, made with
# debootstrap for machines that reach a Debian mirror but no registry. About a minute.
#   TUTTI_DEBIAN_MIRROR  where from; default: this machine's own mirror when it runs Debian, else deb.debian.org
set -eu
out=${1:?usage: base-image.sh OUT.tar}
suite=bookworm

mirror() {
  if [ -n "${TUTTI_DEBIAN_MIRROR:-}" ]; then echo "$TUTTI_DEBIAN_MIRROR"; return; fi
  # The first mirror in use here that is Debian's main archive (not its security or another distribution's).
  found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    sed -n 's/^\(deb .*\|URIs: *\)\(https\?:[^ ]*\/debian\)\/\?\( .*\)\?$/\2/p' | head -n 1)
  echo "${found:-http://deb.debian.org/debian}"
}

[ "$(id -u)" = 0 ] || { echo "base-image.sh: root is needed (debootstrap makes device files and changes root)" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "base-image.sh: debootstrap is missing; run 'npm run setup' first" >&2; exit 1; }
mirror=$(mirror)
work=$(mktemp -d "$(dirname "$out")/base-image.XXXXXX")
cleanup() {
  # debootstrap mounts /proc and /sys while it works.
  grep -F " $work/" /proc/mounts | cut -d' ' -f2 | sort -r | xargs -r -n1 umount -l
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
root=$work/root

echo "base image: Debian $suite from $mirror" >&2
debootstrap --variant=minbase --merged-usr "$suite" "$root" "$mirror" >"$work/log" 2>&1 || {
  echo "base-image.sh: debootstrap failed:" >&2
  tail -n 20 "$work/log" >&2
  [ ! -f "$root/debootstrap/debootstrap.log" ] || tail -n 20 "$root/debootstrap/debootstrap.log" >&2
  exit 1
}
cat >"$root/etc/apt/sources.list" <<LIST
deb $mirror $suite main
deb $mirror $suite-updates main
deb $mirror-security $suite-security main
LIST
# Services do not start while packages are installed, and nothing that images have no use for is kept.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
cat >"$root/etc/apt/apt.conf.d/90slim" <<'CONF'
APT::AutoRemove::SuggestsImportant "false";
Acquire::Languages "none";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb || true"; };
CONF
cat >"$root/etc/dpkg/dpkg.cfg.d/90slim" <<'CONF'
force-unsafe-io
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/lintian/*
CONF
find "$root/usr/share/doc" -type f ! -name copyright -delete
find "$root/usr/share/doc" -type l ! -name copyright -delete
find "$root/usr/share/doc" -depth -type d -empty -delete
for directory in usr/share/man usr/share/info usr/share/locale usr/share/lintian var/cache/apt var/lib/apt/lists var/cache/debconf var/log tmp; do
  find "$root/$directory" -mindepth 1 -delete 2>/dev/null || true
done
mkdir -p "$root/var/cache/apt/archives/partial" "$root/var/lib/apt/lists/partial"
: >"$root/etc/resolv.conf"
rm -f "$root/etc/hostname" "$root/etc/machine-id" "$root"/dev/console "$root"/dev/ptmx

tar --numeric-owner --xattrs --one-file-system --exclude=./proc/* --exclude=./sys/* -C "$root" -cf "$work/base.tar" .
mv "$work/base.tar" "$out"
