// Conversations on all nodes, each with a writer on one and a reader on another: every word is compared, as are both sides.
import assert from 'node:assert/strict';

import { Wire, fold, heardAt, positionOf } from './wire.mjs';

const PIECES = new Set(['chunk', 'snapshot', 'end']);
const PATIENCE_MS = 60_000;

/** STREAMHOST_TEST_TALKS=100: tests with talks have at least so many, of two sockets and one answer each, on three nodes. */
const LEAST_TALKS = Number(process.env.STREAMHOST_TEST_TALKS ?? 0);
export const LEAST_NODES = LEAST_TALKS > 0 ? 3 : 2;

let sessions = 0;
export const newSession = (name = 't') => `${name}-${process.pid}-${++sessions}`;
export const wordsOf = (count) => Array.from({ length: count }, (_, index) => `word-${index}-ä🐟`).join(' ');
export const piecesOf = (wire, stream) => wire.frames.filter((frame) => frame.stream === stream && PIECES.has(frame.type));

/** One reader of one run: goes on where it was, wherever it connects. */
export class Reader {
    kept = [];

    constructor(session, run) {
        this.session = session;
        this.run = run;
    }

    async connect(node) {
        const last = this.frames.at(-1);
        this.kept = this.frames;
        const resume = last === undefined ? [] : [{ stream: this.run, after: positionOf(last) }];
        this.wire = undefined;
        this.wire = await Wire.join(node, { session: this.session, resume });
        this.wire.patienceMs = PATIENCE_MS;
        assert.equal(this.wire.welcome.type, 'welcome', JSON.stringify(this.wire.welcome));
        return this;
    }

    get frames() {
        return this.wire === undefined ? this.kept : [...this.kept, ...piecesOf(this.wire, this.run)];
    }

    async begun(count = 1) {
        await this.wire.frame((frame) => frame.stream === this.run && frame.type === 'chunk' && frame.seq >= count);
    }

    async ended() {
        await this.wire.frame((frame) => frame.stream === this.run && frame.type === 'end');
        return fold(this.frames);
    }
}

export class Talks {
    /**
     * @param {object[]} nodes
     * @param {{count?: number, words?: string, options?: object}} [how] `options` of each message
     */
    static async begin(nodes, { count = 12, words = wordsOf(250), options } = {}) {
        const talks = new Talks();
        talks.words = words;
        const length = Math.max(count, LEAST_TALKS);
        talks.all = await Promise.all(Array.from({ length }, (_, index) => Talks.#one(nodes, index, words, options)));
        await Promise.all(talks.readers.map((reader) => reader.begun()));
        return talks;
    }

    static async #one(nodes, index, words, options) {
        const session = newSession();
        const [here, there] = [nodes[index % nodes.length], nodes[(index + 1) % nodes.length]];
        const readers = [new Reader(session), new Reader(session)];
        await readers[0].connect(here);
        await readers[1].connect(there);
        const answer = await readers[0].wire.ask({ type: 'send', content: words, ...(options && { options }) });
        assert.equal(answer.type, 'accepted', JSON.stringify(answer));
        for (const reader of readers) reader.run = answer.run;
        return { session, run: answer.run, readers, nodes: [here, there] };
    }

    get readers() {
        return this.all.flatMap(({ readers }) => readers);
    }

    /** Every word once, in order, on both sides, and one end; nobody was told something else before. */
    async areWhole() {
        for (const reader of this.readers) {
            const { text, end } = await reader.ended();
            assert.deepEqual([text === this.words, end.outcome], [true, 'complete'], `${reader.run}: ${end.outcome}, ${text.length} of ${this.words.length}: ${JSON.stringify(end)}`);
            assert.equal(reader.frames.filter((frame) => frame.type === 'end').length, 1);
            const again = reader.frames.slice(1).filter((frame) => frame.type === 'snapshot'); // who knew nothing may begin with one
            assert.deepEqual(again, [], reader.run);
        }
    }

    /** The server's list of each run: every entry once, chained. */
    async areKeptBy(redis) {
        for (const { run } of this.all) {
            const entries = await redis.entries(run);
            assert.equal(entries.map(({ data }) => data).slice(0, -1).join(''), this.words, run);
        }
    }

    /** The longest time that a reader heard nothing of its run, from `from` to `to`. */
    longestPause(from = 0, to = Infinity) {
        let longest = 0;
        for (const reader of this.readers) {
            const times = reader.frames.map((frame) => heardAt(frame));
            for (let index = 1; index < times.length; ++index)
                if (times[index] >= from && times[index - 1] <= to) longest = Math.max(longest, times[index] - times[index - 1]);
        }
        return longest;
    }

    close() {
        this.readers.forEach((reader) => reader.wire?.close());
    }
}
