import { createHash } from 'node:crypto';

/**
 * A model of the server side of the protocol, in memory and under fake time, whose network may do whatever a
 * network does. It holds the truth that a client must end up with.
 */
export class SimServer {
    constructor({ clock, random, faults = {} }) {
        this.clock = clock;
        this.random = random;
        this.faults = faults;
        this.streams = new Map();
        this.connections = new Set();
        this.sendsByKey = new Map();
        this.lastRun = 0;
        this.received = [];
    }

    chance(name) {
        return this.random() < (this.faults[name] ?? 0);
    }

    between(low, high) {
        return low + Math.floor(this.random() * (high - low + 1));
    }

    /** The class to inject as WebSocket. */
    socketClass() {
        const server = this;
        return class extends SimSocket {
            constructor(url, protocol) {
                super(server, url, protocol);
            }
        };
    }

    /** @param wire {state, deliver(frame), cut(code)} */
    connect(wire) {
        const connection = new Connection(this, wire);
        this.connections.add(connection);
        return connection;
    }

    // ---- truth ----------------------------------------------------------------------------------------------

    stream(id) {
        let stream = this.streams.get(id);
        if (!stream) this.streams.set(id, (stream = { id, entries: [], base: 0, ended: false, state: 'pending' }));
        return stream;
    }

    append(id, data) {
        const stream = this.stream(id);
        if (stream.ended) return false;
        stream.state = 'active';
        this.#push(stream, { data });
        return true;
    }

    end(id, outcome, extra = {}) {
        const stream = this.stream(id);
        if (stream.ended) return false;
        stream.ended = true;
        stream.state = 'ended';
        this.#push(stream, { end: { outcome, ...extra } });
        const session = id.split('.')[0];
        this.append(session, { kind: 'run', run: id, state: 'ended', outcome });
        return true;
    }

    #push(stream, entry) {
        const previous = stream.entries.at(-1)?.check ?? '';
        const check = createHash('sha1').update(previous + JSON.stringify(entry)).digest('hex').slice(0, 16);
        stream.entries.push({ ...entry, seq: stream.entries.length + 1, check });
        for (const connection of this.connections) connection.pump(stream);
    }

    /** A failover that lost the last entries, which are then written anew with other content. */
    rewriteTail(id, count, make) {
        const stream = this.stream(id);
        if (stream.ended) return;
        const lost = stream.entries.splice(Math.max(stream.base, stream.entries.length - count));
        for (const connection of this.connections) connection.subscriptions.delete(id);
        for (const _ of lost) this.append(id, make());
        // Nodes find out and tell their readers the new truth.
        for (const connection of this.connections) {
            if (connection.greeted && connection.wants(id)) connection.subscribe(undefined, id, { from: 'snapshot' });
        }
    }

    folded(id, upTo = Infinity, from = 0) {
        const entries = [];
        for (const { data, seq } of this.stream(id).entries) {
            if (data === undefined || seq > upTo || seq <= from) continue;
            const last = entries.at(-1);
            if (data.kind === 'text' && last?.kind === 'text') last.delta += data.delta;
            else entries.push(structuredClone(data));
        }
        return entries;
    }

    // ---- requests -------------------------------------------------------------------------------------------

    send(session, frame) {
        const known = this.sendsByKey.get(frame.key);
        if (known) return { ...known, duplicate: true };
        const run = `${session}.run${++this.lastRun}`;
        const message = `m${this.lastRun}`;
        this.sendsByKey.set(frame.key, { session, message, run, stream: run });
        this.stream(run);
        return { session, message, run, stream: run };
    }

    /** What follows `accepted`: never before it. */
    started(session, frame, { run, message, duplicate }) {
        if (duplicate) return;
        this.append(session, { kind: 'message', id: message, role: 'user', content: frame.content, run });
        this.append(session, { kind: 'run', run, state: 'pending' });
        this.onRun?.(run, frame);
    }
}

class SimSocket {
    constructor(server, url, protocol) {
        this.server = server;
        this.url = url;
        this.protocol = protocol;
        this.state = 'connecting';
        this.wireFree = 0; // frames of one direction keep their order
        const refused = server.chance('refuse');
        this.#later(() => (refused ? this.cut(1006) : this.#open()));
    }

