// Each of the five services by another plugin under the same id (tests/replace): the host, the gateway, the chat and the
// clients do not notice.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { binary, pluginDirectory, serveHost } from './support/host_process.mjs';
import { newSession, wordsOf } from './support/talks.mjs';
import { Wire, fold, positionOf } from './support/wire.mjs';

const TEST_MS = 60_000;
const WORDS = wordsOf(40);
const SERVICES = ['session', 'streamcache', 'pubsub', 'recovery', 'health'];
const replacements = path.join(path.dirname(binary), '../tests/replace');
assert.ok(existsSync(path.join(replacements, 'session-mini.so')), `build the target \`replacements\` first: nothing in ${replacements}`);

/** Lines of code: what is no blank line, no comment and no include. */
const codeLines = (text) => text.split('\n').filter((line) => !/^\s*(\/\/|#include|$)/.test(line)).length;

/** The shipped plugins and the small ones in one folder. */
async function pluginFolder() {
    const folder = await mkdtemp(path.join(tmpdir(), 'streamhost-replace-'));
    for (const from of [pluginDirectory, replacements])
        for (const file of await readdir(from)) if (file.endsWith('.so')) await symlink(path.resolve(from, file), path.join(folder, file));
    return folder;
}

/** Sends, reloads in the middle as a page does that kept its positions, and reads to the end. */
async function converse(host) {
    const session = newSession();
    const first = await Wire.join(host, { session });
    const device = await Wire.join(host, { session });
    const accepted = await first.ask({ type: 'send', content: WORDS, key: 'once' });
    assert.equal(accepted.type, 'accepted', JSON.stringify(accepted));
    const { run } = accepted;
    await first.frame((frame) => frame.stream === run && frame.type === 'chunk' && frame.seq >= 10);
    const held = first.frames.filter((frame) => frame.stream === run && ['chunk', 'snapshot'].includes(frame.type));
    first.cut();

    const again = await Wire.join(host, { session, resume: [{ stream: run, after: positionOf(held.at(-1)) }] });
    const { text, end } = fold([...held, ...(await again.framesOf(run, (frame) => frame.type === 'end'))]);
    assert.equal(text, WORDS);
    assert.equal(end.outcome, 'complete');
    assert.equal((await device.textOf(run)).text, WORDS);
    await again.frame((frame) => frame.stream === session && frame.data?.kind === 'run' && frame.data.state === 'ended');

    const repeated = await again.ask({ type: 'send', content: WORDS, key: 'once' });
    assert.deepEqual([repeated.run, repeated.duplicate], [run, true]);
    const { messages } = await again.ask({ type: 'history' });
    assert.deepEqual(messages.map(({ role, content }) => [role, content]), [['user', WORDS], ['assistant', WORDS]]);
    const late = await Wire.join(host, { session });
    assert.equal((await late.textOf(run)).text, WORDS);
    return { wires: [again, device, late], wire: again };
}

async function cancels(wire) {
    const { run } = await wire.ask({ type: 'send', content: 'word '.repeat(2_000) });
    await wire.frame((frame) => frame.stream === run && frame.type === 'chunk');
    assert.equal((await wire.ask({ type: 'cancel', run })).type, 'ok');
    assert.equal((await wire.textOf(run)).end.outcome, 'cancelled');
}

async function produces(wire) {
    const stream = `${newSession()}.own`;
    const claimed = await wire.ask({ type: 'claim', stream, lease_ms: 5_000 });
    assert.deepEqual([claimed.type, claimed.seq], ['claimed', 0], JSON.stringify(claimed));
    assert.equal((await wire.ask({ type: 'subscribe', stream, from: 'start' })).type, 'subscribed');
    const append = (seq, delta, more) => wire.ask({ type: 'append', stream, fence: claimed.fence, seq, entries: [{ kind: 'text', delta }], ...more });
    assert.equal((await append(1, 'a')).last, 1);
    const gap = await append(5, 'x');
    assert.deepEqual([gap.code, gap.expected], ['sequence_gap', 2]);
    assert.equal((await append(2, 'b', { end: { outcome: 'complete' } })).last, 3);
    const { text, end } = await wire.textOf(stream);
    assert.deepEqual([text, end.seq], ['ab', 3]);
    const shared = newSession();
    assert.equal((await wire.ask({ type: 'append', stream: shared, entries: [{ kind: 'text', delta: 'c' }] })).last, 1);
    assert.equal((await wire.ask({ type: 'subscribe', stream: shared })).head, 1);
    assert.equal(fold(await wire.framesOf(shared, (frame) => frame.type === 'caught_up')).text, 'c');
    assert.equal((await wire.ask({ type: 'unsubscribe', stream: shared })).type, 'ok');
}

it('fifty lines are enough for each', async () => {
    for (const one of SERVICES) {
        const lines = codeLines(await readFile(new URL(`../replace/${one}_mini.cpp`, import.meta.url), 'utf8'));
        assert.ok(lines > 0 && lines <= 50, `${one}: ${lines}`);
    }
});

for (const replaced of [...SERVICES.map((one) => [one]), SERVICES]) {
    describe(`${replaced.length > 1 ? 'all five' : replaced[0]} replaced`, { timeout: TEST_MS }, () => {
        let folder;
        let host;
        before(async () => {
            folder = await pluginFolder();
            const settings = replaced.flatMap((one) => [[`plugins.${one}.enabled`, false], [`plugins.${one}-mini.enabled`, true]]);
            host = await serveHost({ 'plugins.directory': folder, ...Object.fromEntries(settings) }, { words: ['-c', 'config/streamhost.yaml'] });
        });
        after(async () => {
            const stopped = await host?.stop();
            await rm(folder, { recursive: true });
            assert.equal(stopped?.code, 0, host?.log);
        });

        it('runs in its place', async () => {
            const plugins = Object.fromEntries((await host.admin('/admin/v1/plugins')).body.map((plugin) => [plugin.name, plugin.state === 'started']));
            for (const one of replaced) assert.deepEqual([plugins[one], plugins[`${one}-mini`]], [false, true], host.log);
            for (const other of ['gateway', 'chat', 'recovery', 'session']) if (!replaced.includes(other)) assert.ok(plugins[other], other);
        });

        it('carries a conversation, a reload in the middle of it, a cancel and producers', async () => {
            const { wires, wire } = await converse(host);
            await cancels(wire);
            await produces(wire);
            wires.forEach((one) => one.close());
        });

        it('is well', async () => {
            for (const probe of ['/health/live', '/health/ready']) {
                const answer = await fetch(`http://127.0.0.1:${host.port}${probe}`);
                assert.deepEqual([answer.status, (await answer.json()).status], [200, 'ok']);
            }
            assert.equal((await host.admin('/health')).body.status, 'ok');
            assert.ok((await host.admin('/admin/v1/plugins')).body.every((plugin) => plugin.faults === 0));
        });
    });
}
