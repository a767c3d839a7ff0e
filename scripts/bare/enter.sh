#!/usr/bin/env bash
# First process of the namespaces that ./dev bare makes: mounts what a system needs, then becomes inside.sh in the new root. Everything
# mounted and everything started here is gone when this process is.
#
# usage: enter.sh <root> <run|test>...
set -euo pipefail
root=$1
shift

mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
hostname bare 2>/dev/null || true

variables=(HOME=/root USER=root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM="${TERM:-dumb}" CI=true)
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    if [[ -n ${!name:-} ]]; then variables+=("$name=${!name}"); fi
done
if command -v npm >/dev/null; then variables+=("npm_config_registry=$(npm config get registry 2>/dev/null)"); fi
# Node reads no system certificates by itself.
if [[ -d $root/usr/local/share/ca-certificates ]]; then
    variables+=(NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt)
fi

exec chroot "$root" /usr/bin/env -i "${variables[@]}" /root/streamhost/scripts/bare/inside.sh "$@"
