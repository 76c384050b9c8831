#!/bin/sh
# rustc with one more option, for scripts/dist.sh.
exec "$@" "$RUSTC_OPTION"
