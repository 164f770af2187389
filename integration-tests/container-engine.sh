#!/usr/bin/env bash
# Gives the container tests an engine and a base image.
#
#   container-engine.sh start   prints the name of a base image; with CI=true and root it installs Docker and starts it
#                               if none runs. Exit code 3: there is none, and why
#   container-engine.sh stop    ends an engine that 'start' has started
#
# LTXFS_BASE   the base image (default eclipse-temurin:17-jre; where no registry is reached, a Debian made by debootstrap)
# LTXFS_TOOLS  where things are kept between runs (default /var/tmp/ltxfs-tools)
set -euo pipefail
state=${LTXFS_TOOLS:-/var/tmp/ltxfs-tools}/engine
made=ltxfs-base:bookworm

none() {
  echo "container tests: $1" >&2
  exit 3
}

engine_runs() { command -v docker >/dev/null && timeout 60 docker info >/dev/null 2>&1; }

may_install() { [[ ${CI:-} == true && $EUID -eq 0 ]] && command -v apt-get >/dev/null; }

install() {
  local package missing=()
  for package in "$@"; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q >/dev/null
  apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null 2>&1
}

start_engine() {
  if engine_runs; then return; fi
  may_install || none "no container engine runs: start Docker, or run them in CI as root"
  install docker.io iptables || none "docker.io cannot be installed"
  mkdir -p "$state"
  setsid dockerd >"$state/dockerd.log" 2>&1 </dev/null &
  echo $! >"$state/dockerd.pid"
  for _ in {1..480}; do
    if engine_runs; then return; fi
    sleep 0.5
  done
  tail -n 20 "$state/dockerd.log" >&2
  none "dockerd does not start"
}

has_image() { docker image inspect "$1" >/dev/null 2>&1; }

base_image() {
  local wanted=${LTXFS_BASE:-eclipse-temurin:17-jre}
  if has_image "$wanted" || timeout 120 docker pull -q "$wanted" >/dev/null 2>&1; then
    echo "$wanted"
    return
  fi
  if ! has_image "$made"; then
    [[ $EUID -eq 0 ]] || none "$wanted cannot be pulled, and making another base image needs root"
    if may_install; then install debootstrap; fi
    command -v debootstrap >/dev/null || none "$wanted cannot be pulled, and debootstrap is missing"
    local root
    root=$(mktemp -d /var/tmp/ltxfs-base.XXXXXX)
    # shellcheck disable=SC2064 # its value now
    trap "rm -rf '$root'" EXIT
    debootstrap --variant=minbase bookworm "$root" >"$root.log" 2>&1 || { tail -n 5 "$root.log" >&2; none "debootstrap failed"; }
    rm -f "$root.log"
    tar -C "$root" -c . | docker import - "$made" >/dev/null
  fi
  echo "$made"
}

case ${1:-} in
  start)
    start_engine
    base_image
    ;;
  stop)
    if [[ -f $state/dockerd.pid ]]; then
      kill "$(<"$state/dockerd.pid")" 2>/dev/null || true
      rm -f "$state/dockerd.pid"
    fi
    ;;
  *)
    echo "usage: container-engine.sh start|stop" >&2
    exit 2
    ;;
esac
