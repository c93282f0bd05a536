#!/usr/bin/env bash
# Starts the handler as the image `handler` of container/Dockerfile does, on a machine without a container
# engine: with no file but those of the image, read-only, and as a user who is not root. Fails unless the
# handler answers, and has read its settings, its functions and its policy.
#
#   scripts/check-container.sh          lays out dist/, which scripts/package.sh has made; at most 20 MB
#   scripts/check-container.sh FOLDER   takes the root file system in this folder
#
# Needs root, unshare and chroot. Without them it says NOT RUN.
set -euo pipefail

readonly user=65532
readonly binary=/home/site/wwwroot/app-role-broker

fail() { printf 'check-container.sh: %s\n' "$*" >&2; exit 1; }

if (($# > 1)); then fail 'too many arguments; see the head of this file'; fi
if (($# == 1)); then
  root=$(realpath -- "$1")
else
  cd "$(dirname "$0")/.."
  cargo run --locked --quiet --package packaging --bin root-file-system
  root=$PWD/target/root-file-system
fi
[[ -e $root$binary ]] || fail "$root has no $binary"

if ! (((EUID == 0))) || ! unshare --mount true 2>/dev/null; then
  printf 'NOT RUN: the handler in its root file system; this needs root, unshare and chroot\n'
  exit 0
fi

# Nothing listens on the endpoint of the identity, so no token is issued and no service is called.
settings=(
  FUNCTIONS_APP_ROOT_PATH=/home/site/wwwroot
  IDENTITY_ENDPOINT=http://127.0.0.1:1/msi/token
  IDENTITY_HEADER=none
  AzureWebJobsStorage__accountName=stbroker
  RequestQueues__accountName=streq
)
# Below the ports that the kernel hands out.
port=$((20000 + RANDOM % 10000))
log=$(mktemp)
# shellcheck disable=SC2016 # the inner shell expands
env -i PATH="$PATH" "${settings[@]}" FUNCTIONS_CUSTOMHANDLER_PORT=$port unshare --mount bash -c '
  mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit
  exec chroot --userspec="$2:$2" --groups= "$1" "$3"' start "$root" "$user" "$binary" >"$log" 2>&1 &
handler=$!
trap 'kill "$handler" 2>/dev/null || true; rm -f "$log"' EXIT

# The answer to a request, without its head.
ask() {
  exec 3<>"/dev/tcp/127.0.0.1/$port" || return
  printf '%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' \
    "$1" "$2" "${#3}" "$3" >&3
  sed '1,/^\r$/d' <&3
  exec 3>&-
}

until ask GET / '' >/dev/null 2>&1; do
  kill -0 "$handler" 2>/dev/null || fail "the handler ended: $(tail -n 5 "$log")"
  sleep 0.1
done

grep -q "^Uid:[[:space:]]$user[[:space:]]$user" "/proc/$handler/status" || fail 'the handler runs as another user'
grep -q '^CapEff:[[:space:]]0*$' "/proc/$handler/status" || fail 'the handler has capabilities'
grep -q ' / ro,' "/proc/$handler/mountinfo" || fail 'the root file system can be written'

health=$(ask POST /Health '{"Data":{"health":{"Url":"http://localhost/api/health","Method":"GET","Query":{},"Headers":{},"Params":{}}},"Metadata":{}}')
for check in settings functions policy; do
  [[ $health == *"\\\"$check\\\":\\\"ok\\\""* ]] || fail "the check of $check is not ok: $health"
done
printf 'the handler answers in %s as user %s, read-only\n' "$root" "$user"
