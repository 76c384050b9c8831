#!/usr/bin/env bash
# Builds programs as fast as they get: the engine is watched at work, and then compiled for what it does most
# (profile-guided optimisation). Arguments are those of `cargo build`. Needs
#
#     rustup component add llvm-tools
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/watched
merge=$(rustc --print sysroot)/lib/rustlib/$(rustc --version --verbose | sed -n 's/^host: //p')/bin/llvm-profdata
[ -x "$merge" ] || { echo "llvm-profdata is missing: rustup component add llvm-tools" >&2; exit 1; }

# Only our own crates: the others need not be compiled again.
RUSTC_WORKSPACE_WRAPPER=$PWD/scripts/rustc-with.sh
export RUSTC_WORKSPACE_WRAPPER RUSTC_OPTION

rm -rf "$target/seen"
RUSTC_OPTION=-Cprofile-generate=$target/seen
cargo bench --package data-inspector-engine --locked --profile dist --target-dir "$target" --bench inspect \
  -- --mib 32 --rounds 2 >&2
"$merge" merge --output "$target/seen.profdata" "$target"/seen/*.profraw

RUSTC_OPTION=-Cprofile-use=$target/seen.profdata
cargo build --profile dist --locked "$@"
