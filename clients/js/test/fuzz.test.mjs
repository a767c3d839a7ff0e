import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, MemoryStorage } from '../src/index.js';
import { FakeClock } from './support/clock.mjs';
import { seeded } from './support/random.mjs';
import { SimServer } from './support/sim_server.mjs';

/**
 * Whatever the network and the server do, a reader ends with the exact text, once, in order, and one end.
 * `FUZZ_SEEDS=first-last` explores further; a failure names the seed that repeats it.
 */
const [FIRST, LAST] = (process.env.FUZZ_SEEDS ?? '1-200').split('-').map(Number);
const CHAOS_MS = 40_000;
const CALM_MS = 240_000;
const WORDS = ['sea ', 'salt ', 'näher ', '海 ', '🜁🜂 ', '<b>', '\n', 'a', '"quoted" ', '\\u0000 '];

const FAULTS = {
    refuse: 0.2,
    cutUp: 0.03,
    cutDown: 0.02,
    freeze: 0.002,
    duplicate: 0.05,
    refuseRequest: 0.05,
    snapshot: 0.02,
    repeat: 0.05,
    join: 0.2,
    skip: 0.02,
};

/** A reader as an application writes it: append, replace on snapshot, note gaps. */
class Reader {
    constructor(run) {
        this.run = run;
        this.entries = [];
        this.gaps = [];
        this.ends = [];
        this.error = null;
        this.done = this.#read();
    }

    async #read() {
        try {
            for await (const event of this.run) this.#take(event);
        } catch (error) {
            this.error = error;
        }
    }

    #take(event) {
        assert.equal(this.ends.length, 0, 'nothing comes after the end');
        if (event.type === 'text') this.#text(event.delta);
        if (event.type === 'part') this.entries.push(event.part);
        if (event.type === 'gap') this.gaps.push(event);
        if (event.type === 'end') this.ends.push(event);
        if (event.type !== 'snapshot') return;
        this.entries = structuredClone(event.entries);
        this.gaps = [];
    }

    #text(delta) {
        assert.notEqual(delta, '');
        const last = this.entries.at(-1);
        if (last?.kind === 'text') last.delta += delta;
        else this.entries.push({ kind: 'text', delta });
    }
}

/** A reader of a plain stream: every seq is either there or named by a gap. */
class EntryReader {
    constructor(subscription) {
        this.entries = [];
        this.next = null;
        this.#read(subscription).catch(() => {}); // closing the client ends it
    }

    async #read(subscription) {
        for await (const event of subscription) {
            if (event.type === 'snapshot') {
                this.entries = [...event.entries];
                this.next = event.seq + 1;
                continue;
            }
            const from = event.type === 'gap' ? event.from : event.seq;
            if (this.next !== null) assert.equal(from, this.next);
            this.next = (event.type === 'gap' ? event.to : event.seq) + 1;
            if (event.type === 'entry') this.entries.push(event.data);
        }
    }
}

/** One page: a client with a reader on each run it hears of. */
class Page {
    constructor(world) {
        this.world = world;
        this.readers = new Map();
        this.client = connect('ws://sim/v1/ws', {
            session: 'talk',
            storage: world.storage,
            clock: world.clock,
            random: world.random,
            WebSocket: world.server.socketClass(),
        });
        this.client.on('run', (run) => this.read(run));
        this.news = new EntryReader(this.client.subscribe('news', { from: 'start' }));
        this.ticker = new EntryReader(this.client.subscribe('ticker', { from: 'tail' }));
        for (const run of this.client.runs) this.read(run);
    }

    read(run) {
        if (!this.readers.has(run.id)) this.readers.set(run.id, new Reader(run));
    }
}

class World {
    constructor(seed) {
        this.seed = seed;
        this.random = seeded(seed);
        this.clock = new FakeClock();
        this.storage = new MemoryStorage();
        this.trims = seed % 4 === 0;
        this.server = new SimServer({ clock: this.clock, random: this.random, faults: this.#faults() });
        this.server.onRun = (run) => this.#produce(run, 3 + this.#below(60));
        this.accepted = [];
        this.page = new Page(this);
        this.sends = 0;
    }

    /** Each seed stresses some faults and spares others, so that rare combinations get their turn. */
    #faults() {
        const chosen = Object.entries(FAULTS).filter(() => this.random() < 0.7);
        return Object.fromEntries(chosen.map(([name, p]) => [name, p * (0.2 + 2 * this.random())]));
    }

    #below(n) {
        return Math.floor(this.random() * n);
    }

