// SIGHUP: the file is read again, checked whole, and taken or refused whole.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { configFile, inFolder, serveHost } from './support/host_process.mjs';
import { RawClient } from './support/raw_client.mjs';

/** Runs `use` with a host on a file of its own; change(text) writes the file and waits until the host has read it. */
async function withFile(text, use) {
    await inFolder(async (folder) => {
        const host = await serveHost({}, { words: ['-c', await configFile(folder, text)] });
        const change = async (next) => {
            await configFile(folder, next);
            const seen = host.err.length;
            host.signal('SIGHUP');
            await host.until(async () => /configuration read again|configuration is refused/.test(host.err.slice(seen)));
            return host.err.slice(seen);
        };
        try {
            await use({ host, change });
        } finally {
            assert.deepEqual(await host.stop(), { code: 0, signal: null });
        }
    });
}

const node = async (host) => (await host.admin('/admin/v1/node')).body;
const inForce = async (host) => (await host.admin('/admin/v1/config')).body;
const plugin = async (host, name) => (await host.admin('/admin/v1/plugins')).body.find((one) => one.name === name);

describe('SIGHUP', () => {
    it('refuses a file with a mistake, says where, and serves on as before', async () => {
        await withFile('plugins: {echo: {enabled: true}, health: {enabled: true}}\nlimits: {connections: 100}\n', async ({ host, change }) => {
            const client = await RawClient.upgraded(host.port, '/echo');
            for (const [text, complaint] of [
                ['limits: {conections: 5}\n', /streamhost\.yaml:1:10: limits\.conections: unknown key, did you mean/],
                ['plugins: {echo: {enabled: true, path: "echo"}}\n', /streamhost\.yaml:1:39: plugins\.echo\.path: /],
                ['plugins: {echo: {enabled: "open\n', /streamhost\.yaml:/],
            ]) {
                const log = await change(text);
                assert.match(log, complaint);
                assert.match(log, /the changed configuration is refused; the running one stays/);
                assert.equal((await node(host)).connection_limit, 100);
            }
            assert.equal(await host.metric('config_reloads_total{result="refused"}'), 3);
            (await RawClient.upgraded(host.port, '/echo')).close();
            client.close();
        });
    });

    it('tells of a mistake beside a secret, and not the secret', async () => {
        const SECRET = 'sk-never-told';
        const provider = (more) => `plugins: {health: {enabled: true}, chat: {enabled: false, providers: {m: {type: openai, ${more}}}}}\n`;
        await withFile(provider(`api_key: ${SECRET}-before`), async ({ host, change }) => {
            const broken = [
                provider(`api_key: {value: ${SECRET}}`),
                provider(`api_key: [${SECRET}]`),
                provider(`api_kye: ${SECRET}`),
                provider(`api_key: "${SECRET}`),
                provider(`api_key: ${SECRET}: x`),
                provider(`api_key: !secret ${SECRET}`),
                `${provider(`api_key: ${SECRET}`)}limits: {conections: 5}\n`,
                `plugins: {health: {enabled: true}}\nstore: {redis: {password: ${SECRET}}}\n`,
                `plugins: {health: {enabled: true}, auth: {keys: [{id: k, algorithm: HS256, secret: ${SECRET}}]}}\n`,
            ];
            for (const [index, text] of broken.entries()) {
                assert.match(await change(text), /streamhost\.yaml:\d+:\d+: /, text);
                const diff = await host.admin('/admin/v1/config/diff', { documents: [{ name: 'new.yaml', text }] });
                assert.deepEqual([diff.body.valid, diff.body.complaints.length > 0], [false, true], text);
                const shown = JSON.stringify([diff.body, await inForce(host), await node(host)]);
                assert.ok(!shown.includes(SECRET) && !host.log.includes(SECRET), `${text}: ${shown.slice(0, 2_000)}\n${host.log}`);
                assert.equal(await host.metric('config_reloads_total{result="refused"}'), index + 1);
            }
        });
    });

    it('changes limits for connections that come after it', async () => {
        await withFile('plugins: {echo: {enabled: true}}\n', async ({ host, change }) => {
            const first = await RawClient.upgraded(host.port, '/echo');
            const log = await change('plugins: {echo: {enabled: true}}\nlimits: {connections: 1, head_bytes: 1024}\n');
            assert.match(log, /limits\.connections: 10000 -> 1 \(live/);
            assert.equal((await node(host)).connection_limit, 1);
            const second = await RawClient.open(host.port);
            assert.equal((await second.response()).status, 503);
            second.close();
            first.close();
            await host.until(async () => (await node(host)).connections === 0);
            const third = await RawClient.open(host.port);
            third.send(`GET /echo HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(1_100)}\r\n\r\n`);
            assert.equal((await third.response()).status, 431);
            third.close();
        });
    });

    it('changes the level of the log', async () => {
        await withFile('logging: {level: error}\n', async ({ host, change }) => {
            const log = await change('logging: {level: debug}\n');
            assert.match(log, /INFO +host: configuration read again/);
        });
    });

    it('hands a plugin its changed section', async () => {
        await withFile('plugins: {streamcache: {enabled: true, batch_entries: 10}}\n', async ({ host, change }) => {
            const log = await change('plugins: {streamcache: {enabled: true, batch_entries: 20}}\n');
            assert.match(log, /plugins\.streamcache\.batch_entries: 10 -> 20 \(live/);
            assert.match(log, /the plugin took its changed section plugin=streamcache/);
            assert.equal((await plugin(host, 'streamcache')).generation, 1);
            assert.deepEqual((await node(host)).waiting_for_restart, []);
        });
    });

    it('says that a plugin goes on as it was, and restarts it when asked', async () => {
        await withFile('plugins: {echo: {enabled: true, path: /one}}\n', async ({ host, change }) => {
            const old = await RawClient.upgraded(host.port, '/one');
            const log = await change('plugins: {echo: {enabled: true, path: /two}}\n');
            assert.match(log, /goes on with its former section until it is restarted plugin=echo reason=.*takes its section when it starts/);
            assert.deepEqual((await node(host)).waiting_for_restart, ['plugins.echo']);
            (await RawClient.upgraded(host.port, '/one')).close();

            assert.equal((await host.admin('/admin/v1/plugins/echo', { restart: true })).status, 202);
            await host.until(async () => (await node(host)).waiting_for_restart.length === 0);
            assert.equal((await old.frame()).code, 1013);
            old.close();
            (await RawClient.upgraded(host.port, '/two')).close();
            await assert.rejects(RawClient.upgraded(host.port, '/one'), /404/);
        });
    });

    it('switches plugins on and off', async () => {
        await withFile('plugins: {echo: {enabled: false}}\n', async ({ host, change }) => {
            await assert.rejects(RawClient.upgraded(host.port, '/echo'), /404/);
            await change('plugins: {echo: {enabled: true}, streamcache: {enabled: true}, pubsub: {enabled: true}}\n');
            for (const name of ['echo', 'streamcache', 'pubsub'])
                await host.until(async () => (await plugin(host, name)).state === 'started');
            const client = await RawClient.upgraded(host.port, '/echo');
            await change('plugins: {streamcache: {enabled: true}}\n');
            for (const name of ['echo', 'pubsub']) await host.until(async () => !(await plugin(host, name)).enabled);
            assert.equal((await client.frame()).code, 1013);
            client.close();
            assert.equal((await plugin(host, 'streamcache')).state, 'started');
        });
    });

    it('names what waits for the next start of the host', async () => {
        await withFile('runtime: {loops: 1}\nlisteners: {public: {address: "127.0.0.1:1"}}\n', async ({ host, change }) => {
            const log = await change('runtime: {loops: 2, short_workers: 8}\n');
            assert.match(log, /takes effect when the host is started anew key=runtime\.loops/);
            assert.deepEqual((await node(host)).waiting_for_restart, ['runtime.loops', 'runtime.short_workers']);
            await change('runtime: {loops: 1}\n');
            assert.deepEqual((await node(host)).waiting_for_restart, []);
        });
    });

    it('with the same file changes nothing', async () => {
        await withFile('plugins: {echo: {enabled: true}}\n', async ({ host, change }) => {
            const client = await RawClient.upgraded(host.port, '/echo');
            const before = await inForce(host);
            const log = await change('# only a remark\nplugins: {echo: {enabled: true}}\n');
            assert.match(log, /configuration read again changes=0/);
            const after = await inForce(host);
            assert.deepEqual([after.configuration, after.generation], [before.configuration, before.generation]);
            assert.equal(after.last.state, 'unchanged');
            client.close();
        });
    });
});
