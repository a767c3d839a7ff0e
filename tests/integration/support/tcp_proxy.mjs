// A network that misbehaves on order: a TCP proxy in front of a Redis server, which knows where commands and answers begin and end.
import { createConnection, createServer } from 'node:net';
import { once } from 'node:events';

const LINE = new Set([...'+-:,#(_'].map((letter) => letter.charCodeAt(0)));
const BULK = new Set([...'$=!'].map((letter) => letter.charCodeAt(0)));
const PUSH = '>'.charCodeAt(0);
const PAIRS = new Set([...'%|'].map((letter) => letter.charCodeAt(0)));
const LISTENS = /^(p?subscribe|p?unsubscribe)$/i;

/** Where the RESP value that begins at `at` is over; -1: not all of it is there. */
function endOf(bytes, at) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return -1;
    const next = line + 2;
    const kind = bytes[at];
    if (LINE.has(kind)) return next;
    const count = Number(bytes.toString('latin1', at + 1, line));
    if (BULK.has(kind)) return count < 0 ? next : next + count + 2 <= bytes.length ? next + count + 2 : -1;
    let end = next;
    for (let left = PAIRS.has(kind) ? 2 * count : count; left > 0 && end >= 0; --left) end = endOf(bytes, end);
    return end;
}

/** The words of a command or of an answer that is an array of texts. */
export function wordsOf(bytes) {
    const words = [];
    for (let at = bytes.indexOf('\r\n') + 2; at < bytes.length; ) {
        const line = bytes.indexOf('\r\n', at) + 2;
        const end = endOf(bytes, at);
        words.push(bytes.toString('utf8', BULK.has(bytes[at]) ? line : at + 1, end - 2));
        at = end;
    }
    return words;
}

class Values {
    #rest = Buffer.alloc(0);

    *take(bytes) {
        this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
        for (let end; this.#rest.length > 0 && (end = endOf(this.#rest, 0)) >= 0; this.#rest = this.#rest.subarray(end)) yield this.#rest.subarray(0, end);
    }
}

/** One connection through the proxy. */
class Line {
    listens = false; // it subscribed to something
    isDead = false; // whatever comes is swallowed, and nobody is told
    #asked = []; // commands whose answers have not come
    #requests = new Values();
    #answers = new Values();
    #delayed = []; // in the order in which they leave

    constructor(proxy, client, port) {
        this.proxy = proxy;
        this.client = client;
        this.from = client.remoteAddress;
        this.server = createConnection({ port, host: '127.0.0.1', noDelay: true });
        client.setNoDelay(true);
        client.on('data', (bytes) => this.#toServer(bytes));
        this.server.on('data', (bytes) => this.#toClient(bytes));
        for (const socket of [client, this.server]) socket.on('error', () => {}); // 'close' follows
        client.on('close', () => this.cut());
        this.server.on('close', () => this.isDead || this.cut());
    }

    #toServer(bytes) {
        if (this.isDead) return;
        if (!this.proxy.isRaw) this.#note(bytes);
        if (!this.server.destroyed) this.server.write(bytes);
    }

    #note(bytes) {
        for (const value of this.#requests.take(bytes)) {
            const words = wordsOf(value);
            if (LISTENS.test(words[0])) this.listens = true;
            else this.#asked.push(words);
        }
    }

    #toClient(bytes) {
        if (this.proxy.isRaw) return void (this.isDead || this.client.write(bytes));
        for (const value of this.#answers.take(bytes)) {
            if (this.isDead) return;
            const isPush = value[0] === PUSH;
            const words = isPush ? null : this.#asked.shift();
            const verdict = isPush ? this.proxy.onPush?.(value, this) : this.proxy.onAnswer?.(words, value, this);
            if (verdict === 'cut') return this.cut();
            if (verdict !== 'drop') this.#give(verdict ?? value);
        }
    }

    #give(bytes) {
        const latency = this.proxy.latency();
        if (latency === 0 && this.#delayed.length === 0) return void this.client.write(bytes);
        this.#delayed.push({ due: performance.now() + latency, bytes: Buffer.from(bytes) });
        if (this.#delayed.length === 1) this.#release();
    }

    #release() {
        while (this.#delayed.length > 0 && !this.client.destroyed && !this.isDead) {
            const wait = this.#delayed[0].due - performance.now();
            if (wait > 0) return void setTimeout(() => this.#release(), Math.ceil(wait));
            this.client.write(this.#delayed.shift().bytes);
        }
    }

    cut() {
        this.proxy.lines.delete(this);
        for (const socket of [this.client, this.server]) socket.destroyed || socket.resetAndDestroy();
    }
}

export class TcpProxy {
    lines = new Set();
    /** Of each answer, in ms. */
    latency = () => 0;
    /** (words of the command, answer, line) => 'cut', 'drop', other bytes, or nothing: as it is. */
    onAnswer = null;
    /** (message or the like, line) => as above. */
    onPush = null;
    /** Which new lines are dead from the start. */
    swallowsNew = () => false;
    /** Bytes pass as they are: between servers there is more than commands and answers. */
    isRaw = false;
    host = '127.0.0.1';
    #server;

    /** @param {{port: number}} target @param {Partial<TcpProxy>} [how] */
    static async start(target, how = {}) {
        const proxy = Object.assign(new TcpProxy(), how, { target });
        await proxy.open();
        return proxy;
    }

    get address() {
        return `${this.host}:${this.port}`;
    }

    /** At the same port as before. */
    async open() {
        this.#server = createServer((socket) => {
            const line = new Line(this, socket, this.target.port);
            line.isDead = this.swallowsNew(line);
            this.lines.add(line);
        });
        this.#server.listen(this.port ?? 0, this.host);
        await once(this.#server, 'listening');
        this.port = this.#server.address().port;
    }

    cut(which = () => true) {
        for (const line of [...this.lines]) if (which(line)) line.cut();
    }

    /** The other end is gone, and neither end is told: what is on these lines from now on is lost. */
    swallow(which = () => true) {
        const chosen = [...this.lines].filter(which);
        for (const line of chosen) line.isDead = true;
        return chosen.length;
    }

    /** Refuses connections, and resets those that are open. */
    async close() {
        const closed = this.#server.listening ? new Promise((resolve) => this.#server.close(resolve)) : null;
        this.cut();
        await closed;
    }
}
