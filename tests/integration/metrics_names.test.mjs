// docs/operate/monitoring.md names every metric, and a real node with every plugin has every one of them; some that need a story.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';

import { onRedis, startNode } from './support/cluster.mjs';
import { configFile, inFolder, root, serveHost } from './support/host_process.mjs';
import { secureListener } from './support/nginx.mjs';
import { RedisProcess } from './support/redis.mjs';
import { Wire } from './support/wire.mjs';

const PLUGINS = ['auth', 'ratelimit', 'tracing', 'session', 'streamcache', 'pubsub', 'recovery', 'health', 'gateway', 'chat', 'console'];
const GOAWAY = 4000;

/** In the first column of the tables below "Every name". */
async function documented() {
    const page = await readFile(path.join(root, 'docs/operate/monitoring.md'), 'utf8');
    const [, part] = page.split(/^### Every name$/m);
    const rows = part.split(/^## /m)[0].match(/^\| `.*$/gm);
    return rows.flatMap((row) => row.split('|')[1].match(/`[a-z_]+`/g).map((name) => name.slice(1, -1)));
}

const exposed = (text) => [...text.matchAll(/^# TYPE (?:streamhost_)?(\w+) /gm)].map(([, name]) => name);
const scrape = async (node) => (await fetch(`http://127.0.0.1:${node.adminPort}/metrics`)).text();

it('what is documented is what a node has', { timeout: 120_000 }, () =>
    inFolder(async (folder) => {
        const redis = await RedisProcess.start();
        const file = await configFile(folder, 'limits: {}\n', 'more.yaml');
        const store = onRedis(redis);
        let node;
        try {
            node = await startNode({ ...store, words: [...store.words, '-c', file] }, 'node-1', {
                ...Object.fromEntries(PLUGINS.map((name) => [`plugins.${name}.enabled`, true])),
                'plugins.auth.dev_tokens.enabled': true,
                'plugins.gateway.authentication': 'required',
                ...(await secureListener(folder)),
            });
            const { token } = await (await fetch(`http://127.0.0.1:${node.port}/v1/dev-token`, { method: 'POST', body: '{"user":"somebody"}' })).json();
            const wire = await Wire.join(node, { session: 'counted', token });
            const { run } = await wire.ask({ type: 'send', content: 'one two' });
            await wire.frame((frame) => frame.type === 'end' && frame.stream === run);
            await fetch(`http://127.0.0.1:${node.port}/health/ready`);
            await writeFile(file, 'limits: {nothing: 1}\n');
            node.signal('SIGHUP'); // is refused: an error of the log
            await node.printed(/the changed configuration is refused/);

            const names = await documented();
            assert.equal(new Set(names).size, names.length, `twice: ${names.filter((name, index) => names.indexOf(name) !== index)}`);
            await node.until(async () => (await scrape(node)).includes('redis_command_seconds_count{'));
            const text = await scrape(node);
            assert.deepEqual(exposed(text).sort(), [...names].sort());
            for (const line of text.split('\n').filter((each) => each !== '' && !each.startsWith('#'))) assert.match(line, /^(streamhost|process)_\w+(\{.*\})? \S+$/);

            // And they count what they say.
            assert.ok((await node.metric('chunk_delivery_seconds_count')) > 0);
            assert.ok((await node.metric('append_seconds_count')) > 0);
            assert.ok((await node.metric('errors_total')) >= 1);
            assert.equal(await node.metric('config_generation'), 1);
            assert.match(text, /^streamhost_redis_command_seconds_count\{[^}]*cmd="append"[^}]*\} [1-9]/m);
            assert.match(text, /^streamhost_http_requests_total\{code="200",route="\/health\/ready"\} [1-9]/m);
            assert.match(text, /^streamhost_build_info\{(?=[^}]*version="[^"]+")[^}]*revision="([0-9a-f]{12}|unknown)"[^}]*\} 1$/m);
            assert.doesNotMatch(text, /"(counted|somebody)"/, 'no session and no user is a label');
            await node.admin('/admin/v1/drain', {});
            assert.equal((await wire.ended()).code, GOAWAY);
            await node.until(async () => new RegExp(`connections_closed_total\\{code="${GOAWAY}"\\} 1$`, 'm').test(await scrape(node)));
            assert.equal((await node.stop()).code, 0);
        } finally {
            await node?.kill();
            await redis.stop();
        }
    }));

it('an answer whose producer is gone is counted as stalled until somebody goes on', { timeout: 120_000 }, async () => {
    const host = await serveHost({}, { words: ['-c', 'config/streamhost.yaml'] });
    try {
        const wire = await Wire.join(host, { session: 'stalls' });
        const stream = 'stalls.answer';
        const claim = async () => (await wire.ask({ type: 'claim', stream, lease_ms: 1_000 })).fence;
        const append = (fence, seq) => wire.ask({ type: 'append', stream, fence, seq, entries: [{ kind: 'text', delta: 'a' }] });
        assert.equal((await append(await claim(), 1)).type, 'appended');
        await wire.ask({ type: 'subscribe', stream });
        await wire.frame((frame) => frame.type === 'caught_up' && frame.stream === stream);
        const counted = async () => [await host.metric('streams_stalled'), await host.metric('streams')];
        await host.until(async () => (await counted())[1] >= 1);
        assert.equal((await counted())[0], 0, 'silence is none');
        await host.until(async () => (await counted())[0] === 1);
        const [first] = (await host.admin('/admin/v1/streams?limit=1')).body.streams;
        assert.deepEqual([first.stream, first.stalled], [stream, true], 'and named');
        assert.equal((await append(await claim(), 2)).type, 'appended');
        await host.until(async () => (await counted())[0] === 0);
        assert.equal((await host.stop()).code, 0);
    } finally {
        await host.kill();
    }
});
