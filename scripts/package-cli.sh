#!/usr/bin/env bash
# Builds the archive of the operator's tool: target/archives/app-role-<target>.tar.gz and its SHA-256. The
# archive has the program, its licence, the completion scripts and the manual pages.
#
#   scripts/package-cli.sh                    a release build for this machine; on Linux a static one
#   scripts/package-cli.sh --target <target>  a release build for another target, whose programs run here
#   scripts/package-cli.sh --binary <file>    packs a program that was built for this machine
#
# Needs Rust with the target, a C compiler and tar; in bash, also on macOS and on Windows. The variable
# ARCHIVES names another folder.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/static-linux.sh

readonly into=${ARCHIVES:-target/archives}

fail() { printf 'package-cli.sh: %s\n' "$*" >&2; exit 1; }

host=$(rustc -vV | sed -n 's/^host: //p')
# Static, so that it does not matter which Linux it is.
target=${host/%-linux-gnu/-linux-musl}
binary=
case "${1:-} $#" in
  ' 0') ;;
  '--target 2') target=$2 ;;
  '--binary 2') target=$host binary=$2 ;;
  *) fail "unknown: $*; see the head of this file" ;;
esac

extension=
[[ $target != *-windows-* ]] || extension=.exe

if [[ -z $binary ]]; then
  add_target "$target"
  prepare_static_build "$target"
  cargo build --locked --release --package app-role-cli --bin app-role --target "$target"
  binary="${CARGO_TARGET_DIR:-target}/$target/release/app-role$extension"
fi

# Everything is in one folder, so that an archive cannot scatter files.
readonly name="app-role-$target"
staged=$(mktemp -d)
trap 'rm -rf "$staged"' EXIT
readonly folder="$staged/$name"
mkdir -p "$folder/completions"
cp "$binary" "$folder/app-role$extension"
cp LICENSE "$folder/"
# The names that the shells look for.
for file in bash:app-role zsh:_app-role fish:app-role.fish powershell:_app-role.ps1 elvish:app-role.elv; do
  "$folder/app-role$extension" completions "${file%%:*}" >"$folder/completions/${file#*:}"
done
"$folder/app-role$extension" man "$folder/man/man1"
chmod 755 "$folder/app-role$extension"

# Equal files give equal bytes: one order, one time, one owner. GNU tar and that of macOS and Windows differ.
owner=(--uid 0 --gid 0 --uname '' --gname '')
if tar --version | grep -q 'GNU tar'; then
  owner=(--owner=0 --group=0 --numeric-owner)
fi
mkdir -p "$into"
archive=$(cd "$into" && pwd)/$name.tar.gz
(
  cd "$staged"
  find "$name" -exec touch -t 198001010000 {} +
  find "$name" -type f | LC_ALL=C sort | tar --format=ustar "${owner[@]}" -cf - -T - | gzip -n >"$archive"
)

cd "$into"
# As `sha256sum --check` reads it.
if command -v sha256sum >/dev/null; then
  sha256sum "$name.tar.gz" >"$name.tar.gz.sha256"
else
  shasum -a 256 "$name.tar.gz" >"$name.tar.gz.sha256"
fi
printf '%s (SHA-256 %s) contains:\n' "$archive" "$(cut -d' ' -f1 "$name.tar.gz.sha256")"
tar -tzf "$name.tar.gz"
