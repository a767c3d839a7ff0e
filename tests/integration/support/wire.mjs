// The protocol as it is on the wire: says what it is told, keeps every frame, and waits for those that a test names.
import { WebSocket } from 'ws';

const DEADLINE_MS = 15_000;
const STREAM_FRAMES = new Set(['subscribed', 'chunk', 'snapshot', 'caught_up', 'gap', 'end']);

const heard = new WeakMap();
/** When a frame came, on the clock of performance.now(). */
export const heardAt = (frame) => heard.get(frame);

export class Wire {
    frames = [];
    patienceMs = DEADLINE_MS;
    closed = null;
    #socket;
    #watchers = new Set();
    #nextId = 1;

    /** @param {import('./host_process.mjs').HostProcess} host */
    static async open(host, { path = '/v1/ws', protocols = ['streamhost.v1.json'], options = {} } = {}) {
        const wire = new Wire();
        const socket = new WebSocket(`${host.url}${path}`, protocols, options);
        wire.#socket = socket;
        const news = () => wire.#watchers.forEach((look) => look());
        socket.on('message', (data) => (wire.#take(JSON.parse(data.toString())), news()));
        socket.on('close', (code, reason) => ((wire.closed = { code, reason: reason.toString() }), news()));
        await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
        socket.on('error', () => {}); // 'close' follows
        return wire;
    }

    /** Opened and welcomed. */
    static async join(host, hello = {}, how = {}) {
        const wire = await Wire.open(host, how);
        wire.welcome = await wire.ask({ type: 'hello', ...hello });
        return wire;
    }

    get protocol() {
        return this.#socket.protocol;
    }

    /** Text as it is, anything else as JSON. */
    say(message) {
        this.#socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
    }

    /** The frame that answers; `subscribe` is answered by `subscribed`. */
    ask(message) {
        const id = message.id ?? this.#nextId++;
        this.say({ ...message, id });
        return this.frame((frame) => frame.id === id);
    }

    /** The first frame, of all that came and will come, that is so. */
    frame(isSo, what = isSo) {
        return this.#until(() => this.frames.find(isSo), what);
    }

    /** What a reader of the stream got, until the frame that is so; answers to requests are not among it. */
    async framesOf(stream, isLast) {
        const isOurs = (frame) => frame.stream === stream && STREAM_FRAMES.has(frame.type);
        await this.frame((frame) => isOurs(frame) && isLast(frame), isLast);
        const all = this.frames.filter(isOurs);
        return all.slice(0, all.findIndex(isLast) + 1);
    }

    /** What a client that keeps the rule of the protocol holds of a run when its end came. */
    async textOf(stream) {
        return fold(await this.framesOf(stream, (frame) => frame.type === 'end'));
    }

    ended() {
        return this.#until(() => this.closed, 'close');
    }

    close() {
        this.#socket.close();
    }

    /** As a network does that goes away: nothing is said. */
    cut() {
        this.#socket.terminate();
    }

    /** Reads no more until resume(). */
    pause() {
        this.#socket.pause();
    }
    resume() {
        this.#socket.resume();
    }

    #take(frame) {
        heard.set(frame, performance.now());
        this.frames.push(frame);
    }

    #until(look, what) {
        return new Promise((resolve, reject) => {
            const stop = () => {
                clearTimeout(late);
                this.#watchers.delete(again);
            };
            const late = setTimeout(() => {
                stop();
                reject(new Error(`not within ${this.patienceMs} ms: ${what}; last: ${JSON.stringify(this.frames.slice(-4))}`));
            }, this.patienceMs);
            const again = () => {
                const found = look();
                if (!found && !this.closed) return;
                stop();
                if (found) resolve(found);
                else reject(new Error(`closed with ${JSON.stringify(this.closed)} before ${what}; last: ${JSON.stringify(this.frames.slice(-4))}`));
            };
            this.#watchers.add(again);
            again();
        });
    }
}

/** Applies the rule of the protocol, and fails where a server may not lead a client. */
export function fold(frames) {
    let last = 0;
    let text = '';
    let end = null;
    for (const frame of frames) {
        if (frame.type === 'snapshot') {
            text = frame.data.map((entry) => entry.delta ?? JSON.stringify(entry)).join('');
            last = frame.seq;
        } else if (frame.type === 'chunk' || frame.type === 'end') {
            if (frame.seq <= last) continue;
            if ((frame.from ?? frame.seq) !== last + 1) throw new Error(`a hole after ${last}: ${JSON.stringify(frame)}`);
            if (frame.type === 'chunk') text += frame.data.delta ?? JSON.stringify(frame.data);
            else end = frame;
            last = frame.seq;
        }
    }
    return { text, last, end };
}

export const positionOf = (frame) => `${frame.seq}.${frame.check}`;
