#!/usr/bin/env bash
# Restores a 1-GB database, half of it compressible, with 500 small transactions of history, in turn by Litestream and by
# ltxfs, from a directory and from an S3 server (VersityGW on the loopback), and beside them copies the file (cp) and
# decompresses it (lz4 -d). Two archives: one that `litestream replicate` wrote, which both restore, and one that ltxfs
# wrote (as root with /dev/fuse only), which both restore too. Prints medians of seconds, MB/s of database, peak memory,
# CPU seconds, and ratios. Asserts nothing.
#
#   benchmarks/restore.sh [ROUNDS]        default 5
#   BENCH_DIR=DIR                         where everything lies (default /var/tmp): 6 GB
#   BENCH_MB, BENCH_TRANSACTIONS          how large (default 1024, 500)
#   BENCH_KEEP=DIR                        keep databases and archives here, or take those of an earlier run
#   LTXFS=COMMAND                         another launcher than the tree's
# Needs python3, lz4, GNU time, and Go the first time (integration-tests/tools.sh).
set -euo pipefail
rounds=${1:-5}
here=$(dirname -- "$(readlink -f -- "$0")")
ltxfs=${LTXFS:-$here/../ltxfs}
megabytes=${BENCH_MB:-1024} transactions=${BENCH_TRANSACTIONS:-500}
for needed in python3 lz4 /usr/bin/time; do
  command -v "$needed" >/dev/null || { echo "restore.sh: $needed is missing: apt-get install -y python3 lz4 time" >&2; exit 1; }
done
litestream=$("$here/../integration-tests/tools.sh" litestream)
versitygw=$("$here/../integration-tests/tools.sh" versitygw)
unset AWS_CA_BUNDLE
export AWS_ACCESS_KEY_ID=bench AWS_SECRET_ACCESS_KEY=benchbench AWS_REGION=us-east-1

work=$(mktemp -d "${BENCH_DIR:-/var/tmp}/ltxfs-bench.XXXXXX")
keep=${BENCH_KEEP:-$work/keep}
pids=()
cleanup() {
  for pid in "${pids[@]}"; do
    if kill "$pid" 2>/dev/null; then wait "$pid" 2>/dev/null || true; fi
  done
  if mountpoint -q "$work/mnt"; then umount -l "$work/mnt"; fi
  rm -rf "$work"
}
trap cleanup EXIT
mkdir -p "$work/s3" "$keep"
"$ltxfs" version >/dev/null # builds

cat >"$work/fill.py" <<'PYTHON'
import os, random, sqlite3, sys
path, megabytes = sys.argv[1], int(sys.argv[2])
r = random.Random(1)
db = sqlite3.connect(path, isolation_level=None)
db.execute("pragma journal_mode=wal")
db.execute("create table t(id integer primary key, b blob)")
rows = megabytes * 256
for first in range(0, rows, 2000):
    db.execute("begin")
    for i in range(first, min(first + 2000, rows)):
        if i % 2:
            row = os.urandom(3900)
        else:
            visits = (f"user {r.randrange(5000)} visited page {r.randrange(400)} at {r.randrange(10**9)}; " for _ in range(100))
            row = "".join(visits).encode()[:3900]
        db.execute("insert into t(b) values(?)", (row,))
    db.execute("commit")
db.execute("pragma wal_checkpoint(truncate)")
PYTHON
cat >"$work/transactions.py" <<'PYTHON'
import os, random, sqlite3, sys, time
path, count = sys.argv[1], int(sys.argv[2])
r = random.Random(2)
db = sqlite3.connect(path, isolation_level=None, timeout=60)
last = db.execute("select max(id) from t").fetchone()[0]
for _ in range(count):
    db.execute("begin immediate")
    for _ in range(5):
        db.execute("update t set b = ? where id = ?", (os.urandom(3900), r.randrange(1, last)))
    db.execute("commit")
    time.sleep(0.03)
PYTHON

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
endpoint="endpoint=http://127.0.0.1:$port&region=us-east-1"

if [[ ! -f $keep/made ]]; then
  echo "restore.sh: making a database of $megabytes MB and its archives" >&2
  python3 "$work/fill.py" "$keep/bench.db" "$megabytes"
  cat >"$work/litestream.yml" <<YAML
