#!/usr/bin/env bash
# Runs files of SQLite's own test suite in a directory, as an unprivileged user, and prints a line for each:
# name, tests, errors, seconds. Builds the suite's program first, once, from Debian's source package.
#
#   sqlite-suite.sh [--sync] [--build-only] DIR [FILE...]     FILE as in pager1; all that ltxfs promises by default
#
# --sync: with the fsync calls that the suite usually leaves out.
# LTXFS_SUITE_CACHE: where the suite is built (default /var/tmp/ltxfs-sqlite-suite).
# Exit code 0: no errors; 1: errors, or a file that did not end; 2: the suite could not be built.
set -euo pipefail

all="pager1 pager2 pager3 jrnlmode jrnlmode2 jrnlmode3 journal1 wal wal2 wal3 wal5 walmode walro lock lock2 exclusive
exclusive2 vacuum vacuum2 autovacuum incrvacuum savepoint attach2 backup crash crash2 shared mmap1 superlock"
fixture=testfixture build_only=''
while [[ ${1:-} == --* ]]; do
  case $1 in
    --sync) fixture=testfixture-sync ;;
    --build-only) build_only=yes ;;
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
failed=0
for name in "$@"; do
  run=$directory/$name
  mkdir "$run"
  chown nobody "$run"
  log=$(mktemp)
  begun=$EPOCHREALTIME
  (cd "$run" && exec setpriv --reuid=nobody --regid=nogroup --clear-groups \
    timeout -k 10 "${LTXFS_SUITE_LIMIT:-300}" "$cache/$fixture" "$source/$name.test") >"$log" 2>&1 || true
  ended=$EPOCHREALTIME
  seconds=$(awk "BEGIN { printf \"%.1f\", $ended - $begun }")
  if result=$(grep -o '[0-9]* errors out of [0-9]* tests' "$log"); then
    read -r errors _ _ _ tests _ <<<"$result"
    echo "$name $tests $errors $seconds"
    if ((errors)); then
      failed=1
      grep -E -A2 '^! [a-z]|^!Failures' "$log" | cut -c1-240 | head -n 60 >&2
    fi
  else
    failed=1
    echo "$name - unfinished $seconds"
    tail -n 15 "$log" | cut -c1-300 >&2
  fi
  rm -f "$log"
done
exit $failed
