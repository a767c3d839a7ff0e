// What the host writes to its log: JSON for whoever collects it, and nothing of it may stop the host.
import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';

import WebSocket from 'ws';

import { binary, inFolder, serveHost } from './support/host_process.mjs';
import { Wire } from './support/wire.mjs';

const ALL = { words: ['-c', 'config/streamhost.yaml'] };
const JSON_LOGS = { 'logging.format': 'json', 'logging.level': 'debug', 'node.id': 'gateway-1' };
const SECRET = 'not-for-anybodys-eyes';
const RFC_3339_MS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ASKED = 20;
const ANSWER_MS = 1_000;

const READY = /^streamhost \S+ ready: http:\/\/127\.0\.0\.1:\d+\/ \(admin http:\/\/127\.0\.0\.1:\d+\/health\)$/;

/** Of both streams, as a container's collector sees them. */
const linesOf = (host) => (host.err + host.out).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));

/** A program that is the host with its log at `target`. */
async function loggingTo(folder, target) {
    const program = path.join(folder, 'streamhost-with-log.sh');
    await writeFile(program, `#!/bin/sh\nexec '${binary}' "$@" 2>'${target}'\n`);
    await chmod(program, 0o755);
    return program;
}

describe('logs as JSON', { timeout: 60_000 }, () => {
    it('are one object each line, with time, level, node, component and message, and no secret', async () => {
        const host = await serveHost({ ...JSON_LOGS, 'plugins.echo.enabled': true, 'plugins.chat.providers.mine': '{type: openai, base_url: "http://127.0.0.1:9/v1", model: m, api_key: "${env:MODEL_KEY}"}' }, { ...ALL, environment: { MODEL_KEY: SECRET } });
        try {
            const wire = await Wire.join(host, { session: 'logged' });
            const { run } = await wire.ask({ type: 'send', content: `"quoted"\n\u001b[31m{"level":"error"}`, options: { provider: 'mine' } });
            await wire.frame((frame) => frame.type === 'end' && frame.stream === run);
            await fetch(`http://127.0.0.1:${host.adminPort}/admin/v1/plugins/no"such\\plugin`, { method: 'POST', body: '{"enabled":true}', headers: { Authorization: `Bearer ${SECRET}` } });
            const bad = new WebSocket(`${host.url}/v1/ws?token=${SECRET}`, 'streamhost.v1.json');
            await new Promise((resolve) => bad.once('open', resolve).once('error', resolve));
            bad.terminate();
            host.signal('SIGHUP');
            await host.until(() => host.err.includes('read again'));
            wire.close();
        } finally {
            assert.deepEqual(await host.stop(), { code: 0, signal: null }, host.log);
        }
        const lines = linesOf(host);
        assert.ok(lines.length > 20, `${lines.length} lines`);
        for (const line of lines) {
            assert.match(line.ts, RFC_3339_MS);
            assert.ok(['debug', 'info', 'warn', 'error'].includes(line.level), line.level);
            assert.equal(line.node, 'gateway-1');
            assert.ok(line.component.length > 0 && line.msg.length > 0);
        }
        assert.ok(lines.some(({ component }) => component.startsWith('plugin.')), 'plugins are told apart');
        assert.deepEqual(host.out.trimEnd().split('\n').map((line) => READY.test(JSON.parse(line).msg)), [true], host.out);
        assert.ok(lines.some(({ component, path: called, status }) => component === 'audit' && called.includes('no') && status === '409'));
        assert.equal(host.log.includes(SECRET), false);
    });
});

describe('logs as text', { timeout: 60_000 }, () => {
    it('say on standard output, for people and scripts, where a node that is ready can be asked', async () => {
        const host = await serveHost();
        assert.deepEqual(await host.stop(), { code: 0, signal: null });
        assert.match(host.out.trimEnd(), READY);
    });
});

describe('a log that nobody can write', { timeout: 60_000 }, () => {
    it('on a full disk: the host goes on, answers, counts and ends', () =>
        inFolder(async (folder) => {
            const host = await serveHost({ ...JSON_LOGS, 'plugins.echo.enabled': true }, { ...ALL, program: await loggingTo(folder, '/dev/full') });
            try {
                const wire = await Wire.join(host, { session: 'unlogged' });
                for (let count = 0; count < ASKED; ++count) {
                    const asked = performance.now();
                    await fetch(`http://127.0.0.1:${host.adminPort}/admin/v1/plugins/nothing`, { method: 'POST', body: '{"enabled":true}' });
                    assert.ok(performance.now() - asked < ANSWER_MS);
                }
                const { run } = await wire.ask({ type: 'send', content: 'heard all the same' });
                assert.equal((await wire.textOf(run)).text, 'heard all the same');
                await host.until(async () => (await host.metric('log_write_errors_total')) >= ASKED);
                assert.equal(await host.metric('log_lines_total'), 0);
                assert.equal((await host.admin('/health/live')).status, 200);
                wire.close();
            } finally {
                assert.deepEqual(await host.stop(), { code: 0, signal: null });
            }
            assert.equal(host.err, '');
        }));
});
