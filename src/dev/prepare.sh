#!/bin/sh
# prepare.sh DATA RUN CLUSTER_RUN NAME NAMESERVER NETWORK
# Runs once in a node's new network, mount and host name namespaces and makes of them a machine of its own: with its own
# name, /run, /sys and changes to /etc. Nothing is made on the file system outside of DATA and RUN.
#   DATA, RUN    the node's directories; CLUSTER_RUN  the cluster's, kept visible in the new /run
#   NAMESERVER   for /etc/resolv.conf; "keep" keeps this machine's
#   NETWORK      "own", or "shared" with this machine
set -eu
data=$1 run=$2 cluster_run=$3 name=$4 nameserver=$5 network=$6
root=$data/mnt
mkdir -p "$root" "$data/etc-docker" "$run"
hostname "$name"
resolv=$(cat /etc/resolv.conf 2>/dev/null || true)
# A resolver on the loopback of this machine (systemd-resolved) is not there for a node: take what it forwards to.
[ ! -r /run/systemd/resolve/resolv.conf ] || resolv=$(cat /run/systemd/resolve/resolv.conf)

# /sys shows the network that it was mounted in; the control groups are mounted below it and are kept.
if [ "$network" = own ]; then
  mount -n --rbind /sys/fs/cgroup "$root"
  mount -n -t sysfs sysfs /sys
  mount -n --rbind "$root" /sys/fs/cgroup
  umount -l "$root"
fi

# Its own /run: engines and tools keep locks, sockets and runtime state there under fixed names. Hiding this machine's
# also keeps the engine away from its systemd and its firewall daemon.
mount -n -t tmpfs -o mode=755 tmpfs "$root"
case $cluster_run in
  /run/*)
    mkdir -p "$root${cluster_run#/run}"
    mount -n --rbind "$cluster_run" "$root${cluster_run#/run}"
    ;;
esac
mkdir -p "$root/lock" "$root/node-etc/upper" "$root/node-etc/work"
mount -n --move "$root" /run

# Its own changes to /etc, forgotten at power-off but for what the engine keeps in /etc/docker (its identity).
mount -n -t overlay -o "lowerdir=/etc,upperdir=/run/node-etc/upper,workdir=/run/node-etc/work" overlay /etc
mkdir -p /etc/docker
mount -n --bind "$data/etc-docker" /etc/docker
rm -f /etc/resolv.conf /etc/hostname
if [ "$nameserver" = keep ]; then printf '%s\n' "$resolv"; else echo "nameserver $nameserver"; fi >/etc/resolv.conf
echo "$name" >/etc/hostname
