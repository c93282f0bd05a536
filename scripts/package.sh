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

if ! [[ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]]; then
  command -v rustup >/dev/null || fail "this Rust cannot build for $target, and there is no rustup to add it"
  rustup target add "$target" || fail "rustup cannot add $target; packages are built where it is installed"
fi

if [[ $target == *-musl ]]; then
  [[ -n ${CC_x86_64_unknown_linux_musl:-} || $(uname -sm) == 'Linux x86_64' ]] ||
    fail "builds on x86-64 Linux; elsewhere let the release workflow do it, or set CC_x86_64_unknown_linux_musl to a cross compiler"
  compiler=${CC_x86_64_unknown_linux_musl:-cc}
  command -v "$compiler" >/dev/null || fail "the C compiler $compiler is missing (for ring, the TLS library, and mimalloc, the allocator)"
  # The C code of ring and mimalloc calls nothing but what every C library has, so the machine's own
  # compiler serves, told not to call what only glibc has: its checked variants, and those for C23.
  export CC_x86_64_unknown_linux_musl=$compiler
  export CFLAGS_x86_64_unknown_linux_musl="${CFLAGS_x86_64_unknown_linux_musl:-} -U_FORTIFY_SOURCE -std=gnu17"
  # No path of the building machine in the binary.
  export CARGO_ENCODED_RUSTFLAGS="--remap-path-prefix=$PWD=/app-role-broker"$'\x1f'"--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
fi

cargo build --locked --package "$name" --bin "$name" "${build[@]}"
binary="${CARGO_TARGET_DIR:-target}/$built/$name"
unset CARGO_ENCODED_RUSTFLAGS
cargo run --locked --quiet --package packaging -- --binary "$binary" --target "$target"
