// When a node is ready, and when no longer: by its store, which all nodes share.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { inFolder, serveHost } from './support/host_process.mjs';
import { RedisProcess } from './support/redis.mjs';

const TEST_MS = 120_000;
const AWAY_MS = 2_000;

let nodes = 0;

const readyOf = (node) => node.admin('/health/ready');

it('a node that said so is ready in its first scrape', async () => {
    const node = await serveHost({}, { words: ['-c', 'config/streamhost.yaml'] });
    try {
        assert.equal(await node.metric('ready'), 1);
        assert.equal(await node.metric('degraded'), 0);
    } finally {
        await node.kill();
    }
});

describe('a node and its store', { timeout: TEST_MS }, () => {
    let redis;
    before(async () => {
        redis = await RedisProcess.start({ requirepass: 'secret-1' });
    });
    after(() => redis?.stop());

    /** Its listeners are open; whether it reaches its store is what the tests ask. */
    const withNode = (password, use) =>
        inFolder(async (folder) => {
            const file = path.join(folder, 'password');
            await writeFile(file, `${password}\n`);
            const settings = { 'node.id': `node-${++nodes}`, 'store.redis.address': redis.address, 'store.redis.password_file': file, 'drain.window_ms': 0 };
            const node = await serveHost(settings, { words: ['-c', 'config/profiles/redis.yaml'] });
            try {
                await use(node, file);
            } finally {
                await node.kill();
            }
        });
    const givePassword = (before, after) => redis.call('-a', before, '--no-auth-warning', 'CONFIG', 'SET', 'requirepass', after);
    const isReady = (node, status) => node.until(async () => (await readyOf(node)).body.status === status);

    it('is not ready with a wrong password, so that a rollout stops at it, and ready when that is mended', () =>
        withNode('secret-2', async (node) => {
            await node.printed(/refused the user or the password/);
            const isSaid = ({ status, body }) =>
                status === 503 && body.reasons.some((reason) => /^the store redis is down and was not reached since the process began: 127\.0\.0\.1:\d+: the server refused the user or the password/.test(reason));
            await node.until(async () => isSaid(await readyOf(node)));
            assert.doesNotMatch(JSON.stringify((await node.admin('/health')).body), /secret-/);
            const open = await fetch(`http://127.0.0.1:${node.port}/health/ready`);
            assert.deepEqual([open.status, await open.text()], [503, '{"status":"down"}']);
            assert.deepEqual([(await node.admin('/health/live')).status, (await node.admin('/health/startup')).status], [200, 200]);
            assert.equal(await node.metric('ready'), 0);
            assert.equal((await node.admin('/admin/v1/node')).body.store.reached, false);
            await givePassword('secret-1', 'secret-2');
            await isReady(node, 'ok');
            assert.equal((await readyOf(node)).status, 200);
            assert.equal((await node.admin('/admin/v1/node')).body.store.reached, true);
            await givePassword('secret-2', 'secret-1');
        }));

    it('stays ready when the store dies, also with health started anew, while a node that starts then is not', () =>
        withNode('secret-1', async (node) => {
            await isReady(node, 'ok');
            redis.signal('SIGKILL');
            await isReady(node, 'degraded');
            assert.match((await readyOf(node)).body.reasons.join(), /the store redis is down: 127\.0\.0\.1:\d+: /);
            const told = new Set();
            const hear = async () => told.add((await fetch(`http://127.0.0.1:${node.port}/health/ready`)).status);
            const heardUntil = Date.now() + AWAY_MS;
            await node.until(async () => (await hear(), Date.now() > heardUntil));
            assert.equal((await node.admin('/admin/v1/plugins/health', { restart: true })).status, 202);
            await node.until(async () => (await node.admin('/admin/v1/plugins')).body.find(({ name }) => name === 'health').state === 'started');
            await hear();
            assert.deepEqual([...told], [200]);
            await withNode('secret-1', async (late) => assert.equal((await readyOf(late)).status, 503));
            await redis.again();
            await isReady(node, 'ok');
        }));
});
