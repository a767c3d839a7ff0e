// Real Redis servers and Sentinels on ports of their own, in folders of their own.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { freePort } from './host_process.mjs';

const run = promisify(execFile);
const READY_MS = 20_000;
const CALL_MS = 2_000;
const POLL_MS = 20;

export const MASTER = 'mymaster';
export const DOWN_AFTER_MS = 500;

async function until(isSo, ms, what) {
    const end = Date.now() + ms;
    for (;;) {
        const value = await isSo();
        if (value) return value;
        if (Date.now() >= end) throw new Error(`${what} took longer than ${ms} ms`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
}

/** One process of redis-server. */
export class RedisProcess {
    #process;
    #exit;
    log = '';

    /** @param {string[]} words the command line behind the program */
    constructor(port, folder, words) {
        this.port = port;
        this.folder = folder;
        this.address = `127.0.0.1:${port}`;
        this.#process = spawn('redis-server', words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
        for (const stream of [this.#process.stdout, this.#process.stderr]) stream.on('data', (text) => (this.log += text));
        this.#exit = new Promise((resolve) => {
            for (const event of ['exit', 'error']) this.#process.once(event, resolve);
        });
    }

    /** A server of data. `settings` as in redis.conf, by name. */
    static async start(settings = {}, { port } = {}) {
        const folder = await mkdtemp(path.join(tmpdir(), 'streamhost-redis-'));
        const chosen = port ?? (await freePort());
        const all = { port: chosen, bind: '127.0.0.1', save: '', appendonly: 'no', dir: folder, ...settings };
        const server = new RedisProcess(chosen, folder, Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)]));
        await server.answers();
        return server;
    }

    get pid() {
        return this.#process.pid;
    }

    async answers() {
        const ping = () => this.call('PING').then((answer) => /PONG|NOAUTH/.test(answer), (error) => /NOAUTH/.test(`${error.stdout}${error.stderr}`));
        await until(ping, READY_MS, `redis-server on ${this.port}:\n${this.log}`);
        return this;
    }

    /** What redis-cli prints. */
    async call(...words) {
        const { stdout } = await run('redis-cli', ['-h', '127.0.0.1', '-p', String(this.port), ...words.map(String)], { timeout: CALL_MS });
        return stdout.trim();
    }

    signal(name) {
        this.#process.kill(name);
    }

    async stop(signal = 'SIGKILL') {
        this.#process.kill('SIGCONT');
        this.#process.kill(signal);
        await this.#exit;
        await rm(this.folder, { recursive: true, force: true });
    }
}

/** A master with replicas, and Sentinels that watch them. */
export class SentinelGroup {
    servers = [];
    sentinels = [];

    static async start({ replicas = 2, sentinels = 3 } = {}) {
        const group = new SentinelGroup();
        const settings = { 'repl-diskless-sync': 'yes', 'repl-diskless-sync-delay': 0, 'repl-ping-replica-period': 1, 'repl-timeout': 5, 'repl-backlog-size': '8mb' };
        const master = await RedisProcess.start(settings);
        group.servers.push(master);
        for (let index = 0; index < replicas; ++index) group.servers.push(await RedisProcess.start({ ...settings, replicaof: `127.0.0.1 ${master.port}` }));
        for (let index = 0; index < sentinels; ++index) group.sentinels.push(await startSentinel(master.port));
        await group.isReady(replicas, sentinels);
        return group;
    }

    get addresses() {
        return this.sentinels.map((sentinel) => sentinel.address);
    }

    async isReady(replicas, sentinels) {
        const sees = async (sentinel) => {
            const words = (await sentinel.call('SENTINEL', 'MASTER', MASTER)).split('\n');
            const value = (name) => Number(words[words.indexOf(name) + 1]);
            return value('num-slaves') === replicas && value('num-other-sentinels') === sentinels - 1;
        };
        const all = async () => {
            const seen = await Promise.all(this.sentinels.map((one) => sees(one).catch(() => false)));
            if (!seen.every(Boolean)) return false;
            return (await this.sentinels[0].call('SENTINEL', 'CKQUORUM', MASTER).catch(() => '')).startsWith('OK');
        };
        await until(all, READY_MS, 'the quorum of the Sentinels');
        const linked = async () => (await this.master()).call('INFO', 'replication').then((info) => info.split('state=online').length - 1 === replicas);
        await until(() => linked().catch(() => false), READY_MS, 'the replicas');
    }

    /** The server that most Sentinels name. */
    async master() {
        const votes = await Promise.all(this.sentinels.map((one) => one.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER).catch(() => '')));
        const ports = votes.map((vote) => Number(vote.split('\n')[1]));
        const most = ports.sort((a, b) => ports.filter((port) => port === b).length - ports.filter((port) => port === a).length)[0];
        return this.servers.find((server) => server.port === most);
    }

    async stop() {
        await Promise.all([...this.sentinels, ...this.servers].map((one) => one.stop()));
    }
}

async function startSentinel(masterPort) {
    const folder = await mkdtemp(path.join(tmpdir(), 'streamhost-sentinel-'));
    const port = await freePort();
    const file = path.join(folder, 'sentinel.conf');
    const lines = [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir ${folder}`,
        `sentinel monitor ${MASTER} 127.0.0.1 ${masterPort} 2`,
        `sentinel down-after-milliseconds ${MASTER} ${DOWN_AFTER_MS}`,
        `sentinel failover-timeout ${MASTER} 3000`,
        `sentinel parallel-syncs ${MASTER} 2`,
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    return new RedisProcess(port, folder, [file, '--sentinel']).answers();
}