    #later(callback) {
        const clock = this.server.clock;
        this.wireFree = Math.max(this.wireFree, clock.now() + this.server.between(0, 30));
        clock.setTimeout(callback, this.wireFree - clock.now());
    }

    #open() {
        if (this.state !== 'connecting') return;
        this.state = 'open';
        this.connection = this.server.connect(this);
        this.onopen?.({});
    }

    /** From the client. */
    send(text) {
        if (this.state !== 'open') return;
        if (this.server.chance('cutUp')) return this.cut(1006); // lost on its way to the server
        const frame = JSON.parse(text);
        this.server.clock.setTimeout(() => this.connection.receive(frame), this.server.between(0, 20));
    }

    /** From the server. */
    deliver(frame) {
        const text = JSON.stringify(frame);
        this.#later(() => {
            if (this.state !== 'open' || this.frozen) return;
            if (this.server.chance('cutDown')) return this.cut(1006);
            if (this.server.chance('freeze')) this.frozen = true;
            else this.onmessage?.({ data: text });
        });
    }

    cut(code, reason = '') {
        if (this.state === 'closed') return;
        this.state = 'closed';
        this.#gone();
        this.server.clock.setTimeout(() => this.onclose?.({ code, reason }), 0);
    }

    /** From the client. */
    close() {
        this.state = 'closed';
        this.#gone();
    }

    #gone() {
        if (this.connection) this.server.connections.delete(this.connection);
    }
}

class Connection {
    constructor(server, socket) {
        this.server = server;
        this.socket = socket;
        this.subscriptions = new Map(); // stream id to the seq sent last
        this.unsubscribed = new Set();
        this.greeted = false;
        this.session = null;
    }

    wants(id) {
        const followed = this.follow && id.split('.')[0] === this.session;
        return followed && !this.unsubscribed.has(id);
    }

    write(frame) {
        const copies = this.server.chance('duplicate') ? 2 : 1;
        for (let i = 0; i < copies; i += 1) this.socket.deliver(frame);
    }

    receive(frame) {
        if (this.socket.state !== 'open') return;
        this.server.received.push(frame);
        if (frame.type !== 'hello' && !this.greeted) return this.refuse(frame, 'bad_request', false);
        if (this.server.chance('refuseRequest')) return this.refuse(frame, 'unavailable', true);
        const handler = HANDLERS[frame.type];
        if (handler) handler.call(this, frame);
        else this.refuse(frame, 'unknown_type', false);
    }

    refuse(frame, code, retryable) {
        this.write({ type: 'error', id: frame.id, code, message: code, retryable, retry_after_ms: retryable ? 50 : undefined });
    }

    subscribe(id, streamId, { after, from, reason }) {
        const stream = this.server.stream(streamId);
        const head = stream.entries.length;
        const position = after === undefined || after === '0' ? { seq: 0, check: '' } : parse(after);
        const told = { type: 'subscribed', id, stream: streamId, first: stream.base + 1, head, state: stream.state };
        const known = position.seq === 0 || stream.entries[position.seq - 1]?.check === position.check;
        this.unsubscribed.delete(streamId);
        if (position.seq > 0 && head === 0) {
            this.write({ ...told, recovered: false, reason: 'expired' });
            this.subscriptions.set(streamId, 0);
        } else if (from === 'tail') {
            this.write({ ...told, recovered: true });
            this.subscriptions.set(streamId, head);
        } else if (from === 'start' || (after !== undefined && known)) {
            this.write({ ...told, recovered: position.seq > 0, reason });
            this.subscriptions.set(streamId, from === 'start' ? 0 : position.seq);
        } else {
            this.write({ ...told, recovered: false, reason: known ? 'new' : 'diverged' });
            this.snapshot(stream);
        }
        this.pump(stream, true);
        this.write({ type: 'caught_up', stream: streamId, seq: stream.entries.length });
    }

    snapshot(stream) {
        const last = stream.entries.filter((entry) => entry.data !== undefined).at(-1);
        this.subscriptions.set(stream.id, last?.seq ?? 0);
        const data = this.server.folded(stream.id);
        this.write({ type: 'snapshot', stream: stream.id, seq: last?.seq ?? 0, check: last?.check ?? '', data });
    }