    #data() {
        if (this.random() < 0.08) return { kind: 'part', tool: 'search', n: this.#below(1000) };
        return { kind: 'text', delta: WORDS[this.#below(WORDS.length)] };
    }

    #produce(run, left) {
        this.clock.setTimeout(() => {
            if (left === 0) return this.server.end(run, 'complete', { usage: { tokens: 7 } });
            this.server.append(run, this.#data());
            this.#produce(run, left - 1);
        }, 1 + this.#below(400));
    }

    /** @param {() => void} act */
    #at(ms, act) {
        this.clock.setTimeout(act, ms);
    }

    #send() {
        this.sends += 1;
        const send = this.page.client.send(`question ${this.sends}`);
        send.then((run) => this.accepted.push(run.id), () => {});
    }

    #reload({ crash }) {
        // A crash saves nothing; what an earlier moment has saved must still fit together.
        const before = { getItem: this.storage.getItem.bind(this.storage) };
        const kept = ['sends', 'runs'].map((name) => [`streamhost:talk:${name}`, before.getItem(`streamhost:talk:${name}`)]);
        this.page.client.close();
        if (crash) for (const [key, value] of kept) value === null ? this.storage.removeItem(key) : this.storage.setItem(key, value);
        this.page = new Page(this);
    }

    #openRun() {
        const open = [...this.server.streams.values()].filter((stream) => stream.id.includes('.') && !stream.ended);
        return open[this.#below(open.length)];
    }

    #mischief() {
        const kind = this.#below(8);
        const connections = [...this.server.connections];
        const stream = this.#openRun();
        if (kind === 0) for (const connection of connections) connection.socket.cut([1001, 1006, 1012, 4000, 4002][this.#below(5)]);
        if (kind === 1) for (const connection of connections) connection.socket.cut(4100);
        if (kind === 2) for (const connection of connections) connection.write({ type: 'goaway', reason: 'drain', reconnect_after_ms: this.#below(3000) });
        if (kind === 3) this.#reload({ crash: this.random() < 0.5 });
        if (kind === 4 && stream) this.server.rewriteTail(stream.id, 1 + this.#below(4), () => this.#data());
        if (kind === 5 && stream && this.trims) stream.base = Math.max(stream.base, this.#below(stream.entries.length));
        if (kind === 6) for (const connection of connections) connection.socket.frozen = true;
        if (kind === 7 && stream && this.random() < 0.3) this.page.client.cancel(stream.id).catch(() => {});
    }

    async play() {
        for (let i = 1; i <= 40; i += 1) {
            for (const stream of ['news', 'ticker']) this.#at(this.#below(CHAOS_MS), () => this.server.append(stream, `${stream} ${i}`));
        }
        // A frame that was swallowed shows when a later one comes; streams without an end get that one here.
        for (const stream of ['news', 'ticker']) this.#at(CHAOS_MS + 60_000, () => this.server.append(stream, 'last'));
        for (let i = 0; i < 4; i += 1) this.#at(this.#below(CHAOS_MS / 2), () => this.#send());
        for (let i = 0; i < 12; i += 1) this.#at(this.#below(CHAOS_MS), () => this.#mischief());
        await this.clock.advance(CHAOS_MS);
        this.server.faults = {};
        await this.clock.advance(CALM_MS);
        await this.#check();
        this.page.client.close();
        await this.clock.advance(60_000);
        assert.equal(this.clock.pending, 0, 'a closed client leaves no timer');
    }

    async #check() {
        const runs = [...this.server.streams.keys()].filter((id) => id.includes('.'));
        assert.equal(this.server.sendsByKey.size, this.sends, 'every message arrived once');
        assert.equal(runs.length, this.sends);
        assert.equal(this.page.client.unfinished.length, 0);
        assert.deepEqual([...this.page.readers.keys()].sort(), runs.sort(), 'no run is missing, none is invented');
        const news = this.server.stream('news').entries.map(({ data }) => data);
        assert.deepEqual(this.page.news.entries, news, 'a plain stream read from its start is whole');
        assert.equal(this.page.ticker.next, 42, 'a plain stream read from its tail leaves nothing unsaid');
        for (const id of runs) this.#checkRun(id, this.page.readers.get(id));
    }

    #checkRun(id, reader) {
        const truth = this.server.stream(id);
        assert.equal(reader.error, null);
        assert.equal(reader.ends.length, 1, `one end of ${id}`);
        assert.equal(reader.ends[0].outcome, truth.entries.at(-1).end.outcome);
        const expected = expectedEntries(this.server, id, reader.gaps);
        assert.deepEqual(reader.entries, expected, `content of ${id}`);
        assert.deepEqual(reader.run.entries, expected);
        if (!this.trims) assert.deepEqual(reader.gaps, []);
    }
}

/** The truth without what the reader was told to be missing. */
function expectedEntries(server, id, gaps) {
    const missing = (seq) => gaps.some(({ from, to }) => from <= seq && seq <= to);
    const entries = [];
    for (const { data, seq } of server.stream(id).entries) {
        if (data === undefined || missing(seq)) continue;
        const last = entries.at(-1);
        if (data.kind === 'text' && last?.kind === 'text') last.delta += data.delta;
        else entries.push(structuredClone(data));
    }
    return entries;
}

test(`seeds ${FIRST} to ${LAST}: the exact text, once, in order, one end`, async () => {
    for (let seed = FIRST; seed <= LAST; seed += 1) {
        try {
            await new World(seed).play();
        } catch (error) {
            error.message = `seed ${seed}: ${error.message}`;
            throw error;
        }
    }
});
