#!/bin/sh
# enter.sh CGROUP_PROCS COMMAND...: becomes COMMAND, inside the control group (keeps the process id).
# CGROUP_PROCS "-": no group.
set -eu
[ "$1" = - ] || echo $$ >"$1"
shift
exec "$@"
