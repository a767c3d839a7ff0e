// SIGTERM as a client in the middle of an answer sees it: what runs goes on, what is new is refused, and nothing is half said.
import assert from 'node:assert/strict';
import { it } from 'node:test';

import { serveHost } from './support/host_process.mjs';
import { Wire } from './support/wire.mjs';

const WORDS = Array.from({ length: 60 }, (_, index) => `word-${index}`).join(' ');

it('a stop finishes the answers that run and starts no other', { timeout: 60_000 }, async () => {
    const host = await serveHost(
        { 'plugins.chat.providers.echo.delay_ms': 30, 'drain.balancer_wait_ms': 5_000, 'drain.window_ms': 200, 'drain.exit_within_ms': 20_000 },
        { words: ['-c', 'config/streamhost.yaml'] },
    );
    const session = 'stop';
    const wire = await Wire.join(host, { session });
    const { run } = await wire.ask({ type: 'send', content: WORDS });
    await wire.frame((frame) => frame.type === 'chunk' && frame.stream === run);
    host.signal('SIGTERM');
    await host.printed(/draining/);
    assert.ok(!wire.frames.some((frame) => frame.stream === run && frame.type === 'end'), 'the answer still runs');

    const refused = await wire.ask({ type: 'send', content: 'too late', key: 'late' });
    assert.deepEqual([refused.type, refused.code, refused.retryable], ['error', 'unavailable', true]);
    assert.ok(refused.retry_after_ms > 0);

    const { text, end } = await wire.textOf(run);
    assert.equal(text, WORDS);
    assert.equal(end.outcome, 'complete');
    await wire.frame((frame) => frame.stream === session && frame.data?.kind === 'run' && frame.data.state === 'ended');
    const { messages } = await wire.ask({ type: 'history' });
    assert.deepEqual(messages.map((message) => message.content), [WORDS, WORDS], 'what was refused left nothing');

    assert.equal((await wire.frame((frame) => frame.type === 'goaway')).reason, 'drain');
    assert.equal((await wire.ended()).code, 4000);
    const ended = await host.ended();
    assert.deepEqual([ended.code, ended.signal], [0, null], host.log);
});
