// What an engine does for a container, without one: a process that is the first of namespaces of its own, over a read-only layer on this
// file system, as a user without rights. The network is this one's, so that clients of a test reach it. Needs root.
import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { HostProcess, inFolder } from './host_process.mjs';

const run = promisify(execFile);
const BASE = process.env.STREAMHOST_TEST_IMAGE_BASE ?? '/'; // the root of another Debian 12, such as mmdebstrap makes
const OWN = ['--mount', '--pid', '--uts', '--ipc'];
const NOBODY = (user) => ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs'];

const START = `
set -eu
place=$1 layer=$2
shift 2
mount --make-rprivate /
mount -t tmpfs tmpfs "$place"
mkdir "$place/root"
cp -r "$layer" "$place/layer"
mount -t overlay overlay -o "ro,lowerdir=$place/layer:${BASE}" "$place/root"
cd "$place/root"
mount -t proc proc proc
mount -t tmpfs -o mode=1777,size=128m tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero random urandom; do touch dev/$name; mount --bind /dev/$name dev/$name; done
pivot_root . mnt
cd /tmp
umount -l /mnt
exec env -i "$@"
`;

let probe;
/** Why there can be none; empty: there can. */
export const cannotContain = () => (probe ??= inFolder(async (folder) => {
    if (process.getuid() !== 0) return 'only root can run a process as a container does';
    const [place, layer] = ['place', 'layer'].map((name) => path.join(folder, name));
    for (const one of [place, layer]) await mkdir(one);
    const { code, log } = await new Container(place, layer, { user: 1, environment: { PATH: '/bin' } }, ['true']).result();
    return code === 0 ? '' : `no container here: ${log.trim()}`;
}));

export class Container {
    #how;

    /** @param {{user: number, environment: Record<string, string>}} how @param {string[]} words program and arguments */
    constructor(folder, layer, { user, environment }, words) {
        this.#how = { user, settings: Object.entries(environment).map(([name, value]) => `${name}=${value}`) };
        const own = ['--fork', '--kill-child', ...OWN, 'bash', '-c', START, 'start', folder, layer];
        this.host = new HostProcess([...own, ...this.#how.settings, ...NOBODY(user), ...words], {}, { program: 'unshare' });
    }

    async result() {
        const { code } = await this.host.ended();
        return { code, log: this.host.log };
    }

    /** Of its first process, as it is seen from here. */
    async pid() {
        return (await readFile(`/proc/${this.host.pid}/task/${this.host.pid}/children`, 'utf8')).trim();
    }

    /** How a program ends that is run beside it, as `docker exec` does. */
    async runs(...words) {
        const inside = ['--target', await this.pid(), ...OWN, 'env', '-i', ...this.#how.settings, ...NOBODY(this.#how.user), ...words];
        return run('nsenter', inside).then(({ stdout }) => ({ code: 0, text: stdout }), ({ code, stdout, stderr }) => ({ code, text: stdout + stderr }));
    }
}
