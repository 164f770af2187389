#!/usr/bin/env bash
# Runs files of SQLite's own test suite in a directory, as an unprivileged user, and prints a line for each:
# name, tests, errors, seconds. Builds the suite's program first, once, from Debian's source package.
#
#   sqlite-suite.sh [--sync] [--plain DIR] [--build-only] DIR [FILE...]
#
# FILE as in pager1; all that ltxfs promises by default. veryquick and quick are files too; permutation:NAME is a
# permutation of SQLite's (wal, persistent_journal, exclusive, ...), 'wal*' all files with such a name.
#
# --sync: with the fsync calls that the suite usually leaves out.
# --plain DIR: everything in a directory on a plain disk too; its tests and errors follow in the line.
# LTXFS_SUITE_CACHE: where the suite is built (default /var/tmp/ltxfs-sqlite-suite).
# LTXFS_SUITE_LIMIT: seconds that one file may take (default 300; 7200 for veryquick, quick and permutations).
# LTXFS_SUITE_AFTER: a command that is run after each file on the mount, with its name; the suite stops if it fails.
# Exit code 0: no errors; 1: errors, or a file that did not end; 2: the suite could not be built.
set -euo pipefail

all="pager1 pager2 pager3 jrnlmode jrnlmode2 jrnlmode3 journal1 wal wal2 wal3 wal5 walmode walro lock lock2 exclusive
exclusive2 vacuum vacuum2 autovacuum incrvacuum savepoint attach2 backup crash crash2 shared mmap1 superlock"
fixture=testfixture build_only='' plain=''
while [[ ${1:-} == --* ]]; do
  case $1 in
    --sync) fixture=testfixture-sync ;;
    --build-only) build_only=yes ;;
    --plain) plain=${2:?--plain needs a directory}; shift ;;
    *) echo "sqlite-suite: unknown option $1" >&2; exit 2 ;;
  esac
  shift
done
cache=${LTXFS_SUITE_CACHE:-/var/tmp/ltxfs-sqlite-suite}

fail() {
  echo "sqlite-suite: $1" >&2
  exit 2
}

fetch() {
  local sources
  for sources in /etc/apt/sources.list.d/*.sources; do
    if [[ -e $sources ]]; then sed -i 's/^Types: deb$/Types: deb deb-src/' "$sources"; fi
  done
  if [[ -s /etc/apt/sources.list ]] && ! grep -q '^deb-src' /etc/apt/sources.list; then
    sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >/etc/apt/sources.list.d/ltxfs-tests-src.list
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q || fail "apt-get update failed"
  apt-get install -y -q --no-install-recommends tcl tcl-dev gcc libc6-dev make dpkg-dev zlib1g-dev xz-utils \
    || fail "the tools to build SQLite could not be installed"
  apt-get source -q --download-only sqlite3 || fail "SQLite's source could not be fetched"
  tar xf sqlite3_*.orig.tar.xz
  mkdir -p build
  (cd build && ../sqlite3-*/configure -q --enable-all CFLAGS=-O1) || fail "configure failed"
}

build() {
  mkdir -p "$cache"
  chmod 755 "$cache"
  exec 9>"$cache/lock"
  flock 9
  if [[ ! -x $cache/$fixture ]]; then
    cd "$cache"
    [[ -f build/Makefile ]] || fetch >"$cache/fetch.log" 2>&1 || { tail -n 5 "$cache/fetch.log" >&2; exit 2; }
    if [[ $fixture == testfixture-sync ]]; then
      sed 's/-DSQLITE_NO_SYNC=1//' build/Makefile >build/Makefile.sync
    else
      cp build/Makefile build/Makefile.sync
    fi
    rm -f build/testfixture
    make -C build -f Makefile.sync testfixture >"$cache/make.log" 2>&1 || { tail -n 5 "$cache/make.log" >&2; exit 2; }
    mv build/testfixture "$fixture"
    cd - >/dev/null
  fi
  exec 9>&-
}

build
if [[ $build_only ]]; then exit 0; fi
directory=${1:?a directory is needed}
shift
if (($# == 0)); then
  # shellcheck disable=SC2086 # the names are words
  set -- $all
fi
source=$(echo "$cache"/sqlite3-3*/test)

# Sets tests, errors and seconds of a file in a directory; errors is empty if it did not end.
tests='' errors='' seconds=''
run_file() { # directory name
  local run=$1/${2//[:*]/-} words log begun ended result limit
  words=("$source/$2.test")
  limit=${LTXFS_SUITE_LIMIT:-300}
  if [[ $2 == permutation:* ]]; then words=("$source/permutations.test" "${2#*:}"); fi
  if [[ $2 == permutation:* || $2 == *quick ]]; then limit=${LTXFS_SUITE_LIMIT:-7200}; fi
  # A mount may be the unprivileged user's own: root has no access then.
  if mkdir "$run" 2>/dev/null; then
    chown nobody "$run"
  else
    setpriv --reuid=nobody --regid=nogroup --clear-groups mkdir "$run"
  fi
  log=$(mktemp)
  begun=$EPOCHREALTIME
  (cd "$run" && exec setpriv --reuid=nobody --regid=nogroup --clear-groups \
    timeout -k 10 "$limit" "$cache/$fixture" "${words[@]}") >"$log" 2>&1 || true
  ended=$EPOCHREALTIME
  seconds=$(awk "BEGIN { printf \"%.1f\", $ended - $begun }")
  errors='' tests=-
  if result=$(grep -o '[0-9]* errors out of [0-9]* tests' "$log"); then
    read -r errors _ _ _ tests _ <<<"$result"
    if ((errors)); then
      failed=1
      grep -E -A2 '^! [a-z]|^!Failures' "$log" | cut -c1-240 | head -n 60 >&2
    fi
  else
    failed=1
    tail -n 15 "$log" | cut -c1-300 >&2
  fi
  rm -f "$log"
}

names=()
for name in "$@"; do
  if [[ $name == *'*'* ]]; then
    for file in "$source"/$name.test; do
      file=${file##*/}
      names+=("${file%.test}")
    done
  else
    names+=("$name")
  fi
done
failed=0
for name in "${names[@]}"; do
  run_file "$directory" "$name"
  line="$name $tests ${errors:-unfinished} $seconds"
  if [[ ${LTXFS_SUITE_AFTER:-} ]] && ! $LTXFS_SUITE_AFTER "$name" >&2; then
    echo "$line"
    echo "sqlite-suite: the check after $name failed" >&2
    exit 1
  fi
  if [[ $plain ]]; then
    seen=$failed
    run_file "$plain" "$name"
    failed=$seen
    line+=" plain $tests ${errors:-unfinished} $seconds"
  fi
  echo "$line"
done
exit $failed
