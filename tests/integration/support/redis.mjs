// Real Redis servers and Sentinels on ports of their own, in folders of their own.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
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

/**
 * Where a server runs: the address at which others reach it, and what stands in front of its command line. Where it listens at another
 * one: `listens`, its settings, a Sentinel's lines, and what opens a way there.
 */
export const HERE = { host: '127.0.0.1', command: [] };

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

    /** @param {string[]} words the command line behind the program, also when it is started again */
    constructor(port, folder, words, { host = '127.0.0.1', command = [] } = HERE) {
        this.port = port;
        this.host = host;
        this.command = [...command, 'redis-server'];
        this.folder = folder;
        this.address = `${host}:${port}`;
        this.words = words;
        this.#run();
    }

    #run() {
        this.#process = spawn(this.command[0], [...this.command.slice(1), ...this.words], { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
        for (const stream of [this.#process.stdout, this.#process.stderr]) stream.on('data', (text) => (this.log += text));
        this.#exit = new Promise((resolve) => {
            for (const event of ['exit', 'error']) this.#process.once(event, resolve);
        });
    }

    /** A server of data. `settings` as in redis.conf, by name. */
    static async start(settings = {}, { port, place = HERE } = {}) {
        const folder = await mkdtemp(path.join(tmpdir(), 'streamhost-redis-'));
        const chosen = port ?? (await freePort());
        const all = { port: chosen, bind: place.listens ?? place.host, 'protected-mode': 'no', save: '', appendonly: 'no', dir: folder, ...place.server, ...settings };
        await place.open?.(chosen);
        const server = new RedisProcess(chosen, folder, Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)]), place);
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
        const { stdout } = await run('redis-cli', ['-h', this.host, '-p', String(this.port), ...words.map(String)], { timeout: CALL_MS });
        return stdout.trim();
    }

    /** What the list of a stream holds, checked: each entry once, in order, chained to the one before. */
    async entries(stream) {
        const text = await this.call('LRANGE', `streamhost:stream:chunks:${stream}`, 0, -1);
        let before;
        return text.split('\n').filter(Boolean).map((line, index) => {
            const [seq, prev, check, fence, type, , ...data] = line.split('|');
            if (Number(seq) !== index + 1 || (before !== undefined && prev !== before)) throw new Error(`${stream}: entry ${index + 1} is ${line}`);
            before = check;
            return { seq: index + 1, check, fence: Number(fence), type, data: data.join('|') };
        });
    }

    signal(name) {
        this.#process.kill(name);
    }

    /** Another process at the same port, after the one before has ended: with what that left on disk, or with nothing. */
    async again({ empty = false, waits = true } = {}) {
        this.#process.kill('SIGCONT');
        this.#process.kill('SIGKILL');
        await this.#exit;
        if (empty) await Promise.all((await readdir(this.folder)).map((name) => rm(path.join(this.folder, name), { recursive: true })));
        this.#run();
        return waits ? this.answers() : this;
    }

    /** Nothing is being written to disk. */
    async settled() {
        await until(async () => !/_in_progress:1/.test(await this.call('INFO', 'persistence')), READY_MS, 'writing to disk');
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

    /** @param {{replicas?: number, sentinels?: number, placeOf?: (index: number) => typeof HERE}} [how] the master and the first Sentinel have index 0 */
    static async start({ replicas = 2, sentinels = 3, placeOf = () => HERE } = {}) {
        const group = new SentinelGroup();
        const settings = { 'repl-diskless-sync': 'yes', 'repl-diskless-sync-delay': 0, 'repl-ping-replica-period': 1, 'repl-timeout': 5, 'repl-backlog-size': '8mb' };
        const master = await RedisProcess.start(settings, { place: placeOf(0) });
        group.servers.push(master);
        for (let index = 1; index <= replicas; ++index) group.servers.push(await RedisProcess.start({ ...settings, replicaof: `${master.host} ${master.port}` }, { place: placeOf(index) }));
        for (let index = 0; index < sentinels; ++index) group.sentinels.push(await startSentinel(master.port, master.host, placeOf(index)));
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

/** @param {string[]} [more] lines of its configuration */
export async function startSentinel(masterPort, masterHost = HERE.host, place = HERE, more = []) {
    const folder = await mkdtemp(path.join(tmpdir(), 'streamhost-sentinel-'));
    const port = await freePort();
    const file = path.join(folder, 'sentinel.conf');
    const lines = [
        `port ${port}`,
        `bind ${place.listens ?? place.host}`,
        'protected-mode no',
        `dir ${folder}`,
        `sentinel monitor ${MASTER} ${masterHost} ${masterPort} 2`,
        `sentinel down-after-milliseconds ${MASTER} ${DOWN_AFTER_MS}`,
        `sentinel failover-timeout ${MASTER} 3000`,
        `sentinel parallel-syncs ${MASTER} 2`,
        ...(place.sentinel ?? []),
        ...more,
    ];
    await place.open?.(port);
    await writeFile(file, `${lines.join('\n')}\n`);
    return new RedisProcess(port, folder, [file, '--sentinel'], place).answers();
}
