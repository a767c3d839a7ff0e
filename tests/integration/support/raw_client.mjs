// A client that says exactly the bytes it is told to, for what a well-behaved one cannot say.
import { connect } from 'node:net';

const DEADLINE_MS = 20_000;

export class RawClient {
    #socket;
    #bytes = Buffer.alloc(0);
    #ended = false;
    #watchers = new Set();

    /** `from`: the client's address, any of 127.0.0.0/8. */
    static open(port, from) {
        const client = new RawClient();
        return new Promise((resolve, reject) => {
            client.#socket = connect({ port, host: '127.0.0.1', localAddress: from }, () => resolve(client));
            client.#socket.once('error', reject);
            client.#listen();
        });
    }

    #listen() {
        const news = () => this.#watchers.forEach((look) => look());
        this.#socket.on('data', (part) => ((this.#bytes = Buffer.concat([this.#bytes, part])), news()));
        for (const event of ['end', 'close']) this.#socket.on(event, () => ((this.#ended = true), news()));
        this.#socket.on('error', () => {}); // 'close' follows; a reset is an end like any other here
    }

    send(bytes) {
        this.#socket.write(bytes);
    }

    /** Until the kernel has it; false when the connection ended first. */
    taken(bytes) {
        return new Promise((resolve) => {
            this.#socket.write(bytes, (error) => resolve(!error && !this.#ended));
        });
    }

    /** The peer sees the end of what is sent, and may still answer. */
    finish() {
        this.#socket.end();
    }

    /** Reads nothing more: what the host sends stays with the kernel. */
    pause() {
        this.#socket.pause();
    }
    resume() {
        this.#socket.resume();
    }

    close() {
        this.#socket.destroy();
    }

    /** As a host does that was switched off and knows nothing of it any more. */
    reset() {
        this.#socket.resetAndDestroy();
    }

    #until(look, what) {
        return new Promise((resolve, reject) => {
            const late = setTimeout(() => {
                this.#watchers.delete(again);
                reject(new Error(`no ${what} within ${DEADLINE_MS} ms; so far: ${this.#bytes.subarray(0, 400)}`));
            }, DEADLINE_MS);
            const again = () => {
                const found = look();
                if (found === undefined && !this.#ended) return;
                clearTimeout(late);
                this.#watchers.delete(again);
                if (found === undefined) reject(new Error(`the connection ended before ${what}: ${this.#bytes.subarray(0, 400)}`));
                else resolve(found);
            };
            this.#watchers.add(again);
            again();
        });
    }

    /** Everything that comes until the peer ends the connection. */
    rest() {
        return this.#until(() => (this.#ended ? this.#bytes : undefined), 'end');
    }

    /** One HTTP response; what follows it is kept for the next call. `toHead`: without content, whatever its length. */
    response({ toHead = false } = {}) {
        return this.#until(() => {
            const end = this.#bytes.indexOf('\r\n\r\n');
            if (end < 0) return undefined;
            const [line, ...fields] = this.#bytes.subarray(0, end).toString('latin1').split('\r\n');
            const headers = Object.fromEntries(fields.map((field) => [field.slice(0, field.indexOf(':')).toLowerCase(), field.slice(field.indexOf(':') + 1).trim()]));
            const length = toHead ? 0 : Number(headers['content-length'] ?? 0);
            if (this.#bytes.length < end + 4 + length) return undefined;
            const body = this.#bytes.subarray(end + 4, end + 4 + length).toString();
            this.#bytes = this.#bytes.subarray(end + 4 + length);
            return { status: Number(line.split(' ')[1]), line, headers, body };
        }, 'whole response');
    }

    /** One WebSocket frame. */
    frame() {
        return this.#until(() => {
            const frame = readFrame(this.#bytes);
            if (frame) this.#bytes = this.#bytes.subarray(frame.size);
            return frame;
        }, 'whole frame');
    }

    /** Opens a WebSocket; fails with the answer when it is not 101. */
    static async upgraded(port, path, changes = {}) {
        const client = await RawClient.open(port);
        client.send(upgradeHead(path, changes));
        const answer = await client.response();
        if (answer.status !== 101) throw new Error(`not upgraded: ${answer.line}\n${answer.body}`);
        return client;
    }
}

/** The opening handshake; `changes` replaces fields, null leaves one out. */
export function upgradeHead(path, changes = {}, line = `GET ${path} HTTP/1.1`) {
    const fields = {
        Host: 'localhost',
        Upgrade: 'websocket',
        Connection: 'Upgrade',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...changes,
    };
    const lines = Object.entries(fields).filter(([, value]) => value !== null);
    return `${line}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** A client's frame, masked as it has to be unless told otherwise. */
export function frame(opcode, payload = '', { last = true, masked = true, rsv = 0 } = {}) {
    const data = Buffer.from(payload);
    const head = Buffer.alloc(14);
    head[0] = (last ? 0x80 : 0) | (rsv << 4) | opcode;
    let size = 2;
    if (data.length < 126) {
        head[1] = data.length;
    } else if (data.length < 65536) {
        head[1] = 126;
        head.writeUInt16BE(data.length, 2);
        size = 4;
    } else {
        head[1] = 127;
        head.writeBigUInt64BE(BigInt(data.length), 2);
        size = 10;
    }
    if (!masked) return Buffer.concat([head.subarray(0, size), data]);
    head[1] |= 0x80;
    const mask = Buffer.from([0x12, 0xfe, 0x5a, 0xc3]);
    const hidden = Buffer.from(data);
    for (let at = 0; at < hidden.length; ++at) hidden[at] ^= mask[at & 3];
    return Buffer.concat([head.subarray(0, size), mask, hidden]);
}

function readFrame(bytes) {
    if (bytes.length < 2) return undefined;
    let size = bytes[1] & 0x7f;
    let start = 2;
    if (size === 126) {
        if (bytes.length < 4) return undefined;
        size = bytes.readUInt16BE(2);
        start = 4;
    } else if (size === 127) {
        if (bytes.length < 10) return undefined;
        size = Number(bytes.readBigUInt64BE(2));
        start = 10;
    }
    if (bytes.length < start + size) return undefined;
    const payload = Buffer.from(bytes.subarray(start, start + size));
    const opcode = bytes[0] & 0x0f;
    const isClose = opcode === opcodes.close && size >= 2;
    return {
        last: (bytes[0] & 0x80) !== 0,
        rsv: (bytes[0] >> 4) & 7,
        opcode,
        payload,
        size: start + size,
        code: isClose ? payload.readUInt16BE(0) : undefined,
        reason: isClose ? payload.subarray(2).toString() : undefined,
    };
}
