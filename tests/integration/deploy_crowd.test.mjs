// Two thousand clients behind deploy/nginx: reloads, a node that is killed, and one that drains; and fifty answers under a drain.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { WebSocket } from 'ws';

import { Cluster, onRedis, startNode } from './support/cluster.mjs';
import { configFile } from './support/host_process.mjs';
import { Stopwatch } from './support/machine.mjs';
import { get, Nginx } from './support/nginx.mjs';
import { RedisProcess } from './support/redis.mjs';
import { Returning } from './support/returning.mjs';
import { newSession, wordsOf } from './support/talks.mjs';

const CLIENTS = 2_000;
const ADDRESSES = 100;
const AT_ONCE = 50;
const BACK_MS = 10_000;
const WINDOW_MS = 10_000;
const BURST_FACTOR = 4; // of those who come back in one second, to those who are sent away in one
const FIRST_BOUND_MS = 500; // of a client's waiting time (docs/protocol.md), doubled with each failure
const PATIENCE_MS = 90_000;

/** Stays connected, as docs/protocol.md says that clients do, and keeps the codes of its closes. */
class Client {
    node = null; // that it is welcomed by, while it is
    codes = [];
    backAt = []; // when it was welcomed
    failures = 0;
    #afterMs = 0; // that a goaway gave
    #socket;
    #timer;
    #isDone = false;

    constructor(url, index, news) {
        Object.assign(this, { url: `${url}/v1/ws?session=crowd-${index}`, session: `crowd-${index}`, from: `127.${1 + (index % ADDRESSES)}.1.1`, news });
    }

