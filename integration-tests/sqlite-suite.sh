#!/usr/bin/env bash
# Runs files of SQLite's own test suite in a directory, as an unprivileged user, and prints a line for each:
# name, tests, errors, seconds. Builds the suite's program first, once, from Debian's source package.
#
#   sqlite-suite.sh [--sync] [--plain DIR] [--check DATA] [--build-only] DIR [FILE...]
#
# FILE as in pager1, all that ltxfs promises by default, or 'wal*', all files with such a name; or collections of them:
# veryquick, quick, and permutation:NAME (wal, persistent_journal, exclusive, ...), which say once a minute where they are.
#
# --sync: with the fsync calls that the suite usually leaves out.
# --plain DIR: everything in a directory on a plain disk too; its tests and errors follow in the line.
# --check DATA: DIR is on a mount and DATA its node's data directory: after each file, those of collections too, every database
# that is left is compared with its X-pos and with what ltxfs exports; says what was compared at the end.
# LTXFS_SUITE_CACHE: where the suite is built (default /var/tmp/ltxfs-sqlite-suite).
# LTXFS_SUITE_LIMIT: seconds that one file may take (default 300), or a collection (default 14400).
# Exit code 0: no errors; 1: errors, a file that did not end, or a wrong database; 2: the suite could not be built.
set -euo pipefail

all="pager1 pager2 pager3 jrnlmode jrnlmode2 jrnlmode3 journal1 wal wal2 wal3 wal5 walmode walro lock lock2 exclusive
exclusive2 vacuum vacuum2 autovacuum incrvacuum savepoint attach2 backup crash crash2 shared mmap1 superlock"
fixture=testfixture build_only='' plain='' data=''
as_nobody=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
while [[ ${1:-} == --* ]]; do
  case $1 in
    --sync) fixture=testfixture-sync ;;
    --build-only) build_only=yes ;;
    --plain) plain=${2:?--plain needs a directory}; shift ;;
    --check) data=${2:?--check needs a data directory}; shift ;;
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

# Starts the check, where the unprivileged user can read what it needs: the source tree may not be such a place.
kit='' asked='' answered=''
prepare_check() {
  local as=() mount
  "$here/../ltxfs" version >/dev/null || fail "ltxfs cannot be built"
  kit=$(mktemp -d)
  trap 'rm -rf "$kit"' EXIT
  cp "$here/../.ltxfs-build/ltxfs.jar" "$here"/src/test/python/{check_databases.py,ltx_checksum.py,Exports.java} "$kit"
  chmod -R a+rwX "$kit"
  # A mount may be the unprivileged user's own: root has no access then.
  ls "$directory" >/dev/null 2>&1 || as=("${as_nobody[@]}")
  mount=$("${as[@]}" stat -c %m "$directory")
  coproc checker {
    exec "${as[@]}" env "HOME=$kit" python3 "$kit/check_databases.py" --mount "$mount" --jar "$kit/ltxfs.jar" \
      --data "$data" 2>>"$kit/said"
  }
  exec {asked}>&"${checker[1]}" {answered}<&"${checker[0]}"
}

# Compares the databases that a file has left, and says what is wrong.
check() { # directory file
  local result
  : >"$kit/said"
  printf '%s\t%s\n' "$1" "$2" >&"$asked" || true
  read -r result <&"$answered" || result='the check has ended'
  echo "$result" >>"$kit/compared"
  if [[ $result != *" wrong 0" ]]; then
    echo "sqlite-suite: wrong after $2: $result" >&2
    grep -v '^skipped' "$kit/said" | cut -c1-300 | head -n 20 >&2 || true
  fi
}

# Hears which file of a collection has ended, and lets the next one begin when the check of it is done.
follow() { # label directory ended go-on check
  local name count=0 said=$SECONDS
  while read -r name; do
    count=$((count + 1))
    if ((SECONDS - said >= 60)); then
      echo "sqlite-suite: $1: $count files ended, the last was $name" >&2
      said=$SECONDS
    fi
    if [[ $5 ]]; then check "$2" "$name"; fi
    echo
  done <"$3" >"$4"
}

# Sets tests, errors and seconds of a file in a directory; errors is empty if it did not end.
tests='' errors='' seconds=''
run_file() { # directory name [check]
  local run=$1/${2//[:*]/-} words log begun ended result limit=${LTXFS_SUITE_LIMIT:-300} pipes='' follower=''
  # A mount may be the unprivileged user's own: root has no access then.
  if mkdir "$run" 2>/dev/null; then
    chown nobody "$run"
  else
    "${as_nobody[@]}" mkdir "$run" || fail "$run cannot be made; what an earlier run left there is to be removed first"
  fi
  log=$(mktemp)
  words=("$source/$2.test")
  if [[ $2 == *quick || $2 == permutation:* ]]; then
    limit=${LTXFS_SUITE_LIMIT:-14400}
    pipes=$(mktemp -d)
    cp "$here/sqlite-suite.tcl" "$pipes"
    mkfifo "$pipes/ended" "$pipes/go-on"
    chmod -R a+rwX "$pipes"
    words=("$pipes/sqlite-suite.tcl" "$source" "${2#permutation:}" "$pipes/ended" "$pipes/go-on")
    follow "$2 in $1" "$run" "$pipes/ended" "$pipes/go-on" "${3:-}" &
    follower=$!
  fi
  begun=$EPOCHREALTIME
  # shellcheck disable=SC2016 # sh is to expand it, as the user who may enter the directory
  "${as_nobody[@]}" sh -c 'cd "$1" && shift && exec "$@"' sh "$run" \
    timeout -k 10 "$limit" "$cache/$fixture" "${words[@]}" >"$log" 2>&1 || true
  ended=$EPOCHREALTIME
  seconds=$(awk "BEGIN { printf \"%.1f\", $ended - $begun }")
  if [[ $follower ]]; then
    kill "$follower" 2>/dev/null || true # it waits for pipes that a suite which did not begin never opened
    wait "$follower" 2>/dev/null || true
    rm -r "$pipes"
  elif [[ ${3:-} ]]; then
    check "$run" "$2"
  fi
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
if [[ $data ]]; then prepare_check; fi
failed=0
for name in "${names[@]}"; do
  run_file "$directory" "$name" "$data"
  line="$name $tests ${errors:-unfinished} $seconds"
  if [[ $plain ]]; then
    seen=$failed
    run_file "$plain" "$name"
    failed=$seen
    line+=" plain $tests ${errors:-unfinished} $seconds"
  fi
  echo "$line"
done
if [[ $data ]]; then
  awk '{ compared += $2; skipped += $4; wrong += $6; ended += !/ wrong / } END {
    printf "databases compared %d skipped %d wrong %d\n", compared, skipped, wrong
    exit wrong || ended || !NR }' "$kit/compared" || failed=1
fi
exit $failed
