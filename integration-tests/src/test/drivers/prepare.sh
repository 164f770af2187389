#!/usr/bin/env bash
# prepare.sh DRIVER CACHE: makes ready what a driver needs, once; as root on a Debian-like system it installs packages.
# Prints the words that run the driver's program. Exit code 2: it cannot be had here, with the reason.
set -euo pipefail
driver=$1 cache=$2
here=$(dirname -- "$(readlink -f -- "$0")")
export DEBIAN_FRONTEND=noninteractive
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9

missing() {
  echo "drivers: $1 is missing; install it with: apt-get install -y $2" >&2
  exit 2
}

install() { # PACKAGE...
  [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null || return 1
  apt-get install -y -q --no-install-recommends "$@" >"$cache/apt.log" 2>&1 && return
  apt-get update -q >>"$cache/apt.log" 2>&1 && apt-get install -y -q --no-install-recommends "$@" >>"$cache/apt.log" 2>&1
}

case $driver in
  sqlite3)
    command -v sqlite3 >/dev/null || install sqlite3 || missing sqlite3 sqlite3
    echo "$here/cli.sh"
    ;;
  python)
    echo "python3 $here/driver.py"
    ;;
  ruby)
    ruby -e 'require "sqlite3"' 2>/dev/null || install ruby ruby-sqlite3 || missing "Ruby's sqlite3" ruby-sqlite3
    echo "ruby $here/driver.rb"
    ;;
  node)
    command -v node >/dev/null || install nodejs || missing Node.js nodejs
    if ! NODE_PATH=/usr/lib/$(uname -m)-linux-gnu/nodejs:/usr/share/nodejs node -e 'require("sqlite3")' 2>/dev/null; then
      # Debian's package wants Debian's Node.js. Where another one is installed, its addon serves as well (its interface,
      # N-API, is stable): unpack it, find it without node-pre-gyp, and satisfy its reference to Debian's libnode.
      if [[ ! -e $cache/node/ready ]]; then
        rm -rf "$cache/node"
        mkdir -p "$cache/node/lib" "$cache/node/modules/@mapbox/node-pre-gyp"
        (cd "$cache/node" && { apt-get download -q node-sqlite3 || { apt-get update -q && apt-get download -q node-sqlite3; }; }) \
          >"$cache/apt.log" 2>&1 || missing "Node's sqlite3" node-sqlite3
        dpkg -x "$cache"/node/node-sqlite3_*.deb "$cache/node/root"
        addon=$(find "$cache/node/root" -name node_sqlite3.node | sort | tail -n 1)
        echo "exports.find = () => '$addon';" >"$cache/node/modules/@mapbox/node-pre-gyp/index.js"
        libnode=$(objdump -p "$addon" | awk '/NEEDED.*libnode/ { print $2 }')
        gcc -shared -Wl,-soname,"$libnode" -o "$cache/node/lib/$libnode" -x c - <<<'int ltxfs_tests_no_libnode;'
        touch "$cache/node/ready"
      fi
      modules=$(dirname -- "$(find "$cache/node/root" -type d -name sqlite3 -path '*nodejs*')")
      echo "env LD_LIBRARY_PATH=$cache/node/lib NODE_PATH=$modules:$cache/node/modules node $here/driver.js"
    else
      echo "env NODE_PATH=/usr/lib/$(uname -m)-linux-gnu/nodejs:/usr/share/nodejs node $here/driver.js"
    fi
    ;;
  go)
    PATH=$PATH:/usr/local/go/bin
    command -v go >/dev/null || missing Go golang-go
    (cd "$here/go" && GOFLAGS=-mod=readonly go build -o "$cache/go-driver" . >"$cache/go.log" 2>&1) \
      || { tail -n 5 "$cache/go.log" >&2; exit 2; }
    echo "$cache/go-driver"
    ;;
  *)
    echo "drivers: unknown driver $driver" >&2
    exit 1
    ;;
esac