    open() {
        const socket = new WebSocket(this.url, ['streamhost.v1.json'], { localAddress: this.from });
        this.#socket = socket;
        socket.on('open', () => socket.send(JSON.stringify({ type: 'hello', id: 1, session: this.session })));
        socket.on('message', (data) => this.#take(JSON.parse(data.toString())));
        socket.on('error', () => {}); // 'close' follows
        socket.on('close', (code) => this.#closed(code));
    }

    #take(frame) {
        if (frame.type === 'goaway') this.#afterMs = frame.reconnect_after_ms;
        if (frame.type !== 'welcome') return;
        [this.node, this.failures] = [frame.node, 0];
        this.backAt.push(performance.now());
        this.news();
    }

    #closed(code) {
        if (this.#isDone) return;
        if (this.node === null) ++this.failures;
        else this.codes.push(code);
        this.node = null;
        const bound = FIRST_BOUND_MS * 2 ** Math.min(this.failures, 6);
        this.#timer = setTimeout(() => this.open(), this.#afterMs > 0 ? this.#afterMs : Math.random() * bound);
        this.#afterMs = 0;
        this.news();
    }

    end() {
        this.#isDone = true;
        clearTimeout(this.#timer);
        this.#socket.terminate();
    }
}

describe('two thousand clients', () => {
    const nodes = [];
    let folder;
    let file;
    let nginx;
    let clients = [];
    let news = () => {};
    const start = async (number, more = {}) => {
        const embedded = { words: ['-c', 'config/streamhost.yaml', '-c', file], settings: {} };
        nodes[number] = await startNode(embedded, `node-${number}`, { 'drain.window_ms': WINDOW_MS, 'drain.exit_within_ms': 60_000, ...more });
    };
    const counts = () => {
        const all = {};
        for (const { node } of clients) all[node] = (all[node] ?? 0) + 1;
        return all;
    };
    /** Until it is so; looked at when a client came or went. */
    const until = (isSo, what) => new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`${what} took longer than ${PATIENCE_MS} ms: ${JSON.stringify(counts())}`)), PATIENCE_MS);
        news = () => {
            if (!isSo()) return;
            clearTimeout(late);
            news = () => {};
            resolve();
        };
        news();
    });
    const allAreIn = (gone) => () => clients.every(({ node }) => node !== null && node !== gone);
    const noneHasTwiceItsShare = (test) => {
        test.diagnostic(JSON.stringify(counts()));
        for (const count of Object.values(counts())) assert.ok(count <= (2 * CLIENTS) / 3, JSON.stringify(counts()));
    };

    before(async () => {
        folder = await mkdtemp(path.join(tmpdir(), 'streamhost-crowd-'));
        file = await configFile(folder, 'limits: {}\n');
        await Promise.all([1, 2, 3].map((number) => start(number)));
        nginx = await Nginx.start({ gateways: nodes.slice(1).map(({ port }) => port) });
        clients = Array.from({ length: CLIENTS }, (_, index) => new Client(nginx.url, index, () => news()));
        for (let first = 0; first < CLIENTS; first += AT_ONCE) {
            const group = clients.slice(first, first + AT_ONCE);
            group.forEach((client) => client.open());
            await until(() => group.every(({ node }) => node !== null), 'connecting');
        }
    });
    after(async () => {
        clients.forEach((client) => client.end());
        await nginx?.stop();
        await Promise.all(nodes.map((node) => node.kill()));
        await rm(folder, { recursive: true, force: true });
    });

    it('notice nothing of a configuration that is read again, good or bad', async () => {
        const read = async (text, pattern) => {
            await configFile(folder, text);
            await Promise.all(nodes.slice(1).map((node) => (node.signal('SIGHUP'), node.printed(pattern))));
        };
        const before = counts();
        await read('limits: {head_timeout_ms: 4000}\n', /limits\.head_timeout_ms: \d+ -> 4000[^]*configuration read again/);
        await read('limits: {nothing: 1}\n', /the changed configuration is refused/);
        const late = new Client(nginx.url, CLIENTS, () => news());
        late.open();
        await until(() => late.node !== null, 'connecting afterwards');
        late.end();
        assert.deepEqual(clients.flatMap(({ codes }) => codes), []);
        assert.deepEqual(counts(), before);
        await configFile(folder, 'limits: {}\n'); // a node that is started anew reads it
    });

    it('notice nothing of a reload of nginx', async () => {
        const [before, workers] = [counts(), await nginx.workers()];
        nginx.signal('SIGHUP');
        await nodes[1].until(async () => (await nginx.workers()).some((pid) => !workers.includes(pid)));
        const late = new Client(nginx.url, CLIENTS + 1, () => news());
        late.open();
        await until(() => late.node !== null, 'connecting afterwards');
        late.end();
        assert.deepEqual(clients.flatMap(({ codes }) => codes), []);
        assert.deepEqual(counts(), before);
    });

    it('are back within ten seconds when a node is killed, no node has more than twice its share, and whoever asks by HTTP is told no error', async (test) => {
        noneHasTwiceItsShare(test);
        const { port } = nodes[1];
        let isOver = false;
        const statuses = [];
        const ask = async () => {
            for (let turn = 0; !isOver; ++turn) statuses.push((await get(nginx.port, '/v1/sessions/asked/messages', { from: `127.${1 + (turn % 100)}.3.1` })).status);
        };
        const asking = ask();
        await nodes[2].until(() => statuses.length > 0);
        const watch = new Stopwatch();
        await nodes[1].kill();
        await until(allAreIn('node-1'), 'all back');
        watch.within(BACK_MS, 'all back after a kill', test);
        isOver = true;
        await asking;
        test.diagnostic(`${statuses.length} requests`);
        assert.deepEqual([...new Set(statuses)], [200]);
        noneHasTwiceItsShare(test);
        await start(1, { 'listeners.public.address': `127.0.0.1:${port}` });
    });

    it('leave a node that drains one after the other, none of them cut off', async (test) => {
        clients.forEach((client) => Object.assign(client, { codes: [], backAt: [] }));
        const here = clients.filter(({ node }) => node === 'node-2');
        assert.ok(here.length > 0);
        nodes[2].signal('SIGTERM');
        await until(() => here.every(({ codes }) => codes.length > 0) && allAreIn('node-2')(), 'all moved');
        assert.equal((await nodes[2].ended()).code, 0);
        const codes = clients.flatMap((client) => client.codes);
        test.diagnostic(`${codes.length} closes of ${here.length} clients`);
        assert.deepEqual([...new Set(codes)], [4000]);
        assert.equal(codes.length, here.length, 'nobody else was moved');
        const back = clients.flatMap(({ backAt }) => backAt);
        const most = Math.max(...back.map((from) => back.filter((at) => at >= from && at < from + 1_000).length));
        const perSecond = here.length / (WINDOW_MS / 1_000);
        test.diagnostic(`at most ${most} came back in a second, ${perSecond.toFixed(0)} were sent away in one`);
        assert.ok(most <= BURST_FACTOR * perSecond, `${most} in a second`);
    });
});

