// listeners.*.transports: each combination is served as it says, and what is off is not there at all.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Events, call } from './support/events.mjs';
import { serveHost } from './support/host_process.mjs';
import { Wire } from './support/wire.mjs';

const NAMES = ['websocket', 'sse', 'http'];
const COMBINATIONS = Array.from({ length: 8 }, (_, bits) => Object.fromEntries(NAMES.map((name, index) => [name, (bits & (1 << index)) !== 0])));
const named = (combination) => NAMES.filter((name) => combination[name]).join(', ') || 'nothing';

/** 404 and a body that names the setting. */
function isOff(answer, key) {
    const body = typeof answer.body === 'string' ? JSON.parse(answer.body) : answer.body;
    assert.deepEqual([answer.status, body.status, body.code], [404, 404, 'not_found']);
    assert.match(body.detail, new RegExp(`transports\\.${key}\\.enabled`));
}

const upgrade = async (host) => {
    const { status, headers, text } = await new Promise((resolve, reject) => {
        import('node:http').then(({ request }) => {
            const asked = request({ host: '127.0.0.1', port: host.port, path: '/v1/ws', headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' } });
            asked.on('response', async (answer) => {
                let body = '';
                for await (const part of answer.setEncoding('utf8')) body += part;
                resolve({ status: answer.statusCode, headers: answer.headers, text: body });
            });
            asked.on('upgrade', (answer, socket) => (socket.destroy(), resolve({ status: answer.statusCode, headers: answer.headers, text: '{}' })));
            asked.on('error', reject);
            asked.end();
        });
    });
    return { status, headers, body: JSON.parse(text) };
};

async function checkWebSocket(host, isOn) {
    if (!isOn) return isOff(await upgrade(host), 'websocket');
    assert.equal((await upgrade(host)).status, 101);
    const wire = await Wire.join(host, { session: 's' });
    wire.close();
    await wire.ended();
}

async function checkEvents(host, isOn) {
    const stream = await Events.open(host, '/v1/streams/topic?from=tail');
    if (!isOn) return isOff(stream, 'sse');
    await stream.event(({ event }) => event === 'caught_up');
    stream.close();
}

async function checkCalls(host, { http, sse }) {
    const published = await call(host, 'POST', '/v1/streams/other', { entries: [{ kind: 'text', delta: 'a' }] });
    const read = await call(host, 'GET', '/v1/streams/other');
    if (http) return assert.deepEqual([published.status, read.status], [200, 200]);
    isOff(published, 'http');
    isOff(read, 'http');
    assert.equal(/text\/event-stream/.test(read.body.detail), sse, 'who can be helped is');
    for (const path of ['/health/live', '/', '/v1/sessions/a/messages']) isOff(await call(host, 'GET', path), 'http');
}

describe('transports of a listener', { timeout: 240_000, concurrency: false }, () => {
    for (const combination of COMBINATIONS)
        it(`serves ${named(combination)}`, async () => {
            const settings = Object.fromEntries(NAMES.map((name) => [`listeners.public.transports.${name}.enabled`, combination[name]]));
            const host = await serveHost(settings, { words: ['-c', 'config/streamhost.yaml'] });
            try {
                await checkWebSocket(host, combination.websocket);
                await checkEvents(host, combination.sse);
                await checkCalls(host, combination);
                const shown = (await host.admin('/health')).body.transports.public;
                assert.deepEqual(
                    NAMES.map((name) => shown[name]),
                    NAMES.map((name) => (combination[name] ? 'on' : 'off')),
                );
                assert.equal((await call(host, 'GET', '/nothing')).status, 404);
            } finally {
                assert.deepEqual(await host.stop(), { code: 0, signal: null });
            }
        });
});
