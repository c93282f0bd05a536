# What the scripts that build packages share: a target, and a static build for Linux. They source this file
# and define `fail`.
# shellcheck shell=bash

# Adds a target to this Rust.
add_target() {
  local target=$1
  if ! [[ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]]; then
    command -v rustup >/dev/null || fail "this Rust cannot build for $target, and there is no rustup to add it"
    rustup target add "$target" || fail "rustup cannot add $target; packages are built where it is installed"
  fi
}

# Sets what the compilers need for a target with musl; nothing for others.
prepare_static_build() {
  local target=$1
  [[ $target == *-linux-musl ]] || return 0
  local variable=${target//-/_}
  local compiler="CC_$variable" flags="CFLAGS_$variable"
  [[ -n ${!compiler:-} || "$(uname -sm)" == "Linux ${target%%-*}" ]] ||
    fail "builds on ${target%%-*} Linux; elsewhere let the release workflow do it, or set $compiler to a cross compiler"
  export "$compiler=${!compiler:-cc}"
  command -v "${!compiler}" >/dev/null || fail "the C compiler ${!compiler} is missing (for ring, the TLS library, and mimalloc, the allocator)"
  # The C code of ring and mimalloc calls nothing but what every C library has, so the machine's own
  # compiler serves, told not to call what only glibc has: its checked variants, and those for C23.
  export "$flags=${!flags:-} -U_FORTIFY_SOURCE -std=gnu17"
  # No path of the building machine in the binary.
  export CARGO_ENCODED_RUSTFLAGS="--remap-path-prefix=$PWD=/app-role-broker"$'\x1f'"--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
}
