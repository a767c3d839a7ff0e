// Conversations on all nodes, each answered at one and read at all of them: every word is compared, at every reader.
import assert from 'node:assert/strict';

import { Wire, fold, heardAt, positionOf } from './wire.mjs';

const PIECES = new Set(['chunk', 'snapshot', 'end']);
const PATIENCE_MS = 60_000;
const LANES = 10; // of sockets that are opened at once: more of them would be a fault of its own

/** What a fault is met under: so many nodes, answers on their way, and sockets that read each of them. */
export const LOAD = { nodes: 3, talks: 50, readers: 4 };
/** Between two words of an answer. Two cores carry several such loads at once, with time left for what is timed. */
export const WORD_MS = 100;
export const AT_WORD_PACE = { 'plugins.chat.providers.echo.delay_ms': WORD_MS };

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
        this.node = node;
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
        await this.wire.frame((frame) => frame.stream === this.run && PIECES.has(frame.type) && frame.seq >= count);
    }

    async ended() {
        await this.wire.frame((frame) => frame.stream === this.run && frame.type === 'end');
        return fold(this.frames);
    }
}

export class Talks {
    all = [];

    /**
     * @param {object[]} nodes
     * @param {{count?: number, readers?: number, words?: string, options?: object}} [how] `options` of each message
     */
    static async begin(nodes, { count = LOAD.talks, readers = LOAD.readers, words = wordsOf(50), options } = {}) {
        const talks = new Talks();
        talks.words = words;
        const lane = async (first) => {
            for (let index = first; index < count; index += LANES) talks.all[index] = await Talks.#one(nodes, index, readers, words, options);
        };
        await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)));
        await Promise.all(talks.readers.map((reader) => reader.begun()));
        return talks;
    }

    /** The first reader asks, at the node that answers; the others are at the nodes behind it, in turn. */
    static async #one(nodes, index, count, words, options) {
        const session = newSession();
        const readers = Array.from({ length: count }, () => new Reader(session));
        await Promise.all(readers.map((reader, side) => reader.connect(nodes[(index + side) % nodes.length])));
        const answer = await readers[0].wire.ask({ type: 'send', content: words, ...(options && { options }) });
        assert.equal(answer.type, 'accepted', JSON.stringify(answer));
        for (const reader of readers) reader.run = answer.run;
        return { session, run: answer.run, readers, text: words, home: readers[0].node };
    }

    get readers() {
        return this.all.flatMap(({ readers }) => readers);
    }

    /** Entries of the registry: one for each session at each node, however many sockets it has there. */
    get places() {
        return new Set(this.readers.map(({ session, node }) => `${session} ${node.id}`)).size;
    }

    /** Every word once, in order, at every reader, and one end; nobody was told something else before. */
    async areWhole() {
        for (const reader of this.readers) {
            const { text, end } = await reader.ended();
            assert.deepEqual([text === this.words, end.outcome], [true, 'complete'], `${reader.run}: ${end.outcome}, ${text.length} of ${this.words.length}: ${JSON.stringify(end)}`);
            Talks.#wasToldOnce(reader);
        }
    }

    static #wasToldOnce({ frames, run }) {
        assert.equal(frames.filter((frame) => frame.type === 'end').length, 1);
        const again = frames.slice(1).filter((frame) => frame.type === 'snapshot'); // who knew nothing may begin with one
        assert.deepEqual(again, [], run);
    }

    /** Ends them in the middle: up to there every reader has the same words. */
    async cancel() {
        for (const talk of this.all) assert.equal((await talk.readers[0].wire.ask({ type: 'cancel', run: talk.run })).type, 'ok', talk.run);
        for (const talk of this.all) {
            talk.text = (await talk.readers[0].ended()).text;
            assert.ok(talk.text.length > 0 && this.words.startsWith(talk.text), talk.run);
            for (const reader of talk.readers) {
                const { text, end } = await reader.ended();
                assert.deepEqual([text, end.outcome], [talk.text, 'cancelled'], talk.run);
                Talks.#wasToldOnce(reader);
            }
        }
    }

    /** The server's list of each run: every entry once, chained. */
    async areKeptBy(redis) {
        for (const { run, text } of this.all) {
            const entries = await redis.entries(run);
            assert.equal(entries.map(({ data }) => data).slice(0, -1).join(''), text, run);
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
