#!/usr/bin/env bash
# What a container has to be given so that ltxfs can mount in it: tries every case with both transports, as root and as a
# user of the image, and prints a table with the messages. docs/containers.md says what follows.
#
#   integration-tests/containers.sh [docker|podman]     (podman as whoever runs this: rootless, if that is not root)
#
# IMAGE    an image made of docker/Dockerfile (default: one is built from the tree)
# BASE     the base of the image that is built (default: container-engine.sh's)
# OPTIONS  more options for each 'run' of the engine, as '--runtime runc --network none'
# CASES    a regular expression: only cases whose name matches
set -euo pipefail
engine=${1:-docker}
here=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
tree=$(dirname -- "$here")
user=33 # www-data, which Debian's and Ubuntu's images have
work=$(mktemp -d /var/tmp/ltxfs-containers.XXXXXX)
started=()
shared=

clean_up() {
  if ((${#started[@]})); then "$engine" rm -f "${started[@]}" >/dev/null 2>&1 || true; fi
  if [[ -n $shared ]]; then umount -l "$shared" || true; fi
  rm -rf "$work"
}
trap clean_up EXIT

if [[ $engine == docker ]] && ! docker info >/dev/null 2>&1; then
  "$here/container-engine.sh" start >/dev/null
  # shellcheck disable=SC2064 # its value now
  trap "clean_up; '$here/container-engine.sh' stop" EXIT
fi
command -v "$engine" >/dev/null || { echo "containers.sh: there is no $engine here" >&2; exit 3; }

image=${IMAGE:-}
if [[ -z $image ]]; then
  image=ltxfs-containers
  "$tree/ltxfs" version >/dev/null
  mkdir "$work/context" "$work/context/.ltxfs-build"
  cp -r "$tree/docker" "$tree/ltxfs" "$work/context"
  cp "$tree/.ltxfs-build/ltxfs.jar" "$work/context/.ltxfs-build"
  "$engine" build -q --network host -f "$work/context/docker/Dockerfile" -t "$image" \
    --build-arg BASE="${BASE:-$("$here/container-engine.sh" start)}" "$work/context" >/dev/null
fi

# What the app does: two transactions, and a file that is given away.
cat >"$work/app" <<'APP'
m=${M:-/tmp/m}
sqlite3 "$m/a.db" 'PRAGMA journal_mode=wal; CREATE TABLE t(x); INSERT INTO t VALUES(42); SELECT x FROM t' | grep -q 42 \
  && grep -q " $m fuse.ltxfs " /proc/mounts && echo served
touch "$m/f" && chown 1:1 "$m/f" 2>/dev/null && chmod 600 "$m/f" 2>/dev/null && echo others
echo end
APP
chmod 755 "$work"
chmod 644 "$work/app"

seccomp() { # NAME RULE: a profile that refuses something; everything else is allowed
  printf '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[%s]}' "$2" >"$work/$1.json"
  chmod 644 "$work/$1.json"
}
refuse() { printf '{"names":["%s"],"action":"SCMP_ACT_ERRNO"}' "$1"; }
unless() { # CALL ARGUMENT VALUE
  printf '{"names":["%s"],"action":"SCMP_ACT_ERRNO","args":[{"index":%s,"value":%s,"op":"SCMP_CMP_NE"}]}' "$@"
}
seccomp mount "$(refuse mount)"
seccomp umount2 "$(refuse umount2)"
seccomp unshare "$(refuse unshare)"
# Of what CAP_SYS_ADMIN opens in the engines' profiles, what is needed: mount(MS_NOSUID|MS_NODEV), umount2,
# unshare(CLONE_FILES).
rest=
for call in bpf fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount_setattr move_mount name_to_handle_at \
  open_tree perf_event_open quotactl setdomainname sethostname setns syslog; do
  rest+="$(refuse $call),"
done
seccomp narrow "$rest$(unless mount 3 6),$(unless unshare 0 1024)"

messages=()
number_of() { # the number of a message, which is new or known; in $number
  for number in "${!messages[@]}"; do
    if [[ ${messages[number]} == "$1" ]]; then return; fi
  done
  number=${#messages[@]}
  messages+=("$1")
}

try() { # NAME FLAGS...
  local name=$1 who transport out line cell as said
  shift
  [[ $name =~ ${CASES:-.} ]] || return 0
  for who in root user; do
    line=$(printf '%-44s %-5s' "$name" "$who")
    as=0
    if [[ $who == user ]]; then as=$user; fi
    for transport in kernel libfuse auto; do
      # shellcheck disable=SC2086 # the words of OPTIONS are meant to split
      out=$(timeout 90 "$engine" run --rm ${OPTIONS:-} --user "$as:$as" -v "$work/app:/app:ro" "$@" "$image" \
        run --mount /tmp/m --data /tmp/d --archive none --set transport="$transport" -- sh /app 2>&1) || true
      said=$(grep -E '^ltxfs:|could not stop|^(docker|Error)' <<<"$out" | tail -n 1 | sed 's/^[^ ]* ERROR Daemon: //') || true
      case $out in
        *served*others*end*) cell=yes ;;
        *served*end*) cell='own files' ;;
        *) cell=no ;;
      esac
      if [[ -n $said ]]; then
        number_of "$said"
        cell+=" [$number]"
      fi
      line+=$(printf ' %-14s' "$cell")
    done
    echo "$line"
  done
}

share() { # containers beside each other, through a directory of the machine whose mounts propagate
  [[ share =~ ${CASES:-.} ]] || return 0
  if [[ $EUID -ne 0 ]]; then
    echo "share: left out, it takes root to make a directory's mounts shared"
    return 0
  fi
  mkdir "$work/share"
  mount --bind "$work/share" "$work/share"
  shared=$work/share
  mount --make-rshared "$shared"
  local server app out
  server=$("$engine" run -d --device /dev/fuse --cap-add SYS_ADMIN -v "$shared:/srv:rshared" "$image" \
    run --mount /srv/db --data /tmp/d --archive none)
  started+=("$server")
  app=$("$engine" run -d --entrypoint sleep -v "$shared:/srv:rslave" "$image" 300)
  started+=("$app")
  for _ in {1..100}; do
    if "$engine" exec "$app" grep -q ' /srv/db fuse.ltxfs ' /proc/mounts; then break; fi
    sleep 0.2
  done
  for container in "$server" "$app"; do
    for mode in delete truncate persist wal; do
      "$engine" exec "$container" sh -c "for i in 1 2 3 4 5 6 7 8 9 10; do sqlite3 -cmd '.timeout 20000' /srv/db/$mode.db \
        'PRAGMA journal_mode=$mode' 'CREATE TABLE IF NOT EXISTS t(x); INSERT INTO t VALUES(1)' >/dev/null || echo failed; done" &
    done
  done
  wait
  out=$("$engine" exec "$app" sh -c "for m in delete truncate persist wal; do \
    sqlite3 /srv/db/\$m.db 'SELECT count(*) FROM t; PRAGMA integrity_check'; done" | xargs)
  "$engine" stop -t 30 "$server" >/dev/null
  if [[ $out == "20 ok 20 ok 20 ok 20 ok" ]] && ! grep -q " $shared/db " /proc/mounts; then
    echo "share: yes, two containers write to it in all journal modes, and it goes with its server"
  else
    echo "share: NO: $out"
  fi
}

namespaces() { # no engine at all
  [[ namespaces =~ ${CASES:-.} ]] || return 0
  local out
  out=$(M=$work/m unshare --user --map-root-user --mount "$tree/ltxfs" run --mount "$work/m" --data "$work/d" \
    --archive none --set http.listen=127.0.0.1:0 -- sh "$work/app" 2>&1) || true
  case $out in
    *served*end*) echo "unshare --user --map-root-user --mount: yes, without fusermount" ;;
    *) echo "unshare --user --map-root-user --mount: no: $(tail -n 1 <<<"$out")" ;;
  esac
}

