// Two thousand clients behind deploy/nginx: a node that is killed, and one that drains.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { WebSocket } from 'ws';

import { startNode } from './support/cluster.mjs';
import { Stopwatch } from './support/machine.mjs';
import { Nginx } from './support/nginx.mjs';

const EMBEDDED = { words: ['-c', 'config/streamhost.yaml'], settings: {} };
const CLIENTS = 2_000;
const ADDRESSES = 100;
const AT_ONCE = 50;
const BACK_MS = 10_000;
const WINDOW_MS = 10_000;
const FIRST_BOUND_MS = 500; // of a client's waiting time (docs/protocol.md), doubled with each failure
const PATIENCE_MS = 90_000;

/** Stays connected, as docs/protocol.md says that clients do, and keeps the codes of its closes. */
class Client {
    node = null; // that it is welcomed by, while it is
    codes = [];
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
    let nginx;
    let clients = [];
    let news = () => {};
    const start = async (number, more = {}) => {
        nodes[number] = await startNode(EMBEDDED, `node-${number}`, { 'drain.window_ms': WINDOW_MS, 'drain.exit_within_ms': 60_000, ...more });
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
    });

    it('are back within ten seconds when a node is killed, and no node has more than twice its share', async (test) => {
        noneHasTwiceItsShare(test);
        const watch = new Stopwatch();
        const { port } = nodes[1];
        await nodes[1].kill();
        await until(allAreIn('node-1'), 'all back');
        watch.within(BACK_MS, 'all back after a kill', test);
        noneHasTwiceItsShare(test);
        await start(1, { 'listeners.public.address': `127.0.0.1:${port}` });
    });

    it('leave a node that drains one after the other, none of them cut off', async (test) => {
        clients.forEach((client) => (client.codes = []));
        const here = clients.filter(({ node }) => node === 'node-2');
        assert.ok(here.length > 0);
        nodes[2].signal('SIGTERM');
        await until(() => here.every(({ codes }) => codes.length > 0) && allAreIn('node-2')(), 'all moved');
        assert.equal((await nodes[2].ended()).code, 0);
        const codes = clients.flatMap((client) => client.codes);
        test.diagnostic(`${codes.length} closes of ${here.length} clients`);
        assert.deepEqual([...new Set(codes)], [4000]);
        assert.equal(codes.length, here.length, 'nobody else was moved');
    });
});
