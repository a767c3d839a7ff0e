// npm `ws` as its documentation has it, without compression. Usage: ws_server.mjs PORT [REDIS_PORT [CERTIFICATE KEY]]
// With a Redis, messages of all nodes go through it (ioredis, pipelined by itself). 0: none. Who reads gets its pongs when it is
// subscribed there.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';

import Redis from 'ioredis';
import { WebSocket, WebSocketServer } from 'ws';

const [port, redisPort = 0, certificate, key] = process.argv.slice(2);
const channels = new Map();

function deliver(channel, text) {
    for (const socket of channels.get(channel) ?? []) socket.send(text);
}

let publish = deliver;
let follow = async () => {};
if (Number(redisPort) !== 0) {
    const options = { host: '127.0.0.1', port: Number(redisPort), enableAutoPipelining: true };
    const publisher = new Redis(options);
    const subscriber = new Redis({ ...options, enableReadyCheck: false }); // the check is a command, which subscribers may not send
    subscriber.on('message', deliver);
    publish = (channel, text) => publisher.publish(channel, text);
    follow = (channel) => subscriber.subscribe(channel);
}

const following = new Map(); // channel to the promise of it
function join(channel, socket) {
    const readers = channels.get(channel) ?? new Set();
    channels.set(channel, readers);
    readers.add(socket);
    if (!following.has(channel)) following.set(channel, follow(channel));
    socket.on('ping', async (data) => {
        await following.get(channel);
        if (socket.readyState === WebSocket.OPEN) socket.pong(data);
    });
    socket.on('close', () => readers.delete(socket));
}

const server = certificate === undefined ? createServer() : createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) });
new WebSocketServer({ server, perMessageDeflate: false, autoPong: false }).on('connection', (socket, { url }) => {
    socket.on('error', () => {}); // a reset: 'close' follows
    if (url.startsWith('/sub/')) return join(url.slice(5), socket);
    socket.on('ping', (data) => socket.pong(data));
    if (url === '/pub') {
        socket.on('message', (data) => {
            const text = data.toString();
            const space = text.indexOf(' ');
            publish(text.slice(0, space), text.slice(space + 1));
        });
    } else socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });
