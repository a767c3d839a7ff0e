import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { SimServer } from '../../../clients/js/test/support/sim_server.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const TYPES = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };
const POLICY =
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * The page without the host: its files, and the model of the protocol that the client's tests use, on real sockets.
 * For looking at the page and taking its picture; the tests proper run against the host.
 */
export async function startScriptedServer({ answer = (content) => content, delayMs = 20, port = 0 } = {}) {
    const clock = { now: () => performance.now(), setTimeout };
    const sim = new SimServer({ clock, random: Math.random });
    sim.onRun = (run, { content }) => speak(sim, run, answer(content).match(/\S+\s*|\s+/g) ?? [], delayMs);
    const http = createServer((request, response) => serveFile(request, response));
    const sockets = new WebSocketServer({ server: http, path: '/v1/ws' });
    sockets.on('connection', (socket) => attach(sim, socket));
    await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve));
    return {
        sim,
        http,
        origin: `http://127.0.0.1:${http.address().port}`,
        cut: () => sockets.clients.forEach((socket) => socket.terminate()),
        async close() {
            sockets.clients.forEach((socket) => socket.terminate());
            await new Promise((resolve) => http.close(resolve));
        },
    };
}

function speak(sim, run, words, delayMs) {
    const [word, ...rest] = words;
    setTimeout(() => {
        if (word === undefined) return sim.end(run, 'complete');
        if (sim.append(run, { kind: 'text', delta: word })) speak(sim, run, rest, delayMs);
    }, delayMs);
}

/** Gives the model a real socket in place of its simulated one. */
function attach(sim, socket) {
    const wire = {
        state: 'open',
        deliver: (frame) => socket.send(JSON.stringify(frame)),
        cut: (code) => socket.close(code),
    };
    const connection = sim.connect(wire);
    socket.on('message', (text) => connection.receive(JSON.parse(text)));
    socket.on('close', () => {
        wire.state = 'closed';
        sim.connections.delete(connection);
    });
}

async function serveFile(request, response) {
    const { pathname } = new URL(request.url, 'http://localhost');
    const folder = pathname.startsWith('/client/') ? 'clients/js/src' : 'plugins/console/web';
    const name = pathname === '/' ? '/index.html' : pathname.replace(/^\/client\//, '/');
    try {
        const body = await readFile(path.join(root, folder, path.normalize(name)));
        response.writeHead(200, {
            'Content-Type': `${TYPES[path.extname(name)] ?? 'application/octet-stream'}; charset=utf-8`,
            'Content-Security-Policy': POLICY,
            'X-Content-Type-Options': 'nosniff',
        });
        response.end(body);
    } catch {
        response.writeHead(404).end();
    }
}
