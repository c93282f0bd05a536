#!/usr/bin/env bash
# Checks licences, sources and duplicates of all crates with cargo-deny, as deny.toml says.
#
#   scripts/check-dependencies.sh                 needs crates.io only
#   scripts/check-dependencies.sh --advisories    also RustSec's advisories, which are on github.com
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.20.2

if [[ $(cargo deny --version 2>/dev/null) != "cargo-deny $version" ]]; then
  # Without optimization: it is built once and runs for seconds.
  cargo install cargo-deny --locked --version "$version" --debug
fi

cargo deny --locked check bans licenses sources
if [[ ${1:-} == --advisories ]]; then
  cargo deny --locked check advisories
else
  printf 'NOT CHECKED: advisories; run %s --advisories\n' "$0"
fi
