#!/usr/bin/env bash
# Builds what Azure Functions runs: dist/, and in target/package/ a zip of it with its SHA-256 and a
# bill of materials (CycloneDX).
#
#   scripts/package.sh                   for Azure: a static release build for x86-64 Linux
#   scripts/package.sh --this-machine    a debug build for this machine, to try the package
#
# Needs Rust with the target below and a C compiler, nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/static-linux.sh

readonly name=app-role-broker
# Static, so that it does not matter which Linux the platform runs.
target=x86_64-unknown-linux-musl
build=(--release --target "$target")
built="$target/release"

fail() { printf 'package.sh: %s\n' "$*" >&2; exit 1; }

case "$*" in
  '') ;;
  --this-machine)
    target=$(rustc -vV | sed -n 's/^host: //p')
    build=(--profile dev)
    built=debug
    ;;
  *) fail "unknown: $*; see the head of this file" ;;
esac

add_target "$target"
prepare_static_build "$target"
cargo build --locked --package "$name" --bin "$name" "${build[@]}"
binary="${CARGO_TARGET_DIR:-target}/$built/$name"
unset CARGO_ENCODED_RUSTFLAGS
cargo run --locked --quiet --package packaging -- --binary "$binary" --target "$target"
