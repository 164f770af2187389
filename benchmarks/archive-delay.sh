#!/usr/bin/env bash
# How far an archive is behind, and what it costs: ltxfs beside 'litestream replicate', both into a directory on the same
# disk, with objects of one second. First the delay from a commit's return to an object that holds it, for single commits
# and for steady load; then processor, memory and descriptors with many databases, idle and with one write to each every
# ten seconds. Asserts nothing. As root, with /dev/fuse, gcc and libsqlite3-dev.
#
#   benchmarks/archive-delay.sh [delay|many]   default both
#   BENCH_DIR=DIR                         where everything is kept (default /var/tmp)
#   LTXFS=COMMAND                         another launcher than the tree's
#   BENCH_SECONDS, BENCH_DATABASES        how long each measurement takes (60), how many databases (1000)
set -euo pipefail
what=${1:-both}
here=$(dirname -- "$(readlink -f -- "$0")")
launcher=${LTXFS:-$here/../ltxfs}
seconds=${BENCH_SECONDS:-60} databases=${BENCH_DATABASES:-1000}
[[ $EUID -eq 0 ]] || { echo "archive-delay.sh: mounting needs root: sudo $0" >&2; exit 1; }
litestream=$("$here/../integration-tests/tools.sh" litestream)
work=$(mktemp -d "${BENCH_DIR:-/var/tmp}/ltxfs-delay.XXXXXX")
guard_pid='' litestream_pid=''

stop_ltxfs() {
  if [[ $guard_pid ]]; then kill "$guard_pid" 2>/dev/null && wait "$guard_pid" 2>/dev/null || true; fi
  guard_pid=''
}

stop_litestream() {
  if [[ $litestream_pid ]]; then kill "$litestream_pid" 2>/dev/null && wait "$litestream_pid" 2>/dev/null || true; fi
  litestream_pid=''
}

cleanup() {
  stop_ltxfs
  stop_litestream
  if mountpoint -q "$work/mnt"; then umount -l "$work/mnt"; fi
  rm -rf "$work"
}
trap cleanup EXIT

gcc -O2 -o "$work/archive-delay" "$here/c/archive-delay.c" -lsqlite3 -lpthread
gcc -O2 -o "$work/many-writers" "$here/c/many-writers.c" -lsqlite3
mkdir "$work/plain" "$work/replica"

start_ltxfs() {
  "$launcher" version >/dev/null # builds
  "$launcher" run --mount "$work/mnt" --data "$work/data" --set http.listen=127.0.0.1:0 \
    --set replication.listen=127.0.0.1:0 >"$work/node.log" 2>&1 &
  guard_pid=$!
  for _ in {1..600}; do mountpoint -q "$work/mnt" 2>/dev/null && break; sleep 0.05; done
  mountpoint -q "$work/mnt" || { cat "$work/node.log" >&2; exit 1; }
  daemon_pid=$("$launcher" status --data "$work/data" --json | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' | head -n 1)
}

start_litestream() { # YAML of the databases
  printf 'dbs:\n%s\n' "$1" >"$work/litestream.yml"
  "$litestream" replicate -config "$work/litestream.yml" >"$work/litestream.log" 2>&1 &
  litestream_pid=$!
}

row() { # side, measurement, "name value" lines on stdin
  awk -v side="$1" -v what="$2" '{ printf "%-12s %-14s %-12s %s\n", side, what, $1, $2 }'
}

delay() {
  local load gap
  for load in single steady; do
    if [[ $load == single ]]; then gap=2500; else gap=20; fi
    "$work/archive-delay" "$work/mnt/$load.db" "$work/data/archive/$load.db/ltx/0" "$seconds" "$gap" \
      "$work/mnt/$load.db-pos" | row ltxfs "$load"
    start_litestream "  - path: $work/plain/$load.db
    replica: { type: file, path: $work/replica/$load.db }"
    "$work/archive-delay" "$work/plain/$load.db" "$work/replica/$load.db/ltx/0" "$seconds" "$gap" | row litestream "$load"
    stop_litestream
  done
}

ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }

usage() { # pid: what it took over the time
  local before after hz
  hz=$(getconf CLK_TCK)
  before=$(ticks "$1")
  sleep "$seconds"
  after=$(ticks "$1")
  awk -v t="$((after - before))" -v hz="$hz" -v s="$seconds" 'BEGIN { printf "cpu_percent %.1f\n", 100 * t / hz / s }'
  awk '/^VmRSS/ { printf "rss_mib %.0f\n", $2 / 1024 }' "/proc/$1/status"
  echo "descriptors $(find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l)"
}

many() {
  mkdir -p "$work/mnt/many" "$work/plain/many"
  "$work/many-writers" "$work/mnt/many" "$databases" 0 1 >/dev/null
  sleep 45 # until all is archived and compacted once
  usage "$daemon_pid" | row ltxfs idle
  "$work/many-writers" "$work/mnt/many" "$databases" "$((seconds + 60))" 10 >"$work/writers" &
  local writers=$!
  sleep 45 # until all are open
  usage "$daemon_pid" | row ltxfs writing
  wait "$writers"
  row ltxfs writing <"$work/writers"
  "$launcher" status --data "$work/data" | head -n 3 >&2 || true
  stop_ltxfs
  "$work/many-writers" "$work/plain/many" "$databases" 0 1 >/dev/null
  start_litestream "  - dir: $work/plain/many
    pattern: '*.db'
    replica: { type: file, path: $work/replica/many }"
  sleep 45
  usage "$litestream_pid" | row litestream idle
  "$work/many-writers" "$work/plain/many" "$databases" "$((seconds + 60))" 10 >"$work/writers" &
  writers=$!
  sleep 45 # until all are open
  usage "$litestream_pid" | row litestream writing
  wait "$writers"
  row litestream writing <"$work/writers"
}

start_ltxfs
case $what in
  delay) delay ;;
  many) many ;;
  both) delay; many ;;
  *) echo "archive-delay.sh: '$what' is neither delay nor many" >&2; exit 1 ;;
esac
