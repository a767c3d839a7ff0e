// npm `socket.io`, WebSocket transport only, a room for each channel. Usage: socketio_server.mjs PORT
import { createServer } from 'node:http';

import { Server } from 'socket.io';

const [port] = process.argv.slice(2);
const server = createServer();
const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false, serveClient: false });
io.on('connection', (socket) => {
    socket.on('sub', (channel, done) => {
        socket.join(`${channel}`);
        done();
    });
    socket.on('pub', (channel, text) => io.to(`${channel}`).emit('text', text));
    socket.on('echo', (_, text) => socket.emit('text', text));
});
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });
