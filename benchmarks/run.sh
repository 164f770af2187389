#!/usr/bin/env bash
# Compares SQLite on plain disk, on a bare passthrough in C that captures nothing (strict: every write is a request)
# and on ltxfs, in turn, and prints medians and ratios. Asserts nothing. As root, with /dev/fuse, gcc and libsqlite3-dev.
#
#   benchmarks/run.sh [ROUNDS]            default 3
#   BENCH_DIR=DIR                         where all three keep their files (default /var/tmp): the same disk
#   LTXFS=COMMAND                         another launcher than the tree's
#   BENCH_WRITES, BENCH_READS             how many (default 2000, 20000)
set -euo pipefail
rounds=${1:-3}
here=$(dirname -- "$(readlink -f -- "$0")")
launcher=${LTXFS:-$here/../ltxfs}
writes=${BENCH_WRITES:-2000} reads=${BENCH_READS:-20000}
[[ $EUID -eq 0 ]] || { echo "run.sh: mounting needs root: sudo $0" >&2; exit 1; }
work=$(mktemp -d "${BENCH_DIR:-/var/tmp}/ltxfs-bench.XXXXXX")
mkdir "$work"/{plain,backing,pass}
pass_pid='' node_pid=''

cleanup() {
  if [[ $node_pid ]]; then kill "$node_pid" 2>/dev/null && wait "$node_pid" 2>/dev/null || true; fi
  for mount in "$work/mnt" "$work/pass"; do
    if mountpoint -q "$mount"; then umount -l "$mount"; fi
  done
  if [[ $pass_pid ]]; then kill "$pass_pid" 2>/dev/null && wait "$pass_pid" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap cleanup EXIT

gcc -O2 -o "$work/bench" "$here/c/sqlite-bench.c" -lsqlite3
sides=(plain)
if [[ -f $here/c/passthrough.c ]]; then
  gcc -O2 -o "$work/passthrough" "$here/c/passthrough.c" -lpthread
  "$work/passthrough" "$work/backing" "$work/pass" >"$work/pass.log" 2>&1 &
  pass_pid=$!
  for _ in {1..100}; do mountpoint -q "$work/pass" && break; sleep 0.05; done
  mountpoint -q "$work/pass" || { cat "$work/pass.log" >&2; exit 1; }
  sides+=(pass)
fi

"$launcher" version >/dev/null # builds, so that it is not counted as start-up
begun=$EPOCHREALTIME
"$launcher" run --mount "$work/mnt" --data "$work/data" --set http.listen=127.0.0.1:0 \
  --set replication.listen=127.0.0.1:0 >"$work/node.log" 2>&1 &
node_pid=$!
for _ in {1..600}; do mountpoint -q "$work/mnt" 2>/dev/null && break; sleep 0.01; done
mountpoint -q "$work/mnt" || { cat "$work/node.log" >&2; exit 1; }
echo "start_up_ms $(awk "BEGIN { printf \"%.0f\", ($EPOCHREALTIME - $begun) * 1000 }")"
sides+=(ltxfs)

declare -A directory=([plain]=$work/plain [pass]=$work/pass [ltxfs]=$work/mnt)
for mode in "WAL NORMAL" "WAL FULL" "DELETE FULL"; do
  for ((round = 1; round <= rounds; round++)); do
    for side in "${sides[@]}"; do
      # shellcheck disable=SC2086 # a mode is two words
      "$work/bench" "${directory[$side]}/bench-$round-${mode// /-}.db" $mode "$writes" "$reads" \
        | sed "s/^/${mode// /_} $side /" >>"$work/results"
      rm -f "${directory[$side]}"/bench-*
    done
  done
done

awk '
  function median(list, n, values, i, j, t) {
    n = split(list, values, " ")
    for (i = 2; i <= n; i++)
      for (j = i; j > 1 && values[j - 1] + 0 > values[j] + 0; j--) { t = values[j]; values[j] = values[j - 1]; values[j - 1] = t }
    return values[int((n + 1) / 2)]
  }
  { key = $1 " " $3; if (!(key in seen)) { seen[key] = 1; keys[++count] = key }; all[key, $2] = all[key, $2] " " $4 }
  END {
    printf "%-12s %-18s %10s %12s %10s %12s %17s\n", "mode", "what", "plain", "passthrough", "ltxfs", "ltxfs/plain", "ltxfs/passthrough"
    for (i = 1; i <= count; i++) {
      split(keys[i], words, " ")
      plain = median(all[keys[i], "plain"]); pass = median(all[keys[i], "pass"]); ltxfs = median(all[keys[i], "ltxfs"])
      printf "%-12s %-18s %10s %12s %10s %12s %17s\n", words[1], words[2], plain, (pass == "" ? "-" : pass), ltxfs,
        (plain > 0 ? sprintf("%.2f", ltxfs / plain) : "-"), (pass > 0 ? sprintf("%.2f", ltxfs / pass) : "-")
    }
  }' "$work/results"
