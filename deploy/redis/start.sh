#!/bin/sh
# Starts one server or one Sentinel of the group: start.sh server|sentinel
#
#   ANNOUNCE   name or address at which the others reach this one (default: the host's name)
#   PORT       6379, or 26379 for a Sentinel
#   MASTER     name or address of the master of the first start; MASTER_PORT its port (6379)
#   DATA       folder of its own, kept between starts (/data)
#   SECRETS    folder with one password in a file each: redis-streamhost, redis-replica, redis-sentinel, redis-watcher, redis-backup,
#              redis-admin, redis-operator. Who logs in uses the first line; a user's further lines are good as well, so that a
#              password can be changed on one after the other
#
# Passwords are read at each start; `admin` may change a user's while a server runs. They stand in files that their owner alone can
# read, users' as hashes; never on a command line.
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
role=${1:-}
announce=${ANNOUNCE:-$(hostname)}
data=${DATA:-/data}
secrets=${SECRETS:-/run/secrets}
master=${MASTER:?MASTER is missing: the name of the first master}
master_port=${MASTER_PORT:-6379}

password() { head -n 1 "$secrets/redis-$1" | tr -d '\r\n'; }

# hashed <name>: of each of its passwords, as an ACL rule has several: HASH #HASH
hashed() {
    tr -d '\r' <"$secrets/redis-$1" | grep . | while IFS= read -r one; do printf '%s' "$one" | sha256sum | cut -d ' ' -f 1; done |
        paste -s -d ' ' | sed 's/ / #/g'
}

# with_hashes <template>: #@NAME@ becomes the hashes of NAME's passwords.
with_hashes() {
    text=$(cat "$1")
    for name in $(grep -o '@[a-z]*@' "$1" | tr -d @ | sort -u); do
        if [ -z "$(password "$name")" ]; then echo "no password in $secrets/redis-$name" >&2 && exit 1; fi
        hash=$(hashed "$name")
        text=$(printf '%s\n' "$text" | sed "s/@$name@/$hash/")
    done
    printf '%s\n' "$text"
}

# without <file> <pattern>: what an earlier start wrote.
without() { if [ -f "$1" ]; then grep -vE "$2" "$1"; fi; }

server() {
    file=$data/redis.conf
    with_hashes "$here/users.acl" >"$data/users.acl"
    if [ ! -s "$file" ]; then
        cp "$here/redis.conf" "$file.new"
        if [ "$announce:$PORT" != "$master:$master_port" ]; then echo "replicaof $master $master_port" >>"$file.new"; fi
    else
        without "$file" '^(port|dir|aclfile|masteruser|masterauth|replica-announce-ip|replica-announce-port) ' >"$file.new"
    fi
    cat >>"$file.new" <<TEXT
port $PORT
dir $data
aclfile $data/users.acl
masteruser replica
masterauth $(password replica)
replica-announce-ip $announce
replica-announce-port $PORT
TEXT
    mv "$file.new" "$file"
    exec redis-server "$file"
}

sentinel() {
    file=$data/sentinel.conf
    if [ ! -s "$file" ]; then
        {
            cat "$here/sentinel.conf"
            echo "sentinel monitor mymaster $master $master_port 2"
            cat "$here/sentinel-master.conf"
        } >"$file.new"
    else
        without "$file" '^(port|dir|user|sentinel (announce-ip|announce-port|auth-pass|sentinel-user|sentinel-pass)) ' >"$file.new"
    fi
    cat >>"$file.new" <<TEXT
port $PORT
dir $data
sentinel announce-ip $announce
sentinel announce-port $PORT
sentinel auth-pass mymaster $(password sentinel)
sentinel sentinel-user sentinel
sentinel sentinel-pass $(password sentinel)
TEXT
    with_hashes "$here/sentinel-users.conf" >>"$file.new"
    mv "$file.new" "$file"
    exec redis-server "$file" --sentinel
}

case $role in
    server) PORT=${PORT:-6379} && server ;;
    sentinel) PORT=${PORT:-26379} && sentinel ;;
    *) echo "usage: $0 server|sentinel" >&2 && exit 1 ;;
esac
