// A real systemd as the first process of a machine of its own: namespaces over a layer on this file system, which stays as it is. The
// network is this one's, so that clients of a test reach what is started there. Needs root.
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { until } from './side_process.mjs';

const run = promisify(execFile);
const PROGRAM = '/lib/systemd/systemd';
const JOURNAL = ['systemd-journald.service', 'systemd-journald.socket', 'systemd-journald-dev-log.socket'];
const TARGETS = ['sysinit', 'basic', 'sockets', 'multi-user', 'network-online', 'shutdown', 'umount'];
const CALL_MS = 90_000;

/** Where units lie: nothing of this machine's own is read. */
export const UNITS = 'usr/local/lib/systemd/system';

// As container managers do it; what belongs to the whole kernel cannot be written.
const BOOT = `
set -eu
cgroup=$1 place=$2 layer=$3
mount --make-rprivate /
mount -t tmpfs tmpfs "$place"
mkdir "$place"/{upper,work,root}
cp -r "$layer" "$place/layer"
mount -t overlay overlay -o "lowerdir=$place/layer:/,upperdir=$place/upper,workdir=$place/work" "$place/root"
cd "$place/root"
mount -t proc proc proc
mount --bind proc/sys proc/sys && mount -o remount,ro,bind proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do touch dev/$name; mount --bind /dev/$name dev/$name; done
ln -s pts/ptmx dev/ptmx
mkdir -p mnt/outside
pivot_root . mnt/outside
cd /
umount -l /mnt/outside
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C container=other SYSTEMD_UNIT_PATH=/${UNITS} \\
    ${PROGRAM} --system --unit=boot.target --log-target=journal --show-status=no
`;
const ENTER = 'echo $$ >"$1/cgroup.procs"; exec unshare --mount --pid --fork --kill-child --cgroup --uts --ipc bash -c "$0" boot "$@"';

/** Where control groups of version 2 are, alone or beside the first version. */
async function groups() {
    const mounts = await readFile('/proc/self/mounts', 'utf8');
    const found = mounts.split('\n').map((line) => line.split(' ')).find(([, , kind]) => kind === 'cgroup2');
    if (found === undefined) throw new Error('no control groups of version 2 are mounted');
    return found[1];
}

let probe;
/** Why there can be none; empty: there can. */
export const cannotBoot = () => (probe ??= tryOne());

async function tryOne() {
    if (process.getuid() !== 0) return 'only root can start a systemd of its own';
    try {
        await (await Systemd.boot(async () => {})).end();
        return '';
    } catch (error) {
        return `no systemd of its own here: ${error.message.trim()}`;
    }
}

export class Systemd {
    log = '';
    #folder;
    #group;
    #process;
    #ended;
    #pid;

    /** `prepare(layer)` puts files where they are to be, below that folder, before it starts. */
    static async boot(prepare) {
        const machine = new Systemd();
        try {
            await machine.#boot(prepare);
            return machine;
        } catch (error) {
            await machine.end();
            throw error;
        }
    }

    async #boot(prepare) {
        this.#folder = await mkdtemp(path.join(tmpdir(), 'streamhost-systemd-'));
        const [layer, place] = ['layer', 'place'].map((name) => path.join(this.#folder, name));
        const units = path.join(layer, UNITS);
        await mkdir(place);
        await mkdir(units, { recursive: true });
        for (const name of JOURNAL) await writeFile(path.join(units, name), await readFile(path.join('/lib/systemd/system', name)));
        for (const name of TARGETS) await writeFile(path.join(units, `${name}.target`), '[Unit]\nDefaultDependencies=no\n');
        await writeFile(path.join(units, 'boot.target'), `[Unit]\nDefaultDependencies=no\nWants=${JOURNAL.join(' ')}\n`);
        await prepare(layer);
        const group = path.join(await groups(), path.basename(this.#folder));
        await mkdir(group);
        this.#group = group;
        this.#process = spawn('bash', ['-c', ENTER, BOOT, group, place, layer], { stdio: ['ignore', 'pipe', 'pipe'] });
        for (const stream of [this.#process.stdout, this.#process.stderr]) stream.on('data', (text) => (this.log += text));
        let isOver = false;
        this.#ended = new Promise((resolve) => this.#process.once('close', resolve)).then(() => (isOver = true));
        await until(() => isOver || this.#isUp(), () => `systemd has started\n${this.log}`);
        if (isOver) throw new Error(this.log);
    }

    async #isUp() {
        const [pid] = (await readFile(`/proc/${this.#process.pid}/task/${this.#process.pid}/children`, 'utf8')).split(' ');
        if (!pid || !(await readFile(`/proc/${pid}/cmdline`, 'utf8')).startsWith(PROGRAM)) return false;
        this.#pid = pid;
        return (await this.tries('systemctl', 'is-active', 'boot.target', 'systemd-journald.service')).code === 0;
    }

    /** What a program prints that is run there; fails with it. */
    async runs(...words) {
        const { code, text } = await this.tries(...words);
        if (code !== 0) throw new Error(`${words.join(' ')}: ${code}\n${text}`);
        return text.trim();
    }

    /** The same, with how it ended. */
    tries(...words) {
        return run('nsenter', ['--target', this.#pid, '--mount', '--pid', '--cgroup', '--uts', '--ipc', ...words], { timeout: CALL_MS }).then(
            ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
            ({ code, stdout, stderr }) => ({ code, text: `${stdout}${stderr}` }),
        );
    }

    writes(file, text) {
        return this.runs('bash', '-c', 'mkdir -p "$(dirname "$0")" && printf %s "$1" >"$0"', file, text);
    }

    /** A property of a unit, as `systemctl show` has it. */
    shows(unit, property) {
        return this.runs('systemctl', 'show', '--value', '--property', property, unit);
    }

    journal(unit) {
        return this.runs('journalctl', '--no-pager', '--output', 'cat', '--unit', unit);
    }

    async end() {
        this.#process?.kill('SIGKILL'); // and with it the first process there, and with that all of them
        await this.#ended;
        if (this.#group) await until(() => emptied(this.#group).then(() => true, () => false), `${this.#group} is gone`);
        if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
    }
}

/** Takes a control group away with those below it; fails while a process is in one. */
async function emptied(group) {
    for (const entry of await readdir(group, { withFileTypes: true })) if (entry.isDirectory()) await emptied(path.join(group, entry.name));
    await rmdir(group);
}
