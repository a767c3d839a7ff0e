// The real program on ports of its own, whatever plugins it runs: ready is what it says itself.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
export const binary = process.env.STREAMHOST_BINARY ?? path.join(root, 'build/release/bin/streamhost');
export const pluginDirectory = path.join(path.dirname(binary), '../lib/streamhost/plugins');
const READY_MS = 30_000;
const END_MS = 30_000;
const POLL_MS = 20;
const TICKS_PER_S = 100; // of Linux, whatever the kernel's own clock does

// Below those that the kernel gives to outgoing connections: one of them would take the port before the host does.
const FIRST_PORT = 20_000;
const PORTS = 12_000;
const givenPorts = new Set();

/** Another program may still take it; then the host says so and the test fails with its words. */
export async function freePort() {
    for (;;) {
        const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
        if (givenPorts.has(port)) continue;
        const server = createServer();
        const isFree = await new Promise((resolve) => {
            server.once('error', () => resolve(false));
            server.listen(port, '127.0.0.1', () => resolve(true));
        });
        if (!isFree) continue;
        givenPorts.add(port);
        await new Promise((resolve) => server.close(resolve));
        return port;
    }
}

/** A folder that is gone when `use` is over. */
export async function inFolder(use) {
    const folder = await mkdtemp(path.join(tmpdir(), 'streamhost-test-'));
    try {
        return await use(folder);
    } finally {
        await rm(folder, { recursive: true, force: true });
    }
}

/** `text` as a configuration file in `folder`. */
export async function configFile(folder, text, name = 'streamhost.yaml') {
    const file = path.join(folder, name);
    await writeFile(file, text);
    return file;
}

const within = (promise, ms, what) => {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

/** `settings` as words of a command line. */
export const asSets = (settings) => Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);

/**
 * Runs the program to its end: for everything that does not serve.
 *
 * @param {string[]} words the command line
 * @param {Record<string, string>} [environment]
 */
export async function runHost(words, environment = {}) {
    const host = new HostProcess(words, environment);
    const status = await host.ended();
    return { ...status, out: host.out, err: host.err };
}

/**
 * A serving host: `settings` over the defaults, every listener on a free port of the loopback.
 *
 * @param {Record<string, string | number | boolean>} [settings] of `--set`
 * @param {{words?: string[], environment?: Record<string, string>, descriptors?: number, signalAtStart?: string, program?: string, folder?: string}} [more]
 *     `signalAtStart`: waits for the process from its first instruction on, instead of the caller waiting until it is ready
 */
export async function serveHost(settings = {}, { words = [], environment = {}, signalAtStart, ...how } = {}) {
    const [port, adminPort] = [await freePort(), await freePort()];
    const host = new HostProcess(
        [
            ...words,
            ...asSets({
                'listeners.public.address': `127.0.0.1:${port}`,
                'listeners.admin.address': `127.0.0.1:${adminPort}`,
                ...settings,
            }),
        ],
        environment,
        { ...how, signalAtStart },
    );
    host.port = port;
    host.adminPort = adminPort;
    try {
        if (signalAtStart !== undefined) {
            await host.blocks(signalAtStart);
            return host;
        }
        await host.ready();
    } catch (error) {
        await host.kill();
        throw error;
    }
    return host;
}

export class HostProcess {
    out = '';
    err = '';
    port = 0;
    adminPort = 0;
    #process;
    #exit = null;
    #watchers = new Set();

    constructor(words, environment = {}, { descriptors, signalAtStart, program = binary, folder = root } = {}) {
        // prlimit, env and bash become the program: the process is the same. A blocked signal that was sent stays for the program to take.
        const limit = descriptors === undefined ? [] : ['prlimit', `--nofile=${descriptors}`];
        const blocked = ['env', '--block-signal=TERM,INT,HUP', 'bash', '-c', 'kill -s "$0" $$; exec "$@"'];
        const command = [...limit, ...(signalAtStart === undefined ? [] : [...blocked, signalAtStart]), program];
        this.#process = spawn(command[0], [...command.slice(1), ...words], { cwd: folder, env: { ...process.env, ...environment } });
        const news = () => this.#watchers.forEach((look) => look());
        this.#process.stdout.on('data', (text) => ((this.out += text), news()));
        this.#process.stderr.on('data', (text) => ((this.err += text), news()));
        this.#process.on('error', (error) => ((this.#exit = { code: null, signal: null, error }), news()));
        // 'close', not 'exit': all that it printed has arrived then.
        this.#process.on('close', (code, signal) => ((this.#exit ??= { code, signal }), news()));
    }

