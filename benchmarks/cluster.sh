#!/usr/bin/env bash
# Measures clusters of real nodes on this machine, over loopback: how long after a commit a replica's readers see it, what a
# replica costs the primary's writers, what a commit takes that waits for a replica, and how long no write is accepted when the
# primary dies or hands over. Asserts nothing. As root, with /dev/fuse, gcc, libsqlite3-dev, curl and python3.
#
#   benchmarks/cluster.sh [lag|writes|sync|crash|handover]...   default all
#   BENCH_DIR=DIR                   where everything is kept (default /var/tmp)
#   LTXFS=COMMAND                   another launcher than the tree's
#   BENCH_SECONDS                   how long each measurement takes (10)
#   BENCH_ROUNDS                    how many, of those that are repeated (5)
#   BENCH_TTL                       lease.ttl (5s)
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "$0")")
launcher=${LTXFS:-$here/../ltxfs}
seconds=${BENCH_SECONDS:-10} rounds=${BENCH_ROUNDS:-5} ttl=${BENCH_TTL:-5s}
what=("$@")
if ((${#what[@]} == 0)); then what=(lag writes sync crash handover); fi
[[ $EUID -eq 0 ]] || { echo "cluster.sh: mounting needs root: sudo $0" >&2; exit 1; }
work=$(mktemp -d "${BENCH_DIR:-/var/tmp}/ltxfs-cluster.XXXXXX")
net=127.$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1))
declare -A guard=()

address() { echo "$net.$1"; }

# Ends a node without mercy: its guard first, so that it starts no new daemon.
kill_node() {
  local pid daemon
  pid=${guard[$1]:-}
  [[ $pid ]] || return 0
  daemon=$(pids_below "$pid")
  # shellcheck disable=SC2086 # several pids
  kill -9 "$pid" $daemon 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  guard[$1]=''
}

pids_below() {
  local child
  for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do
    echo "$child"
    pids_below "$child"
  done
}

cleanup() {
  local node
  for node in "${!guard[@]}"; do kill_node "$node"; done
  for node in 1 2 3 9; do
    if mountpoint -q "$work/$node/mnt" 2>/dev/null; then umount -l "$work/$node/mnt"; fi
  done
  rm -rf "$work"
}
trap cleanup EXIT

start() { # node, cluster
  mkdir -p "$work/$1"
  "$launcher" run --mount "$work/$1/mnt" --data "$work/$1/data" --lease "$work/$2/lease" --archive none \
    --set "node.id=n$1" --set "node.advertise=$(address "$1"):20203" --set "replication.listen=$(address "$1"):20203" \
    --set "http.listen=$(address "$1"):20202" --set "lease.ttl=$ttl" \
    --set 'databases=[{match: "sync-*", durability: "replica:1"}]' >>"$work/$1/node.log" 2>&1 &
  guard[$1]=$!
}

role() { curl -s --max-time 2 "http://$(address "$1"):20202/status" | sed -n 's/.*"role": *"\([a-z]*\)".*/\1/p' | head -n 1; }

await_role() { # node, role
  local _
  for _ in {1..1200}; do
    if [[ $(role "$1") == "$2" ]]; then return; fi
    sleep 0.05
  done
  echo "cluster.sh: node $1 does not become $2; its log:" >&2
  tail -n 40 "$work/$1/node.log" >&2
  exit 1
}

await_voter() { # primary: one whose acknowledgements do not count yet may not take over
  local _
  for _ in {1..1200}; do
    if curl -s --max-time 2 "http://$(address "$1"):20202/status" | grep -q '"voter": *true'; then return; fi
    sleep 0.05
  done
  echo "cluster.sh: node $1 has no voter; the logs:" >&2
  tail -n 25 "$work/1/node.log" "$work/2/node.log" >&2
  exit 1
}

primary() { # of the nodes that are named
  local _ node
  for _ in {1..1200}; do
    for node in "$@"; do
      if [[ ${guard[$node]:-} && $(role "$node") == primary ]]; then echo "$node"; return; fi
    done
    sleep 0.05
  done
  echo "cluster.sh: nobody becomes primary" >&2
  exit 1
}

make() { # mount of the primary, database, journal mode
  sqlite3 "$1/$2" "PRAGMA journal_mode=${3:-WAL}; CREATE TABLE t(n INTEGER PRIMARY KEY, filler BLOB); CREATE TABLE r(n INTEGER);" >/dev/null
}

await_file() { # a table of a database that a replica gets
  local _
  for _ in {1..600}; do
    if [[ -e $1 && $(sqlite3 "$1" "SELECT count(*) FROM sqlite_schema" 2>/dev/null) == 2 ]]; then return; fi
    sleep 0.05
  done
  echo "cluster.sh: $1 does not appear" >&2
  exit 1
}

row() { # measurement; "name value" lines on stdin
  awk -v what="$1" '{ printf "%-34s %-14s %s\n", what, $1, $2 }'
}

summary() { # measurement, unit; a value on each line of stdin
  sort -n | awk -v what="$1" '{ v[NR] = $1 } END { printf "%-34s %-14s %s\n%-34s %-14s %s\n", what, "median_ms", v[int((NR + 1) / 2)], what, "worst_ms", v[NR] }'
}

lag() {
  local mode name
  for mode in "WAL NORMAL" "WAL FULL" "DELETE FULL"; do
    name=lag-${mode// /-}.db
    make "$work/$p/mnt" "$name" "${mode% *}"
    await_file "$work/$r/mnt/$name"
    "$work/bench" lag "$work/$p/mnt/$name" "$work/$r/mnt/$name" "${mode#* }" "$seconds" 5000 | row "lag, 200 commits/s, $mode"
    "$work/bench" lag "$work/$p/mnt/$name" "$work/$r/mnt/$name" "${mode#* }" "$seconds" 0 | row "lag, full speed, $mode"
  done
}

# A cluster of one beside the cluster of two, in turn.
writes() {
  local round synchronous
  start 9 alone
  await_role 9 primary
  for synchronous in NORMAL FULL; do
    make "$work/9/mnt" "writes-$synchronous.db"
    make "$work/$p/mnt" "writes-$synchronous.db"
    for ((round = 1; round <= rounds; round++)); do
      "$work/bench" commits "$work/9/mnt/writes-$synchronous.db" "$synchronous" "$((seconds / 2))" | sed 's/^/alone /' >>"$work/writes-$synchronous"
      "$work/bench" commits "$work/$p/mnt/writes-$synchronous.db" "$synchronous" "$((seconds / 2))" | sed 's/^/replica /' >>"$work/writes-$synchronous"
    done
    awk -v what="writes, WAL $synchronous" '
      function median(list, n, v, i, j, t) {
        n = split(list, v, " ")
        for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j - 1] + 0 > v[j] + 0; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
        return v[int((n + 1) / 2)]
      }
      $2 == "per_second" { all[$1] = all[$1] " " $3 }
      END {
        alone = median(all["alone"]); replica = median(all["replica"])
        printf "%-34s %-14s %s\n%-34s %-14s %s\n%-34s %-14s %.2f\n", what, "alone/s", alone, what, "one_replica/s", replica, what, "ratio", replica / alone
      }' "$work/writes-$synchronous"
  done
  kill_node 9
}

sync() {
  local synchronous
  for synchronous in FULL NORMAL; do
    make "$work/$p/mnt" "sync-$synchronous.db"
    await_file "$work/$r/mnt/sync-$synchronous.db"
    "$work/bench" commits "$work/$p/mnt/sync-$synchronous.db" "$synchronous" "$seconds" | row "replica:1, WAL $synchronous"
  done
}

change() { # database, function that says the order for the primary's node; prints "milliseconds missing"
  local now order
  now=$(primary 1 2)
  coproc writer { python3 "$here/python/role_change.py" "$1" "$work/1/mnt" "$work/2/mnt"; }
  local line input=${writer[1]} output=${writer[0]} pid=$writer_PID
  read -r line <&"$output"
  sleep 0.5
  order=$("$2" "$now")
  echo "$order" >&"$input"
  read -r line <&"$output" || line='failed'
  wait "$pid" || true
  echo "$line"
}

order_kill() {
  local pids
  pids=$(pids_below "${guard[$1]}" | tr '\n' ' ')
  echo "kill ${guard[$1]} $pids"
}

order_handoff() { echo "gap [\"$launcher\", \"handoff\", \"--data\", \"$work/$1/data\"]"; }

order_promote() { echo "gap [\"$launcher\", \"promote\", \"--data\", \"$work/$((3 - $1))/data\"]"; }

order_stop() { # returns when it has ended; nobody has waited for it yet, so its entry stays
  echo "gap [\"bash\", \"-c\", \"kill ${guard[$1]}; while grep -q . /proc/${guard[$1]}/cmdline; do sleep 0.01; done\"]"
}

repeated() { # measurement, order
  local round dead result
  : >"$work/$2.times"
  for ((round = 1; round <= rounds; round++)); do
    dead=$(primary 1 2)
    await_role "$((3 - dead))" replica
    await_voter "$dead"
    await_file "$work/$((3 - dead))/mnt/changes.db"
    result=$(change "changes.db" "order_$2")
    if [[ $result == failed ]]; then echo "cluster.sh: $1: failed" >&2; continue; fi
    echo "${result% *}" >>"$work/$2.times"
    echo "${result#* }" >>"$work/$2.missing"
    if [[ $2 == kill || $2 == stop ]]; then
      wait "${guard[$dead]}" 2>/dev/null || true
      if mountpoint -q "$work/$dead/mnt"; then umount -l "$work/$dead/mnt"; fi
      start "$dead" pair
    fi
    await_role "$dead" replica
  done
  summary "$1" <"$work/$2.times"
  awk -v what="$1" '{ n += $1 } END { printf "%-34s %-14s %d\n", what, "missing", n }' "$work/$2.missing"
}

gcc -O2 -o "$work/bench" "$here/c/cluster-bench.c" -lsqlite3
"$launcher" version >/dev/null # builds
start 1 pair
start 2 pair
p=$(primary 1 2) r=$((3 - p))
await_role "$r" replica
make "$work/$p/mnt" changes.db
await_file "$work/$r/mnt/changes.db"
for name in "${what[@]}"; do
  p=$(primary 1 2) r=$((3 - p))
  case $name in
    lag) lag ;;
    writes) writes ;;
    sync) sync ;;
    crash) repeated "crash failover, ttl $ttl" kill ;;
    handover)
      repeated "promote, write gap" promote
      repeated "handoff, write gap" handoff
      repeated "SIGTERM, write gap" stop
      ;;
    *) echo "cluster.sh: '$name' is none of lag, writes, sync, crash, handover" >&2; exit 1 ;;
  esac
done
