// All clients lose their connection at once, again and again, and come back with compression: what they missed is replayed compressed,
// nothing is lost or doubled, and the host holds afterwards what it held before.
import assert from 'node:assert/strict';
import { it } from 'node:test';

import { serveHost } from './support/host_process.mjs';
import { Stopwatch } from './support/machine.mjs';
import { Footprint } from './support/well_behaved.mjs';
import { Wire, fold, positionOf } from './support/wire.mjs';

const CLIENTS = 300;
const STORMS = 3;
const ENTRIES_EACH = 200; // while they are away, and as many before
const BACK_MS = 5_000;
const SPARE_BYTES = 24 << 20; // the streams of their sessions among it
const STREAM = 'storm.feed';
const PIECES = new Set(['chunk', 'snapshot']);

const wordOf = (number) => `entry ${number} of those that everybody has to have, once; `;

/** Holds what it got, and goes on from there when it comes back. */
class Client {
    held = [];

    constructor(host, index) {
        this.host = host;
        this.session = `storm-${index}`;
    }
    async connect() {
        const last = this.held.at(-1);
        const resume = [{ stream: STREAM, after: last === undefined ? '0' : positionOf(last) }];
        this.wire = await Wire.join(this.host, { session: this.session, resume }, { options: { perMessageDeflate: { threshold: 0 } } });
        this.wire.patienceMs = 60_000;
        assert.equal(this.wire.welcome.type, 'welcome', JSON.stringify(this.wire.welcome));
    }
    cut() {
        this.wire.cut();
        this.held.push(...this.#pieces());
    }
    async has(seq) {
        await this.wire.frame((frame) => frame.stream === STREAM && PIECES.has(frame.type) && frame.seq >= seq);
    }
    /** All pieces, in order; one that it had already would be doubled. */
    whole() {
        const frames = [...this.held, ...this.#pieces()];
        frames.reduce((last, frame) => (assert.ok((frame.from ?? frame.seq) > last || frame.type === 'snapshot', `doubled: ${JSON.stringify(frame)}`), frame.seq), 0);
        return fold(frames).text;
    }
    #pieces() {
        return this.wire.frames.filter((frame) => frame.stream === STREAM && PIECES.has(frame.type));
    }
}

it('a storm of clients that come back with compression loses and doubles nothing', { timeout: 180_000 }, async (test) => {
    const host = await serveHost({ 'listeners.public.transports.websocket.compression': true }, { words: ['-c', 'config/streamhost.yaml'] });
    try {
        const producer = await Wire.join(host, {});
        producer.patienceMs = 60_000;
        let last = 0;
        const write = async () => {
            for (let count = 0; count < ENTRIES_EACH; ++count)
                ({ last } = await producer.ask({ type: 'append', stream: STREAM, entries: [{ kind: 'text', delta: wordOf(last + 1) }] }));
        };
        await write();
        const base = await Footprint.of(host);
        const clients = Array.from({ length: CLIENTS }, (_, index) => new Client(host, index));
        await Promise.all(clients.map((client) => client.connect()));
        for (let storm = 0; storm < STORMS; ++storm) {
            await Promise.all(clients.map((client) => client.has(last)));
            await write();
            clients.forEach((client) => client.cut());
            await write();
            const watch = new Stopwatch();
            const writing = write();
            await Promise.all(clients.map((client) => client.connect()));
            await Promise.all(clients.map((client) => client.has(last)));
            watch.within(BACK_MS, `until ${CLIENTS} were back and had what they missed`, test);
            await writing;
        }
        await Promise.all(clients.map((client) => client.has(last)));
        const text = Array.from({ length: last }, (_, index) => wordOf(index + 1)).join('');
        assert.deepEqual([...new Set(clients.map((client) => client.whole() === text))], [true]);
        const [plain, compressed] = await Promise.all(['plain', 'compressed'].map((form) => host.metric('compression_bytes_total', `direction="out",form="${form}"`)));
        test.diagnostic(`${last} entries, ${plain} bytes of replays sent as ${compressed}`);
        assert.ok(compressed > 0 && compressed < plain / 3);
        clients.forEach((client) => client.cut());
        test.diagnostic(`memory ${((await base.isBack(SPARE_BYTES)) / 1_024).toFixed(0)} KiB over the first`);
    } finally {
        await host.kill();
    }
});