    get log() {
        return this.out + this.err;
    }
    get pid() {
        return this.#process.pid;
    }
    get url() {
        return `ws://127.0.0.1:${this.port}`;
    }

    /** Until `look()` answers something: looked at again whenever the process printed or ended. */
    #until(look, ms, what) {
        const found = new Promise((resolve) => {
            const again = () => {
                const result = look();
                if (!result) return;
                this.#watchers.delete(again);
                resolve(result);
            };
            this.#watchers.add(again);
            again();
        });
        return within(found, ms, what).catch((error) => {
            throw new Error(`${error.message}\n${this.log}`);
        });
    }

    async ready() {
        await this.printed(/streamhost \S+ ready: /);
    }

    /** Until it printed what matches, or fails with what it printed instead. */
    async printed(pattern) {
        const found = await this.#until(() => this.log.match(pattern) ?? this.#exit, READY_MS, `printing ${pattern}`);
        if (!(found instanceof Array)) throw new Error(`the host ended (${JSON.stringify(found)}) before it printed ${pattern}\n${this.log}`);
        return found;
    }

    /** @returns {Promise<{code: number | null, signal: string | null}>} */
    ended(ms = END_MS) {
        return this.#until(() => this.#exit, ms, 'ending');
    }

    signal(name) {
        this.#process.kill(name);
    }

    async stop() {
        this.signal('SIGTERM');
        return this.ended();
    }

    async kill() {
        if (this.#exit) return;
        this.signal('SIGKILL');
        await this.ended();
    }

    /** Asks again until it is so; for what nobody tells. */
    async until(isSo, ms = READY_MS) {
        const end = Date.now() + ms;
        while (!(await isSo())) {
            if (Date.now() > end) throw new Error(`not so within ${ms} ms: ${isSo}\n${this.log}`);
            await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
    }

    /** Until the process takes this signal when it wants to, and not before. */
    async blocks(signal) {
        const bit = 1n << BigInt(constants.signals[signal] - 1);
        await this.until(async () => {
            const status = await readFile(`/proc/${this.#process.pid}/status`, 'utf8');
            return (BigInt(`0x${status.match(/^SigBlk:\s*(\w+)/m)[1]}`) & bit) !== 0n;
        });
    }

    async openDescriptors() {
        return (await readdir(`/proc/${this.#process.pid}/fd`)).length;
    }

    /** Memory that it holds now. */
    async residentBytes() {
        const status = await readFile(`/proc/${this.#process.pid}/status`, 'utf8');
        return Number(status.match(/^VmRSS:\s*(\d+) kB/m)[1]) * 1_024;
    }

    /** CPU time used so far. */
    async cpuMs() {
        const stat = await readFile(`/proc/${this.#process.pid}/stat`, 'utf8');
        const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13).map(Number);
        return ((user + system) * 1_000) / TICKS_PER_S;
    }

    /** The sum over all labels, or over those with `label` in them. */
    async metric(name, label = '') {
        const text = await (await fetch(`http://127.0.0.1:${this.adminPort}/metrics`)).text();
        const whole = name.startsWith('process_') ? name : `streamhost_${name}`;
        const lines = [...text.matchAll(new RegExp(`^${whole}({[^}]*})? (\\S+)$`, 'gm'))];
        const values = lines.filter(([, labels = '']) => labels.includes(label));
        if (values.length === 0) throw new Error(`no metric ${name} ${label}`);
        return values.reduce((sum, [, , value]) => sum + Number(value), 0);
    }

    /** Until so much time has passed by the node's own clock: for what must not happen meanwhile. */
    async lives(ms) {
        const lived = async () => (await this.admin('/admin/v1/node')).body.uptime_ms;
        const from = await lived();
        await this.until(async () => (await lived()) >= from + ms, ms + READY_MS);
    }

    /** A call of the admin listener: JSON in, JSON out. */
    async admin(pathname, body) {
        const answer = await fetch(`http://127.0.0.1:${this.adminPort}${pathname}`, {
            method: body === undefined ? 'GET' : 'POST',
            body: body === undefined ? undefined : JSON.stringify(body),
        });
        const text = await answer.text();
        return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
    }
}
