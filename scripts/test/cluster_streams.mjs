// Conversations through the nginx of a cluster of three nodes, while one of them is killed and started again: cluster_streams.mjs <port>.
// Ends well if every reader had each word once and in order, those of the killed node went on at others, and it serves again.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { connect } from '../../clients/js/src/index.js';

const NODES = ['node-1', 'node-2', 'node-3'];
const [, KILLED] = NODES;
const WORDS = Array.from({ length: 3_000 }, (_, index) => `word-${index}-ä🐟`).join(' '); // a minute: it is cancelled before
const WAIT_MS = 20_000;
const POLL_MS = 20;
const [port] = process.argv.slice(2);
const dev = (...words) => promisify(execFile)('./dev', ['cluster', ...words]);

async function until(isSo, what) {
    const end = Date.now() + WAIT_MS;
    while (!isSo()) {
        assert.ok(Date.now() < end, `not within ${WAIT_MS} ms: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
}

let sessions = 0;
class Reader {
    node = null;

    async connect() {
        const session = `streams-${++sessions}`;
        this.client = connect(`ws://127.0.0.1:${port}/v1/ws?session=${session}`, { session });
        this.client.on('welcome', ({ node }) => (this.node = node));
        await until(() => this.node !== null, 'a welcome');
        return this;
    }
    async begin() {
        this.run = await this.client.send(WORDS);
        await this.goesOn();
    }
    async goesOn() {
        const held = this.run.text.length;
        await until(() => this.run.text.length > held, `the next word of ${this.client.session}`);
        assert.equal(this.run.end, null, this.client.session);
    }
    async endsWhole() {
        assert.equal(await this.client.cancel(this.run.id), true);
        const { outcome } = await this.run.finished();
        assert.deepEqual([WORDS.startsWith(this.run.text), this.run.text.length > 0, outcome], [true, true, 'cancelled'], this.client.session);
        this.client.close();
    }
}

/** Until nginx has sent somebody to each of these nodes. */
async function atEach(nodes) {
    const all = [];
    const end = Date.now() + WAIT_MS;
    while (nodes.some((node) => !all.some((reader) => reader.node === node))) {
        assert.ok(Date.now() < end, `nobody is sent to some of ${nodes}`);
        all.push(await new Reader().connect());
    }
    return all;
}

const readers = await atEach(NODES);
await Promise.all(readers.map((reader) => reader.begin()));
const moved = readers.filter(({ node }) => node === KILLED);
await dev('kill', KILLED);
await until(() => moved.every(({ node }) => node !== KILLED), `the readers of ${KILLED} elsewhere`);
await Promise.all(readers.map((reader) => reader.goesOn()));
await dev('start', KILLED);
const late = await atEach([KILLED]);
late.forEach(({ client }) => client.close());
await Promise.all(readers.map((reader) => reader.goesOn()));
for (const reader of readers) await reader.endsWhole();
console.log(`${readers.length} readers, ${moved.length} of them moved`);
