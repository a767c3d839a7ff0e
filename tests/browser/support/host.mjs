import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const READY_MS = 20_000;
const STOP_MS = 12_000;
const POLL_MS = 50;

/**
 * The real host with its embedded store, on ports of its own.
 *
 * @param {Record<string, string | number | boolean>} [settings] further `--set` options
 * @param {Host} [before] one that has ended, whose ports this one takes
 * @param {string} [file] its configuration; the shipped one
 */
export async function startHost(settings = {}, before = undefined, file = path.join(root, 'config/streamhost.yaml')) {
    const publicPort = before?.port ?? (await freePort());
    const adminPort = before?.adminPort ?? (await freePort());
    const options = {
        'listeners.public.address': `127.0.0.1:${publicPort}`,
        'listeners.admin.address': `127.0.0.1:${adminPort}`,
        ...settings,
    };
    const binary = process.env.STREAMHOST_BINARY ?? path.join(root, 'build/release/bin/streamhost');
    const sets = Object.entries(options).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    const host = new Host(spawn(binary, ['-c', file, ...sets], { cwd: root }), publicPort, adminPort);
    await host.ready();
    return host;
}

class Host {
    #process;
    #log = '';
    #exited;

    constructor(process, port, adminPort) {
        this.#process = process;
        this.port = port;
        this.adminPort = adminPort;
        this.origin = `http://127.0.0.1:${port}`;
        this.admin = `http://127.0.0.1:${adminPort}`;
        for (const stream of [process.stdout, process.stderr]) stream.on('data', (text) => (this.#log += text));
        this.#exited = new Promise((resolve) => {
            process.on('exit', (code, signal) => resolve({ code, signal }));
            process.on('error', (error) => resolve({ code: null, signal: null, error }));
        });
    }

    /** What it printed so far. */
    get log() {
        return this.#log;
    }

    async ready() {
        const until = Date.now() + READY_MS;
        let exit = null;
        this.#exited.then((status) => (exit = status));
        while (Date.now() < until) {
            if (exit) throw new Error(`the host ended at once: ${exit.error ?? exit.code ?? exit.signal}\n${this.#log}`);
            if (await this.#answers()) return;
            await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
        await this.stop();
        throw new Error(`the host was not ready within ${READY_MS} ms\n${this.#log}`);
    }

    async #answers() {
        try {
            return (await fetch(`${this.origin}/health/ready`)).ok;
        } catch {
            return false;
        }
    }

    /** As a machine that loses its power. */
    async kill() {
        this.#process.kill('SIGKILL');
        await this.#exited;
    }

    /** @returns {Promise<{code: number | null, signal: string | null}>} how it ended */
    async stop() {
        this.#process.kill('SIGTERM');
        const late = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS);
        const status = await this.#exited;
        clearTimeout(late);
        return status;
    }
}

/** Somebody else may take it before the host does; then the host says so and the test fails with its words. */
async function freePort() {
    const server = createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}
