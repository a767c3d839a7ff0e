#!/bin/sh
# A snapshot of a running Redis, checked, with its sum: backup.sh FOLDER [KEEP]
#
#   HOST, PORT           a replica, or the master (127.0.0.1, 6379)
#   REDIS_USER           the user `backup` of users.acl; empty: none
#   PASSWORD_FILE        its password
#   CA_FILE              TLS: PEM file of the authority that vouches for the server; none: no TLS
#   CERT_FILE, KEY_FILE  a certificate and its key, where the server asks for one
#
# Prints the file. Of older ones the newest KEEP (14) stay. It reads as a replica does: the server forks once, as for any snapshot. What
# is written while it runs is in it or not; a stream is always whole up to some entry.
set -eu
umask 077
folder=${1:?usage: $0 FOLDER [KEEP]}
case $folder in -*) echo "usage: $0 FOLDER [KEEP]" >&2 && exit 1 ;; esac
keep=${2:-14}
name=streamhost-$(date -u +%Y%m%dT%H%M%SZ)
if [ -n "${PASSWORD_FILE:-}" ]; then
    REDISCLI_AUTH=$(head -n 1 "$PASSWORD_FILE") # not on the command line
    export REDISCLI_AUTH
fi

mkdir -p "$folder"
part=$folder/$name.partial
trap 'rm -f "$part"' EXIT
redis-cli -h "${HOST:-127.0.0.1}" -p "${PORT:-6379}" ${CA_FILE:+--tls --cacert "$CA_FILE"} ${CERT_FILE:+--cert "$CERT_FILE"} \
    ${KEY_FILE:+--key "$KEY_FILE"} ${REDIS_USER:+--user "$REDIS_USER"} --no-auth-warning --rdb "$part" >&2 ||
    { echo "no snapshot from ${HOST:-127.0.0.1}:${PORT:-6379}: does it run, with this user, and with TLS where CA_FILE is set?" >&2 && exit 1; }
redis-check-rdb "$part" >&2 || { echo "the snapshot is damaged" >&2 && exit 1; }
(cd "$folder" && sha256sum "$name.partial" | sed "s/$name.partial/$name.rdb/" >"$name.rdb.sha256")
sync "$part" "$folder/$name.rdb.sha256"
mv "$part" "$folder/$name.rdb"
echo "$folder/$name.rdb"

# By name, which is by age.
find "$folder" -maxdepth 1 -name 'streamhost-*.rdb' | sort -r | tail -n +"$((keep + 1))" | while read -r old; do
    rm -f "$old" "$old.sha256"
done
