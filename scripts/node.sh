#!/usr/bin/env bash
# Sees to it that Node.js, npm and Chromium are there, for the tests that use other people's clients and a browser.
# Under root on Debian what is missing is installed; elsewhere it says what to install.
set -euo pipefail

missing=()
command -v node > /dev/null || missing+=(nodejs)
command -v npm > /dev/null || missing+=(npm)
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || missing+=(chromium)
if ((${#missing[@]})) && [ "$EUID" = 0 ] && command -v apt-get > /dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
elif ((${#missing[@]})); then
    echo "node.sh: not found: ${missing[*]}; install them, and let CHROMIUM name a Chromium that is elsewhere" >&2
    exit 1
fi
