#!/bin/sh
# supervise.sh PIDFILE LOGFILE COMMAND...
# Runs COMMAND, again at once when it ends whatever the reason (kill -9 included), with a growing pause where it keeps
# ending; until SIGTERM, which is passed on. PIDFILE gets the command's process id, PIDFILE.supervisor this one's.
set -u
pid_file=$1
log=$2
shift 2
child=
stopping=
pause_child=
end() {
  stopping=1
  [ -n "$child" ] && kill -TERM "$child" 2>/dev/null
  [ -n "$pause_child" ] && kill -TERM "$pause_child" 2>/dev/null
}
trap end TERM INT
trap '' HUP
echo $$ >"$pid_file.supervisor"
# Where the kernel shares the processor between sessions, niceness counts inside of this one only.
niceness=$(nice)
if [ "$niceness" -lt 0 ]; then echo "$niceness" 2>/dev/null >"/proc/$$/autogroup"; fi
ended_fast=0
while [ -z "$stopping" ]; do
  started=$(date +%s)
  "$@" </dev/null >>"$log" 2>&1 &
  child=$!
  echo "$child" >"$pid_file"
  # A signal may have come before the child was known.
  [ -n "$stopping" ] && kill -TERM "$child" 2>/dev/null
  # wait returns early when a signal comes.
  while kill -0 "$child" 2>/dev/null; do wait "$child"; done
  wait "$child"
  code=$?
  child=
  [ -n "$stopping" ] && break
  if [ $(($(date +%s) - started)) -ge 10 ]; then ended_fast=0; else ended_fast=$((ended_fast + 1)); fi
  if [ "$(wc -c <"$log")" -gt 10000000 ]; then mv -f "$log" "$log.1"; fi
  # At once the first two times, then after 1, 2, 4 and 8 seconds.
  case $ended_fast in 0 | 1 | 2) pause=0 ;; 3) pause=1 ;; 4) pause=2 ;; 5) pause=4 ;; *) pause=8 ;; esac
  echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) warn the daemon ended and is started again code=$code pause=${pause}s" >>"$log"
  if [ "$pause" -gt 0 ]; then
    sleep "$pause" &
    pause_child=$!
    wait "$pause_child"
    pause_child=
  fi
done
rm -f "$pid_file" "$pid_file.supervisor"