describe('fifty answers on their way', () => {
    const ANSWERS = 50;
    const WORDS = wordsOf(150);
    const DRAIN = { 'plugins.chat.providers.echo.delay_ms': 40, 'drain.window_ms': 2_000, 'drain.plugin_ms': 20_000, 'drain.exit_within_ms': 30_000 };
    let redis;
    let cluster;
    let nginx;
    before(async () => {
        redis = await RedisProcess.start();
        cluster = await Cluster.start(onRedis(redis), 3, DRAIN);
        nginx = await Nginx.start({ gateways: cluster.nodes.map(({ port }) => port) });
    });
    after(async () => {
        await nginx?.stop();
        await cluster?.kill();
        await redis?.stop();
    });

    it('come whole while the node of some of them drains, and whoever asks by HTTP is told no error', async (test) => {
        const [leaves] = cluster.nodes;
        const proxy = { url: nginx.url, until: (isSo) => leaves.until(isSo) };
        const begin = async () => {
            const session = newSession('crowd');
            const reader = new Returning(proxy, session, { path: `/v1/ws?session=${session}` });
            await reader.connect();
            const answer = await reader.wire.ask({ type: 'send', content: WORDS });
            assert.equal(answer.type, 'accepted', JSON.stringify(answer));
            await reader.wire.frame((frame) => frame.stream === answer.run && frame.type === 'chunk');
            return { session, reader, run: answer.run };
        };
        const talks = await Promise.all(Array.from({ length: ANSWERS }, begin));
        let isOver = false;
        const statuses = [];
        const ask = async () => {
            for (let turn = 0; !isOver; ++turn) {
                const { session } = talks[turn % ANSWERS];
                statuses.push((await get(nginx.port, `/v1/sessions/${session}/messages?limit=1`, { from: `127.${1 + (turn % 100)}.3.1` })).status);
            }
        };
        const asking = ask();
        leaves.signal('SIGTERM');
        const texts = await Promise.all(talks.map(({ reader, run }) => reader.textOf(run)));
        assert.deepEqual(await leaves.ended(), { code: 0, signal: null });
        isOver = true;
        await asking;
        for (const [index, { text, end }] of texts.entries()) {
            assert.deepEqual([text === WORDS, end.outcome], [true, 'complete'], talks[index].run);
            const frames = talks[index].reader.frames(talks[index].run);
            for (let at = 1; at < frames.length; ++at) assert.equal(frames[at].from ?? frames[at].seq, frames[at - 1].seq + 1, `${talks[index].run}: once and in order`);
        }
        const closes = talks.flatMap(({ reader }) => reader.closes);
        test.diagnostic(`${closes.length} of ${ANSWERS} readers moved; ${statuses.length} requests`);
        assert.ok(closes.length > 0 && statuses.length > 50);
        assert.deepEqual([...new Set(closes)], [4000]);
        assert.deepEqual([...new Set(statuses)], [200]);
        talks.forEach(({ reader }) => reader.wire.close());
    });
});
