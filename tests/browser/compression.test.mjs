import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { launchBrowser } from './support/browser.mjs';
import { startHost } from './support/host.mjs';

const ENTRIES = 200;
const POLL_MS = 50;

/** Runs in the page: what a reader gets that comes when all is written. */
async function writeAndRead(count) {
    const open = async (hear) => {
        const socket = new WebSocket(`ws://${location.host}/v1/ws`, ['streamhost.v1.json']);
        socket.onmessage = ({ data }) => hear(JSON.parse(data), socket);
        await new Promise((resolve, reject) => ((socket.onopen = resolve), (socket.onerror = reject)));
        return socket;
    };
    const say = (socket, message) => socket.send(JSON.stringify(message));
    const entries = Array.from({ length: count }, (_, number) => ({ kind: 'part', number, words: 'naïve 海の 🜁🜂 '.repeat(3) }));
    await new Promise((resolve, reject) => {
        open(({ type }, socket) => {
            if (type === 'welcome') say(socket, { type: 'append', id: 2, stream: 'topic', entries });
            if (type === 'appended') resolve();
            if (type === 'error') reject(new Error('not appended'));
        }).then((socket) => say(socket, { type: 'hello', id: 1 }), reject);
    });
    return new Promise((resolve, reject) => {
        const got = [];
        open(({ type, stream, data }, socket) => {
            if (type === 'welcome') say(socket, { type: 'subscribe', id: 2, stream: 'topic', from: 'start' });
            if (type === 'chunk') got.push(data);
            if (type === 'caught_up' && stream === 'topic') resolve({ extensions: socket.extensions, got, entries });
        }).then((socket) => say(socket, { type: 'hello', id: 1 }), reject);
    });
}

suite('permessage-deflate with a browser', { timeout: 120_000 }, () => {
    let host;
    let browser;

    before(async () => {
        host = await startHost({ 'listeners.public.transports.websocket.compression': true });
        browser = await launchBrowser();
    });
    after(async () => {
        await browser?.close();
        await host?.stop();
    });

    test('a replay is compressed, and read as it was written', async () => {
        const page = await browser.browser.newPage();
        await page.goto(`http://127.0.0.1:${host.port}/`);
        const { extensions, got, entries } = await page.evaluate(writeAndRead, ENTRIES);
        assert.equal(extensions, 'permessage-deflate; client_no_context_takeover');
        assert.deepEqual(got, entries);
        const sent = async (form) => {
            const metrics = await (await fetch(`http://127.0.0.1:${host.adminPort}/metrics`)).text();
            return Number(new RegExp(`^streamhost_compression_bytes_total{.*direction="out".*form="${form}".*} (\\d+)$`, 'm').exec(metrics)[1]);
        };
        while ((await sent('plain')) === 0) await page.waitForTimeout(POLL_MS); // loops say each second what they sent
        assert.ok((await sent('compressed')) * 3 < (await sent('plain')), 'much less than it stands for');
    });
});
