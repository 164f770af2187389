#!/usr/bin/env bash
# Installs the programs that tests and benchmarks hold ltxfs against, each in one pinned version, built by the Go tool
# chain. What is there in its version is left alone. Prints the path of each on stdout, progress on stderr.
#
#   tools.sh [--check] NAME...     NAME: litestream litestream-0.5.5 ltx versitygw minio
#
# --check: builds nothing.
# LTXFS_TOOLS: where they are kept (default /var/tmp/ltxfs-tools).
# Exit code 0: all are there; 1: wrong use; 2: one could not be had, with the reason.
set -euo pipefail

cache=${LTXFS_TOOLS:-/var/tmp/ltxfs-tools}

fail() {
  echo "tools: $1" >&2
  exit 2
}

# Sets: module, package (below it), version, go_needed (1.N), file (below the cache)
pin() {
  package='' go_needed=26
  case $1 in
    litestream) module=github.com/benbjohnson/litestream package=/cmd/litestream version=v0.5.18 file=bin/litestream ;;
    # The last one before pages were compressed as blocks.
    litestream-0.5.5) module=github.com/benbjohnson/litestream package=/cmd/litestream version=v0.5.5 go_needed=24 file=bin055/litestream ;;
    ltx) module=github.com/superfly/ltx package=/cmd/ltx version=v0.5.2 go_needed=24 file=bin/ltx ;;
    versitygw) module=github.com/versity/versitygw package=/cmd/versitygw version=v1.8.0 go_needed=25 file=bin/versitygw ;;
    minio) module=github.com/minio/minio version=v0.0.0-20260212201848-7aac2a2c5b7c go_needed=24 file=bin/minio ;;
    *) echo "tools: '$1' is not a tool; known: litestream litestream-0.5.5 ltx versitygw minio" >&2; exit 1 ;;
  esac
}

# Go writes into each program which module and version it was built from.
is_there() {
  [[ -x $cache/$file ]] && LC_ALL=C grep -aqF "mod	$module	$version	" "$cache/$file"
}

find_go() {
  local candidate found
  for candidate in go /usr/local/go/bin/go /usr/lib/go-*/bin/go; do
    found=$(command -v "$candidate") || continue
    go=$found
    go_minor=$("$go" env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
    if [[ ${go_minor:-0} -ge 21 ]]; then return; fi
  done
  fail "building $1 needs Go 1.21 or newer, which fetches the Go that it wants (Debian 12 has 1.19): take it from https://go.dev/dl or bookworm-backports (golang-1.2x-go)"
}

build() {
  local started=$SECONDS into
  find_go "$1"
  echo "tools: building $1 $version in $cache, minutes the first time" >&2
  into=$(mktemp -d "$cache/building.XXXXXX")
  # A newer tool chain is fetched only where the installed one is too old.
  if ! GOTOOLCHAIN=$([[ $go_minor -ge $go_needed ]] && echo local || echo auto) GOBIN=$into GOFLAGS=-buildvcs=false CGO_ENABLED=0 \
    nice "$go" install "$module$package@$version" >"$cache/$1.log" 2>&1; then
    rm -rf "$into"
    tail -n 5 "$cache/$1.log" >&2
    fail "$1 $version could not be built: see $cache/$1.log"
  fi
  mkdir -p "$(dirname -- "$cache/$file")"
  mv -f "$into"/* "$cache/$file"
  rm -rf "$into"
  is_there || fail "$cache/$file says another version than $version, though it was just built: $("$go" version -m "$cache/$file" | sed -n 3p)"
  echo "tools: built $1 $version in $((SECONDS - started)) s" >&2
}

check=''
if [[ ${1:-} == --check ]]; then
  check=yes
  shift
fi
if (($# == 0)); then
  echo "tools: which? known: litestream litestream-0.5.5 ltx versitygw minio" >&2
  exit 1
fi
for name in "$@"; do
  pin "$name"
  if ! is_there; then
    [[ -z $check ]] || fail "$name $version is not in $cache; install it with: integration-tests/tools.sh $name"
    mkdir -p "$cache"
    exec 9>"$cache/lock"
    flock 9
    is_there || build "$name"
    exec 9>&-
  fi
  echo "$cache/$file"
done
