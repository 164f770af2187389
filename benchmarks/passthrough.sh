#!/usr/bin/env bash
# Measures the transport alone: SQLite on plain disk, on the bare passthrough in C and on the same passthrough in Java
# over the kernel transport, in turn; prints medians and ratios. As root, with /dev/fuse, gcc, libsqlite3-dev and Maven.
#
#   benchmarks/passthrough.sh [ROUNDS]     default 5
#   BENCH_DIR=DIR                          where all three keep their files (default /var/tmp): the same disk
#   BENCH_WRITES, BENCH_READS              how many (default 2000, 20000)
#   BENCH_MODES="WAL:NORMAL DELETE:FULL"   journal mode and synchronous (default WAL:NORMAL WAL:FULL DELETE:FULL)
#   BENCH_THREADS=N                        readers of /dev/fuse in C (default 4); BENCH_JAVA_THREADS in Java (default 0)
#   JAVA, JAVA_OPTS                        the Java command and its options
#   WRITE_BACK=1                           the fast mode's mount
set -euo pipefail
rounds=${1:-5}
root=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
writes=${BENCH_WRITES:-2000} reads=${BENCH_READS:-20000} threads=${BENCH_THREADS:-4}
[[ $EUID -eq 0 ]] || { echo "passthrough.sh: mounting needs root: sudo $0" >&2; exit 1; }
work=$(mktemp -d "${BENCH_DIR:-/var/tmp}/ltxfs-passthrough.XXXXXX")
mkdir "$work"/{plain,c-backing,c,java-backing,java}

cleanup() {
  for mount in "$work/c" "$work/java"; do
    if mountpoint -q "$mount"; then umount -l "$mount"; fi
  done
  wait
  rm -rf "$work"
}
trap cleanup EXIT

gcc -O2 -o "$work/bench" "$root/benchmarks/c/sqlite-bench.c" -lsqlite3
gcc -O2 -o "$work/passthrough" "$root/benchmarks/c/passthrough.c" -lpthread
if [[ ! ${CLASSPATH:-} ]]; then
  (cd "$root" && mvn -q -B -pl fuse-fs -am test-compile \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath -Dmdep.outputFile="$work/classpath" >&2)
  CLASSPATH=$root/fuse-fs/target/test-classes:$root/fuse-fs/target/classes:$(<"$work/classpath")
fi
export CLASSPATH

"$work/passthrough" ${WRITE_BACK:+-w} -t "$threads" "$work/c-backing" "$work/c" &
# shellcheck disable=SC2086 # options are several words
"${JAVA:-java}" ${JAVA_OPTS:--Xmx256m -XX:+UseSerialGC} io.ltxfs.fusefs.kernel.PassthroughMain \
  "$work/java-backing" "$work/java" "${BENCH_JAVA_THREADS:-0}" ${WRITE_BACK:+writeback} >"$work/java.log" &
for side in c java; do
  for _ in {1..200}; do mountpoint -q "$work/$side" && break; sleep 0.05; done
  mountpoint -q "$work/$side" || { echo "passthrough.sh: $side is not mounted" >&2; exit 1; }
done

# What a JVM compiles, it compiles in its first seconds: not measured.
"$work/bench" "$work/java/warm.db" WAL NORMAL 5000 1000 >"$work/warm"
"$work/bench" "$work/java/warm2.db" DELETE FULL 500 1000 >"$work/warm"
rm -f "$work"/java/warm*

for ((round = 1; round <= rounds; round++)); do
  for mode in ${BENCH_MODES:-WAL:NORMAL WAL:FULL DELETE:FULL}; do
    for side in plain c java; do
      "$work/bench" "$work/$side/bench.db" "${mode%:*}" "${mode#*:}" "$writes" "$reads" \
        | sed "s/^/$mode $side /" >>"$work/results"
      rm -f "$work/$side"/bench.db*
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
    printf "%-12s %-18s %10s %10s %10s %8s\n", "mode", "what", "plain", "C", "Java", "Java/C"
    for (i = 1; i <= count; i++) {
      split(keys[i], words, " ")
      c = median(all[keys[i], "c"]); java = median(all[keys[i], "java"])
      printf "%-12s %-18s %10s %10s %10s %8s\n", words[1], words[2], median(all[keys[i], "plain"]), c, java,
        (c > 0 ? sprintf("%.2f", java / c) : "-")
    }
  }' "$work/results"