    /** Sends what a reader has not got yet. */
    pump(stream, replay = false) {
        if (!this.greeted) return;
        if (!this.subscriptions.has(stream.id)) {
            if (!this.wants(stream.id) || replay) return;
            return this.subscribe(undefined, stream.id, { from: 'snapshot' });
        }
        let sent = this.subscriptions.get(stream.id);
        if (sent < stream.base) {
            const check = stream.entries[stream.base - 1].check;
            this.write({ type: 'gap', stream: stream.id, from: sent + 1, to: stream.base, check, reason: 'trimmed' });
            sent = stream.base;
        }
        while (sent < stream.entries.length) sent = this.sendFrom(stream, sent);
        this.subscriptions.set(stream.id, sent);
    }

    sendFrom(stream, sent) {
        const entry = stream.entries[sent];
        if (entry.end) {
            this.write({ type: 'end', stream: stream.id, seq: entry.seq, check: entry.check, ...entry.end });
            return sent + 1;
        }
        if (this.server.chance('snapshot')) {
            this.snapshot(stream);
            return this.subscriptions.get(stream.id);
        }
        if (this.server.chance('repeat') && sent > stream.base) {
            const old = stream.entries[this.server.between(stream.base, sent - 1)];
            this.write({ type: 'chunk', stream: stream.id, seq: old.seq, check: old.check, data: old.data });
        }
        const joined = this.server.chance('join') ? joinFrom(stream, sent) : null;
        const frame = joined ?? { seq: entry.seq, check: entry.check, data: entry.data };
        // A jump: the frame is lost, the stream goes on. Only `after` of the client brings it back.
        if (!this.server.chance('skip')) this.write({ type: 'chunk', stream: stream.id, ...frame });
        return frame.seq;
    }
}

function joinFrom(stream, sent) {
    let delta = '';
    let last = null;
    for (const entry of stream.entries.slice(sent)) {
        if (entry.data?.kind !== 'text') break;
        delta += entry.data.delta;
        last = entry;
    }
    if (!last) return null;
    return { from: sent + 1, seq: last.seq, check: last.check, data: { kind: 'text', delta } };
}

const HANDLERS = {
    hello(frame) {
        this.greeted = true;
        this.session = frame.session;
        this.follow = frame.follow !== false;
        this.write({
            type: 'welcome',
            id: frame.id,
            session: frame.session,
            user: 'anonymous',
            node: 'sim',
            heartbeat_ms: 25_000,
            limits: { message_bytes: 1 << 20 },
            server: { name: 'sim', version: '0' },
        });
        const named = new Map((frame.resume ?? []).map(({ stream, after }) => [stream, after]));
        const first = this.follow ? [frame.session] : [];
        for (const id of new Set([...first, ...named.keys()])) {
            this.subscribe(undefined, id, named.has(id) ? { after: named.get(id) } : { from: 'snapshot' });
        }
        if (!this.follow) return;
        const after = parse(named.get(frame.session) ?? '0').seq;
        const replayed = this.server.stream(frame.session).entries.slice(after).map(({ data }) => data?.run);
        for (const [id, stream] of this.server.streams) {
            const ours = id.startsWith(`${frame.session}.`) && !this.subscriptions.has(id);
            if (ours && (!stream.ended || replayed.includes(id))) this.subscribe(undefined, id, { from: 'snapshot' });
        }
    },
    subscribe(frame) {
        this.subscribe(frame.id, frame.stream, frame);
    },
    unsubscribe(frame) {
        this.subscriptions.delete(frame.stream);
        this.unsubscribed.add(frame.stream);
        if (frame.stream === this.session) this.follow = false;
        this.write({ type: 'ok', id: frame.id });
    },
    send(frame) {
        const accepted = this.server.send(this.session, frame);
        this.write({ type: 'accepted', id: frame.id, ...accepted });
        this.server.started(this.session, frame, accepted);
    },
    cancel(frame) {
        if (this.server.end(frame.run, 'cancelled')) this.write({ type: 'ok', id: frame.id });
        else this.refuse(frame, 'conflict', false);
    },
    history(frame) {
        const entries = this.server.stream(this.session).entries.map(({ data }) => data);
        const messages = entries.filter(({ kind }) => kind === 'message');
        this.write({ type: 'history', id: frame.id, messages });
    },
    ping(frame) {
        this.write({ type: 'pong', id: frame.id, ts: frame.ts });
    },
};

function parse(text) {
    if (text === '0') return { seq: 0, check: '' };
    const [seq, check] = text.split('.');
    return { seq: Number(seq), check };
}