levels: [{interval: 5s}, {interval: 30s}]
dbs: [{path: $keep/bench.db, replica: {type: file, path: $keep/by-litestream/bench.db}}]
YAML
  "$litestream" replicate -config "$work/litestream.yml" >"$work/litestream.log" 2>&1 &
  pids+=($!)
  sleep 15 # it has copied the database
  python3 "$work/transactions.py" "$keep/bench.db" "$transactions"
  sleep 3
  kill "${pids[-1]}" && wait "${pids[-1]}" || true
  if [[ $EUID -eq 0 && -c /dev/fuse ]]; then
    mkdir "$work/mnt"
    "$ltxfs" run --mount "$work/mnt" --data "$work/data" --archive "file:$keep/by-ltxfs" \
      --set archive.levels=[5s,30s] --set http.listen=127.0.0.1:0 --set replication.listen=127.0.0.1:0 \
      -- sh -c "cp '$keep/bench.db' '$work/mnt/bench.db' && python3 '$work/transactions.py' '$work/mnt/bench.db' $transactions" \
      >"$work/node.log" 2>&1 || { tail -n 5 "$work/node.log" >&2; exit 1; }
    rm -rf "$work/data"
  fi
  touch "$keep/made"
fi
# The server keeps an object as a file of its name: Litestream's layout for S3 differs only in the names of the levels.
for archive in by-litestream by-ltxfs; do
  [[ -d $keep/$archive ]] || continue
  mkdir -p "$work/s3/$archive/bench.db"
  for level in "$keep/$archive"/bench.db/ltx/*; do
    for object in "$level"/*.ltx; do
      [[ -f $object ]] || continue
      mkdir -p "$work/s3/$archive/bench.db/000${level##*/}"
      ln "$object" "$work/s3/$archive/bench.db/000${level##*/}/" 2>/dev/null \
        || cp "$object" "$work/s3/$archive/bench.db/000${level##*/}/"
    done
  done
done
"$versitygw" --access "$AWS_ACCESS_KEY_ID" --secret "$AWS_SECRET_ACCESS_KEY" --port "127.0.0.1:$port" --keep-alive --quiet \
  posix "$work/s3" >"$work/versitygw.log" 2>&1 &
pids+=($!)
for _ in {1..100}; do (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null && break; sleep 0.1; done

out=$work/out.db
lz4 -q -f "$keep/bench.db" "$work/bench.lz4"
run() { # NAME COMMAND...
  local name=$1
  shift
  rm -f "$out" "$out"*
  sync
  /usr/bin/time -f "$name %e %U %S %M" -a -o "$work/results" "$@" >"$work/run.log" 2>&1 \
    || { echo "restore.sh: $name failed: $(tail -n 3 "$work/run.log")" >&2; sed -i '$d' "$work/results"; }
}
for ((round = 1; round <= rounds; round++)); do
  echo "restore.sh: round $round of $rounds" >&2
  run cp cp "$keep/bench.db" "$out"
  run lz4 lz4 -d -q -f "$work/bench.lz4" "$out"
  for archive in by-litestream by-ltxfs; do
    [[ -d $keep/$archive ]] || continue
    run "litestream:$archive:directory" "$litestream" restore -o "$out" "file://$keep/$archive/bench.db"
    run "ltxfs:$archive:directory" "$ltxfs" restore bench.db -o "$out" --archive "$keep/$archive"
    run "litestream:$archive:s3" "$litestream" restore -o "$out" "s3://$archive/bench.db?$endpoint&forcePathStyle=true"
    run "ltxfs:$archive:s3" "$ltxfs" restore bench.db -o "$out" --archive "s3://$archive?$endpoint&path-style=true"
  done
done

size=$(stat -c %s "$keep/bench.db")
python3 - "$work/results" "$size" <<'PYTHON'
import statistics, sys
rows = {}
for line in open(sys.argv[1]):
    name, *numbers = line.split()
    rows.setdefault(name, []).append([float(n) for n in numbers])
size = int(sys.argv[2])
medians = {name: [statistics.median(column) for column in zip(*runs)] for name, runs in rows.items()}
print(f"{'':34}{'seconds':>9}{'MB/s':>7}{'user':>7}{'system':>8}{'peak MB':>9}{'runs':>6}")
for name, (seconds, user, system, peak) in medians.items():
    print(f"{name:34}{seconds:9.2f}{size / seconds / 1e6:7.0f}{user:7.2f}{system:8.2f}{peak / 1024:9.0f}{len(rows[name]):6}")
print()
for name, median in medians.items():
    if name.startswith("ltxfs:"):
        others = [("litestream" + name[len("ltxfs"):]), "lz4", "cp"]
        ratios = [f"{median[0] / medians[other][0]:.2f} of {other}'s" for other in others if other in medians]
        print(f"{name} takes {', '.join(ratios)} time")
PYTHON
