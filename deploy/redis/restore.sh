#!/bin/sh
# Puts a snapshot where a Redis with `appendonly yes` finds it at its next start: restore.sh FILE.rdb DATA_FOLDER
#
# For the data folder of a server that does not run. What is there is kept beside it, in DATA_FOLDER/before-restore-TIME.
# An append-only server reads its append-only files and nothing else: a dump.rdb alone would be an empty server. So the snapshot becomes
# the base of a new append-only file.
set -eu
umask 077
file=${1:?usage: $0 FILE.rdb DATA_FOLDER}
data=${2:?usage: $0 FILE.rdb DATA_FOLDER}

[ -d "$data" ] || { echo "$data is no folder" >&2 && exit 1; }
for process in /proc/[0-9]*; do
    case $(readlink "$process/exe" 2>/dev/null || true) in *redis-*) ;; *) continue ;; esac
    [ "$(readlink "$process/cwd" 2>/dev/null || true)" != "$(cd "$data" && pwd -P)" ] ||
        { echo "a server runs in $data (pid ${process#/proc/}): stop it first" >&2 && exit 1; }
done
(cd "$(dirname "$file")" && sha256sum --check --quiet "$(basename "$file").sha256") ||
    { echo "$file is not what was written then" >&2 && exit 1; }
redis-check-rdb "$file" >&2 || { echo "$file is damaged" >&2 && exit 1; }

before=$data/before-restore-$(date -u +%Y%m%dT%H%M%SZ)
for old in "$data/appendonlydir" "$data/dump.rdb"; do
    if [ -e "$old" ]; then mkdir -p "$before" && mv "$old" "$before/"; fi
done
mkdir "$data/appendonlydir"
cp "$file" "$data/appendonlydir/appendonly.aof.1.base.rdb"
echo 'file appendonly.aof.1.base.rdb seq 1 type b' >"$data/appendonlydir/appendonly.aof.manifest"
# Whoever owns the folder runs the server.
chown -R --reference="$data" "$data/appendonlydir" 2>/dev/null || true
sync
echo "restored; start the server in $data"
