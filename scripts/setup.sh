#!/bin/sh
# setup.sh [--with browser] [--with clients] [--with bench] [--dry-run]
# Installs what Tutti's demo and tests need and this machine lacks, from its own distribution (Debian, Ubuntu).
# Says what and from where before it does; with nothing missing it says nothing and is done at once.
#   --with browser  also Chromium, for the tests that look at pages
#   --with clients  also what the tests drive engines with: Compose v2, Docker's Python library, a registry
#   --with bench    also what the benchmarks measure with
#   --dry-run       only say what would be installed
# No service is started by the installation: the demo and the tests start engines of their own.
set -eu
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin

browser=no
clients=no
bench=no
dry_run=no
while [ $# -gt 0 ]; do
  case $1 in
    --with)
      case ${2:-} in
        browser) browser=yes ;;
        clients) clients=yes ;;
        bench) bench=yes ;;
        *) echo "setup.sh: --with knows only 'browser', 'clients' and 'bench'" >&2; exit 2 ;;
      esac
      shift 2 ;;
    --dry-run) dry_run=yes; shift ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "setup.sh: unknown argument '$1' (see --help)" >&2; exit 2 ;;
  esac
done

here=$(cd "$(dirname "$0")" && pwd)
need_compose=no
packages=
reasons=
# need PACKAGE WHY: one more package to install.
need() {
  case " $packages " in *" $1 "*) return ;; esac
  packages="$packages $1"
  reasons="$reasons  $1: $2
"
}
have() { command -v "$1" >/dev/null 2>&1; }

have dockerd || need docker.io "Docker Engine and its command line"
if have dockerd && ! have docker; then
  need "$(if apt-cache show docker-cli >/dev/null 2>&1; then echo docker-cli; else echo docker.io; fi)" "the docker command"
fi
have ip || need iproute2 "network namespaces, bridges, routes"
have nft || need nftables "load balancing and isolation in the kernel"
have iptables || need iptables "needed by Docker Engine"
have conntrack || need conntrack "ends connections to endpoints that are gone"
have haproxy || need haproxy "the front door"
have ping || need iputils-ping "tries what tutti doctor says is reached"
have wg || need wireguard-tools "sets up the encryption between nodes"
if ! have wireguard-go && ! [ -d /sys/module/wireguard ]; then
  need wireguard-go "encrypts between nodes where the kernel has no WireGuard"
fi
have debootstrap || need debootstrap "the base image where no registry answers"
[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || need debian-archive-keyring "lets debootstrap verify what it downloads"
[ -e /usr/share/doc/busybox-static ] || need busybox-static "the tiny image of the tests"
have curl || need curl "asks the demo's services whether they answer"
have ps || need procps "process lists (docker top)"
have nsenter && have unshare || need util-linux "enters namespaces"
[ ! -d /lib/modules ] || have modprobe || need kmod "loads kernel modules"
if [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ]; then
  have apparmor_parser || need apparmor "Docker loads its AppArmor profile with it"
fi
if [ $browser = yes ]; then
  have chromium || have chromium-browser || have google-chrome || need chromium "the browser of the tests"
fi
if [ $clients = yes ]; then
  /usr/bin/python3 -c 'import docker' 2>/dev/null || need python3-docker "Docker's client library for Python"
  have iperf3 || need iperf3 "measures what a network carries"
  have tcpdump || need tcpdump "listens on the wire for what is not encrypted"
  have pebble || need pebble "an ACME server that hands out certificates to the tests"
  have docker-registry || need docker-registry "the registry that the tests push to and pull from"
  "$here/compose-plugin.sh" --there || need_compose=yes
fi
if [ $bench = yes ]; then
  have iperf3 || need iperf3 "measures what a network carries"
  have wrk || need wrk "asks as fast as a server answers"
  have dnsperf || need dnsperf "asks for names as fast as they are answered"
fi
packages=${packages# }
if [ -z "$packages" ]; then
  [ $need_compose = no ] || [ $dry_run = yes ] || "$here/compose-plugin.sh"
  exit 0
fi

distribution=$( (. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-$ID}") || uname -s)
echo "Tutti needs, and this machine ($distribution) lacks:"
printf '%s' "$reasons"
if ! have apt-get; then
  echo "setup.sh: there is no apt-get here. Install the programs above with this system's own package manager, then run this again." >&2
  exit 1
fi
if [ $dry_run = yes ]; then exit 0; fi
if [ "$(id -u)" != 0 ]; then
  echo "setup.sh: not root. Run this as root, or install them with: sudo apt-get install $packages" >&2
  exit 1
fi
echo "They are installed now from $distribution with apt-get; no service is started."

log=$(mktemp)
policy=/usr/sbin/policy-rc.d
saved=$policy.before-tutti
# A policy of "start nothing" while packages are installed; what was there before is put back, also by the next run
# when this one was killed.
hold_services() {
  [ ! -e "$policy" ] || [ -e "$saved" ] || mv "$policy" "$saved"
  printf '#!/bin/sh\n# made by the setup of tutti for the time of an installation\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}
release_services() {
  rm -f "$policy"
  [ ! -e "$saved" ] || mv "$saved" "$policy"
}
finish() {
  status=$?
  release_services
  rm -f "$log" "$log.status"
  exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# quietly COMMAND...: shows the steps of an apt-get command; on failure, the end of all that it said.
quietly() {
  { "$@" 2>&1; echo $? >"$log.status"; } </dev/null | tee "$log" |
    sed -un 's/^Get:[0-9]* [^ ]* [^ ]* [^ ]* \([^ ]*\) .*\[\(.*\)\]$/  download \1 (\2)/p; s/^Setting up \([^ ]*\) .*/  set up \1/p'
  [ "$(cat "$log.status")" = 0 ]
}
update() {
  echo "  reading the package lists (apt-get update)"
  quietly apt-get -q update || { tail -n 20 "$log" >&2; return 1; }
}
install() {
  # shellcheck disable=SC2086 # a list
  DEBIAN_FRONTEND=noninteractive quietly apt-get -q -y -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold \
    -o DPkg::Lock::Timeout=300 install --no-install-recommends $packages
}
known() {
  for package in $packages; do
    apt-cache policy "$package" 2>/dev/null | grep -q 'Candidate: [^(]' || return 1
  done
}

hold_services
updated=no
if ! known; then update && updated=yes; fi
if ! install; then
  # The lists may name versions that the mirror has already replaced.
  if [ $updated = yes ] || ! update || ! install; then
    echo "setup.sh: apt-get could not install $packages; the end of what it said:" >&2
    tail -n 20 "$log" >&2
    exit 1
  fi
fi
echo "Installed."
[ $need_compose = no ] || "$here/compose-plugin.sh"
