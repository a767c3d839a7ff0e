import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocket as WsSocket, WebSocketServer } from 'ws';
import { connect } from '../src/index.js';

/**
 * Real sockets and real time, against a scripted server: that the driver reads the events of both WebSocket
 * implementations as they are. Node 22 has one of its own, older ones take the one of the package `ws`.
 */
const implementations = { ws: WsSocket, ...(globalThis.WebSocket ? { native: globalThis.WebSocket } : {}) };

for (const [name, implementation] of Object.entries(implementations)) {
    test(`${name}: a server that is not there is noticed when the connection is refused, not at a deadline`, { timeout: 20_000 }, async () => {
        const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
        await once(server, 'listening');
        const { port } = server.address();
        server.close();
        await once(server, 'close');
        const client = connect(`http://127.0.0.1:${port}/v1/ws`, { WebSocket: implementation, session: 's' });
        try {
            const told = await new Promise((resolve) => {
                client.on('state', (state) => state.retryInMs !== undefined && resolve(state));
            });
            assert.notEqual(told.reason, 'no answer from the server', JSON.stringify(told));
        } finally {
            client.close();
        }
    });

    test(`${name}: a producer writes, a cut connection is resumed, nothing is lost`, { timeout: 20_000 }, async () => {
        const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
        await once(server, 'listening');
        const script = new Script(server);
        const client = connect(`http://127.0.0.1:${server.address().port}/v1/ws`, {
            WebSocket: implementation,
            session: 's',
            random: () => 0.01,
        });
        try {
            const producer = await client.claim('s.r', { leaseMs: 1000 });
            const results = await Promise.all([
                producer.append([{ kind: 'text', delta: 'one ' }]),
                producer.append([{ kind: 'text', delta: 'two ' }, { kind: 'text', delta: 'three' }]),
                producer.append([], { end: { outcome: 'complete' } }),
            ]);
            assert.deepEqual(results.map(({ first, last }) => [first, last]), [[1, 1], [2, 3], [4, 4]]);
            assert.deepEqual(script.protocols, ['streamhost.v1.json', 'streamhost.v1.json']);
            assert.deepEqual(script.entries, ['one ', 'two ', 'three'], 'appends are repeated, entries are not');
            await assert.rejects(client.append('s.r', [1]), { code: 'conflict' });
        } finally {
            client.close();
            server.close();
        }
    });
}

/** Cuts the first connection in the middle of an append, so that its answer is lost. */
class Script {
    entries = [];
    protocols = [];

    constructor(server) {
        server.on('connection', (socket, request) => {
            this.protocols.push(request.headers['sec-websocket-protocol']);
            socket.on('message', (text) => this.#answer(socket, JSON.parse(text)));
        });
    }

    #answer(socket, frame) {
        const say = (answer) => socket.send(JSON.stringify({ id: frame.id, ...answer }));
        if (frame.type === 'hello') say({ type: 'welcome', session: frame.session, heartbeat_ms: 25_000 });
        if (frame.type === 'claim') say({ type: 'claimed', stream: frame.stream, fence: 9, seq: 0, check: '' });
        if (frame.type === 'append') this.#append(socket, frame, say);
    }

    #append(socket, { seq, entries, fence, end }, say) {
        if (fence === undefined) return say({ type: 'error', code: 'conflict', message: 'owned', retryable: false });
        entries.forEach(({ delta }, i) => (this.entries[seq - 1 + i] = delta));
        if (seq === 2 && this.protocols.length === 1) return socket.terminate();
        say({ type: 'appended', first: seq, last: seq + entries.length - 1 + (end ? 1 : 0), check: '0'.repeat(16) });
    }
}
