// People who send messages while something goes wrong: each on a node, with a key, again with the same key for as long as
// the node refuses. In the end each message is there once, and so is its whole answer.
import { Wire } from '../../integration/support/wire.mjs';
import { pause } from '../support/nodes.mjs';

const EVERY_MS = 500;

class Person {
    answers = []; // how long each try waited for its answer
    refusals = 0;
    #runs = new Map(); // by content

    constructor(node, session) {
        this.node = node;
        this.session = session;
    }

    async join() {
        this.wire = await Wire.join(this.node, { session: this.session });
        if (this.wire.welcome.type !== 'welcome') throw new Error(JSON.stringify(this.wire.welcome));
    }

    async talk(isOver) {
        for (let turn = 0; !isOver(); ++turn) {
            const next = performance.now() + EVERY_MS;
            await this.send(`message ${turn} of ${this.session}`, `k-${turn}`);
            await pause(Math.max(0, next - performance.now()));
        }
    }

    async send(content, key) {
        for (;;) {
            const from = performance.now();
            const answer = await this.wire.ask({ type: 'send', content, key });
            this.answers.push(performance.now() - from);
            if (answer.type === 'accepted') return this.#runs.set(content, answer.run);
            if (!answer.retryable) throw new Error(JSON.stringify(answer));
            ++this.refusals;
            await pause(Math.min(answer.retry_after_ms ?? EVERY_MS, EVERY_MS));
        }
    }

    /** Each message once and in order, each answered with the same words. */
    async verify() {
        for (const [content, run] of this.#runs) {
            const { text, end } = await this.wire.textOf(run);
            if (text !== content || end.outcome !== 'complete') throw new Error(`${run}: ${JSON.stringify({ text, end })}`);
        }
        const sent = this.wire.frames.filter((frame) => frame.stream === this.session && frame.data?.kind === 'message' && frame.data.role === 'user');
        const contents = sent.map(({ data }) => data.content);
        if (JSON.stringify(contents) !== JSON.stringify([...this.#runs.keys()])) throw new Error(`${this.session} holds ${JSON.stringify(contents)}`);
    }
}

export class Sends {
    #isOver = false;

    static async start(nodes, count) {
        const sends = new Sends();
        sends.people = Array.from({ length: count }, (_, index) => new Person(nodes[index % nodes.length], `person-${index}`));
        await Promise.all(sends.people.map((person) => person.join()));
        sends.talks = Promise.all(sends.people.map((person) => person.talk(() => sends.#isOver)));
        sends.talks.catch(() => {}); // said by end()
        return sends;
    }

    /** @returns {Promise<{count: number, refusals: number, slowest: number}>} of all tries */
    async end() {
        this.#isOver = true;
        await this.talks;
        await Promise.all(this.people.map((person) => person.verify()));
        const answers = this.people.flatMap((person) => person.answers);
        this.people.forEach((person) => person.wire.close());
        return { count: answers.length, refusals: this.people.reduce((sum, { refusals }) => sum + refusals, 0), slowest: Math.max(...answers) };
    }
}