echo "$("$engine" --version); $(uname -sr); /dev/fuse has mode $(stat -c %a /dev/fuse);" \
  "AppArmor: $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null || echo none)"
printf '%-44s %-5s %-14s %-14s %-14s\n' case who kernel libfuse auto
device=(--device /dev/fuse)
both=("${device[@]}" --cap-add SYS_ADMIN)
try 'nothing'
try 'SYS_ADMIN' --cap-add SYS_ADMIN
try 'device' "${device[@]}"
try 'device, seccomp=unconfined' "${device[@]}" --security-opt seccomp=unconfined
try 'volume /dev/fuse, SYS_ADMIN' -v /dev/fuse:/dev/fuse --cap-add SYS_ADMIN
try 'device, SYS_ADMIN' "${both[@]}"
try 'the same, no-new-privileges' "${both[@]}" --security-opt no-new-privileges
try 'the same, cap-drop ALL' "${both[@]}" --cap-drop ALL
try 'the same, and CHOWN DAC_OVERRIDE FOWNER' "${both[@]}" --cap-drop ALL --cap-add CHOWN --cap-add DAC_OVERRIDE \
  --cap-add FOWNER
try 'device, SYS_ADMIN, read-only' "${both[@]}" --read-only --tmpfs /tmp:noexec
try 'the same, tmpfs /tmp:exec' "${both[@]}" --read-only --tmpfs /tmp:exec
try 'device, SYS_ADMIN, narrow seccomp' "${both[@]}" --security-opt "seccomp=$work/narrow.json"
try 'the same, seccomp without mount' "${both[@]}" --security-opt "seccomp=$work/mount.json"
try 'the same, seccomp without umount2' "${both[@]}" --security-opt "seccomp=$work/umount2.json"
try 'the same, seccomp without unshare' "${both[@]}" --security-opt "seccomp=$work/unshare.json"
try 'privileged' --privileged
share
namespaces
for number in "${!messages[@]}"; do
  echo "[$number] ${messages[number]}"
done
