// The provider `openai` inside the real host against software of others, seen through the client.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { connect } from '../../clients/js/src/index.js';
import { startHost } from '../browser/support/host.mjs';
import { freePort } from './support/host_process.mjs';
import { startLlmock } from './support/llmock.mjs';

const SEA = 'The sea is wide — und tief, 深い, and full of 🐟 "quotes"\nand lines.';
const TEST_MS = 60_000;

/** A host that asks the server at `url`, and a client of it. */
async function open(url, settings = {}) {
    const host = await startHost({
        'plugins.chat.provider': 'mock',
        'plugins.chat.providers.mock.type': 'openai',
        'plugins.chat.providers.mock.base_url': url,
        'plugins.chat.providers.mock.model': 'gpt-4o',
        'plugins.chat.providers.mock.idle_timeout_ms': 1_000,
        ...settings,
    });
    const clients = [];
    return {
        host,
        client: () => {
            clients.push(connect(`ws://127.0.0.1:${host.port}/v1/ws`));
            return clients.at(-1);
        },
        close: async () => {
            for (const client of clients) client.close();
            await host.stop();
        },
    };
}

/** Sends `content` and reads the answer to its end. */
async function ask(client, content) {
    const run = await client.send(content);
    let text = '';
    let pieces = 0;
    for await (const event of run) {
        if (event.type === 'snapshot') text = event.text;
        if (event.type === 'text') {
            text += event.delta;
            ++pieces;
        }
        if (event.type === 'end') return { text, pieces, end: event };
    }
    throw new Error('an answer without an end');
}

describe('a provider that works', { timeout: TEST_MS }, () => {
    let mock;
    let node;
    before(async () => {
        mock = await startLlmock(['--latency', '20']);
        node = await open(mock.url);
    });
    after(async () => {
        await node?.close();
        await mock?.stop();
    });

    it('streams every byte of the answer', async () => {
        const { text, pieces, end } = await ask(node.client(), 'tell me about the sea');
        assert.equal(text, SEA);
        assert.ok(pieces > 1, 'it came in pieces');
        assert.equal(end.outcome, 'complete');
    });

    it('stops at once when it is cancelled', async () => {
        const run = await node.client().send('speak slowly');
        let text = '';
        for await (const event of run) {
            if (event.type === 'text') text += event.delta;
            if (event.type === 'text' && text.length === event.delta.length) await run.cancel('user');
            if (event.type === 'end') assert.equal(event.outcome, 'cancelled');
        }
        assert.ok(text.length > 0 && !text.includes('fourteen'), text);
    });

    it('ends with an error, and keeps what came, when the connection breaks', async () => {
        const { text, end } = await ask(node.client(), 'break off');
        assert.equal(end.outcome, 'error');
        assert.equal(end.error.code, 'unavailable');
        assert.ok('first half, then nothing more of what was promised here'.startsWith(text), text);
        assert.ok(text.length > 0);
    });

    it('ends with a timeout when it falls silent', async () => {
        const { end } = await ask(node.client(), 'fall silent');
        assert.equal(end.outcome, 'error');
        assert.equal(end.error.code, 'timeout');
    });
});

for (const [what, chaos, code] of [
    ['refuses with 429', ['--chaos-ratelimit', '1'], 'rate_limited'],
    ['answers with 500', ['--chaos-drop', '1'], 'unavailable'],
    ['drops the connection', ['--chaos-disconnect', '1'], 'unavailable'],
    ['sends malformed JSON', ['--chaos-malformed', '1'], 'internal'],
]) {
    it(`says ${code} when the provider ${what}`, { timeout: TEST_MS }, async () => {
        const mock = await startLlmock(chaos);
        const node = await open(mock.url).catch(async (error) => {
            await mock.stop();
            throw error;
        });
        try {
            const { text, end } = await ask(node.client(), 'tell me about the sea');
            assert.equal(text, '');
            assert.equal(end.outcome, 'error');
            assert.equal(end.error.code, code);
        } finally {
            await node.close();
            await mock.stop();
        }
    });
}

it('waits for a provider that is late, but not for ever', { timeout: TEST_MS }, async () => {
    const mock = await startLlmock(['--chaos-latency', '500']);
    const patient = await open(mock.url);
    const hasty = await open(mock.url, { 'plugins.chat.providers.mock.first_byte_timeout_ms': 100 });
    try {
        assert.equal((await ask(patient.client(), 'tell me about the sea')).text, SEA);
        assert.equal((await ask(hasty.client(), 'tell me about the sea')).end.error.code, 'timeout');
    } finally {
        await patient.close();
        await hasty.close();
        await mock.stop();
    }
});

it('says unavailable when nobody is there', { timeout: TEST_MS }, async () => {
    const node = await open(`http://127.0.0.1:${await freePort()}/v1`);
    try {
        assert.equal((await ask(node.client(), 'tell me about the sea')).end.error.code, 'unavailable');
    } finally {
        await node.close();
    }
});
