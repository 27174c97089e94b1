#!/bin/sh
# Compiles the daemons and the command into the cache that ./tutti uses, so that the first start is as quick and as light
# as the next. Nothing depends on it: what fails here is compiled at the first start.
root=$(cd "$(dirname "$0")/.." && pwd)
node=$root/node_modules/.bin/node
[ -x "$node" ] && [ -d "$root/src" ] || exit 0
NODE_COMPILE_CACHE=$root/.cache/compile
export NODE_COMPILE_CACHE
"$node" --disable-warning=ExperimentalWarning "$root/scripts/warm.ts" >/dev/null 2>&1 || true
"$node" --disable-warning=ExperimentalWarning "$root/bin/tutti.ts" --help >/dev/null 2>&1 || true
