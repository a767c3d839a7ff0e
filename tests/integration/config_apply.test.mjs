// A running node's configuration: what would change, taking it whole or not at all, going back.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { writeFile } from 'node:fs/promises';

import { configFile, freePort, inFolder, runHost, serveHost } from './support/host_process.mjs';
import { RawClient, frame, opcodes } from './support/raw_client.mjs';

const ENVIRONMENT = { TEST_KEY: 'sk-very-secret' };

/** Runs `use` with a host on a file of its own, which write() changes. */
async function withFile(text, use) {
    await inFolder(async (folder) => {
        const host = await serveHost({ 'plugins.health.enabled': true }, { words: ['-c', await configFile(folder, text)], environment: ENVIRONMENT });
        try {
            await use({ host, folder, write: (next) => configFile(folder, next) });
        } finally {
            assert.deepEqual(await host.stop(), { code: 0, signal: null });
        }
    });
}

const shown = async (host) => (await host.admin('/admin/v1/config')).body;
const diff = async (host, body) => (await host.admin('/admin/v1/config/diff', body)).body;
const effects = (answer) => Object.fromEntries(answer.changes.map(({ path: key, effect }) => [key, effect]));
const settled = (host) => host.until(async () => (await shown(host)).last.state !== 'applying');
const cli = (host, ...words) => runHost(['config', ...words, '--url', `http://127.0.0.1:${host.adminPort}`]);

describe('config diff', () => {
    it('says what each changed key does, and whose clients reconnect; changes nothing', async () => {
        await withFile('plugins: {echo: {enabled: true, path: /one}, streamcache: {enabled: true}}\n', async ({ host, write }) => {
            const client = await RawClient.upgraded(host.port, '/one');
            await write('plugins: {echo: {enabled: true, path: /two}, streamcache: {enabled: true, batch_entries: 20}, pubsub: {enabled: true}}\nlimits: {connections: 7}\nruntime: {loops: 2}\n');
            const answer = await diff(host);
            assert.deepEqual([answer.valid, answer.generation, answer.complaints], [true, 1, []]);
            assert.deepEqual(effects(answer), {
                'plugins.echo.path': 'restarts_plugin',
                'plugins.streamcache.batch_entries': 'at_once',
                'plugins.pubsub.enabled': 'switches_plugin',
                'limits.connections': 'at_once',
                'runtime.loops': 'restarts_node',
            });
            const limit = answer.changes.find((change) => change.path === 'limits.connections');
            assert.deepEqual([limit.kind, limit.before, limit.after], ['changed', 10_000, 7]);
            assert.match(limit.where, /streamhost\.yaml:2:23$/);
            assert.deepEqual(answer.effect, { restarts: ['echo'], starts: ['pubsub'], stops: [], also_stop: [], degrade: [], node: ['runtime.loops'], disconnects: ['echo'], clients: 1 });

            const told = await cli(host, 'diff');
            assert.equal(told.code, 0, told.err);
            assert.match(told.out, /^ {2}limits\.connections: 10000 -> 7 \(at once; .*streamhost\.yaml:2:23\)$/m);
            assert.match(told.out, /^ {2}plugins\.echo\.path: "\/one" -> "\/two" \(when echo is restarted; /m);
            assert.match(told.out, /^waits for the next start of the process: runtime\.loops$/m);
            assert.match(told.out, /^up to 1 clients reconnect$/m);

            assert.equal((await shown(host)).generation, 1);
            assert.deepEqual((await diff(host)).changes, answer.changes);
            client.close();
        });
    });

    it('tells every mistake with its place', async () => {
        await withFile('plugins: {session: {enabled: true}}\n', async ({ host, write }) => {
            await write('limits: {conections: 5}\nlogging: {level: loud}\n');
            const answer = await diff(host);
            assert.equal(answer.valid, false);
            assert.deepEqual(answer.complaints.map(({ path: key }) => key), ['limits.conections', 'logging.level']);
            assert.match(answer.complaints[0].problem, /did you mean "connections"/);
            const told = await cli(host, 'diff');
            assert.equal(told.code, 2);
            assert.match(told.err, /streamhost\.yaml:1:10: limits\.conections: unknown key/);
            // What only the plugin knows.
            await write('plugins: {session: {enabled: true, heartbeat_ms: 5s, ttl_ms: 6s}}\n');
            assert.match((await diff(host)).complaints[0].problem, /at least twice heartbeat_ms/);
        });
    });

    it('takes a text in place of the files, over the same arguments, and shows nothing that it refers to', async () => {
        await withFile('plugins: {echo: {enabled: true}}\n', async ({ host, folder }) => {
            await writeFile(path.join(folder, 'private'), 'not for you\n');
            const text = `node: {id: "\${env:TEST_KEY}"}\nlimits: {connections: 8}\nplugins: {directory: ${folder}, echo: {enabled: true, path: "/\${file:${folder}/private}"}}\n`;
            const answer = await diff(host, { documents: [{ name: 'new.yaml', text }] });
            assert.equal(answer.valid, true, JSON.stringify(answer));
            const change = (key) => answer.changes.find((one) => one.path === key);
            assert.equal(change('limits.connections').where, 'new.yaml:2:23');
            assert.equal(change('node.id').after, '(secret)');
            assert.equal(change('plugins.echo.path').after, '(secret)');
            assert.equal(change('plugins.directory').effect, 'restarts_node');
            assert.equal(change('listeners.public.address'), undefined, '--set lies over it');
            assert.doesNotMatch(JSON.stringify(answer), /sk-very-secret|not for you/);
            const told = await cli(host, 'diff', await configFile(folder, 'limits: {connections: 9}\n', 'other.yaml'));
            assert.match(told.out, /limits\.connections: 10000 -> 9/);
            for (const body of [{ document: [] }, { documents: [{ name: 'a' }] }, { documents: 'a' }, [], 7])
                assert.equal((await host.admin('/admin/v1/config/diff', body)).status, 400, JSON.stringify(body));
        });
    });
});

describe('config apply', () => {
    it('takes what it can at once, and tells what is in force from what waits', async () => {
        await withFile('plugins: {echo: {enabled: true, path: /one}}\nruntime: {loops: 1}\n', async ({ host, write }) => {
            await write('plugins: {echo: {enabled: true, path: /two}}\nruntime: {loops: 2}\nlimits: {connections: 7}\n');
            const answer = await host.admin('/admin/v1/config', {});
            assert.deepEqual([answer.status, answer.body.state, answer.body.generation], [200, 'applied', 2]);
            const page = await shown(host);
            assert.equal(page.configuration.limits.connections, 7);
            assert.equal(page.configuration.runtime.loops, 1, 'as it runs');
            assert.equal(page.configuration.plugins.echo.path, '/one', 'as it runs');
            assert.deepEqual(page.waiting.map(({ path: key, after }) => [key, after]), [['plugins.echo.path', '/two'], ['runtime.loops', 2]]);
            assert.deepEqual((await host.admin('/admin/v1/node')).body.waiting_for_restart, ['plugins.echo', 'runtime.loops']);
            assert.deepEqual([page.last.state, page.last.by, page.matches_files], ['applied', 'the admin API', true]);
            assert.equal(await host.metric('config_generation'), 2);
            assert.equal(await host.metric('config_waiting'), 2);
            assert.equal((await host.admin('/admin/v1/config', {})).body.state, 'unchanged');
            assert.match(host.err, /audit: admin call method=POST path=\/admin\/v1\/config /);
        });
    });

    it('refuses what config check refuses: a plugin that others need switched off, and its own lock without a key', async () => {
        const whole = 'plugins: {streamcache: {enabled: true}, pubsub: {enabled: true}, recovery: {enabled: true}';
        await withFile(`${whole}}\n`, async ({ host, write }) => {
            await write(`${whole.replace('streamcache: {enabled: true}', 'streamcache: {enabled: false}')}}\n`);
            const words = /plugins\.recovery\.enabled: it cannot run: it requires streamhost\.streamcache\/1, and its provider is disabled: enable streamcache/;
            for (const command of ['diff', 'apply']) {
                const told = await cli(host, command);
                assert.equal(told.code, 2);
                assert.match(told.err, words);
                assert.match(told.err, /^node \S+:$/m);
            }
            assert.equal((await host.admin('/admin/v1/config', {})).status, 422);
            assert.equal((await host.admin('/admin/v1/plugins')).body.find(({ name }) => name === 'recovery').state, 'started');
            await write(`${whole}}\nlisteners: {admin: {authentication: required}}\n`);
            assert.match((await diff(host)).complaints[0].problem, /the admin API would answer 503 to everything/);
        });
    });

    it('names what an accepted change does to other plugins', async () => {
        await withFile('plugins: {streamcache: {enabled: true}, session: {enabled: true}, gateway: {enabled: true}}\n', async ({ host, write }) => {
            await write('plugins: {streamcache: {enabled: true}, gateway: {enabled: true}}\n');
            const { effect } = await diff(host);
            assert.deepEqual([effect.stops, effect.also_stop], [['session'], []]);
            assert.ok(effect.degrade.some(({ plugin, because }) => plugin === 'gateway' && because === 'uses streamhost.session/1 if present'), JSON.stringify(effect));
            assert.match((await cli(host, 'apply')).out, /^has to do without something: gateway: uses streamhost\.session\/1 if present$/m);
        });
    });

    it('says what waits, and for what', async () => {
        await withFile('plugins: {echo: {enabled: true, path: /one}}\n', async ({ host, write }) => {
            await write('plugins: {echo: {enabled: true, path: /two}}\nruntime: {loops: 2}\n');
            const told = await cli(host, 'apply');
            assert.match(told.out, /^node \S+:\n/);
            assert.match(told.out, /^waits until echo is restarted \(config apply --restart-plugins\): plugins\.echo\.path$/m);
            assert.match(told.out, /^waits for the next start of the process: runtime\.loops$/m);
        });
    });

    it('restarts plugins when asked to', async () => {
        await withFile('plugins: {echo: {enabled: true, path: /one}}\n', async ({ host, write }) => {
            const old = await RawClient.upgraded(host.port, '/one');
            await write('plugins: {echo: {enabled: true, path: /two}}\n');
            const told = await cli(host, 'apply', '--restart-plugins');
            assert.equal(told.code, 0, told.err);
            assert.match(told.out, /^applied$/m);
            assert.equal((await old.frame()).code, 1013);
            old.close();
            (await RawClient.upgraded(host.port, '/two')).close();
            const page = await shown(host);
            assert.deepEqual([page.configuration.plugins.echo.path, page.waiting], ['/two', []]);
        });
    });

    it('refuses a mistake whole, with 422, and serves on', async () => {
        await withFile('plugins: {session: {enabled: true}, echo: {enabled: true}}\n', async ({ host, write }) => {
            await write('limits: {connections: 7}\nplugins: {echo: {enabled: true}, session: {enabled: true, heartbeat_ms: 5s, ttl_ms: 6s}}\n');
            const answer = await host.admin('/admin/v1/config', {});
            assert.equal(answer.status, 422);
            assert.match(answer.body.complaints[0].where, /streamhost\.yaml:2:\d+$/);
            const page = await shown(host);
            assert.deepEqual([page.generation, page.configuration.limits.connections, page.last.state, page.matches_files], [1, 10_000, 'refused', false]);
            assert.equal(await host.metric('config_differs_from_files'), 1);
            assert.equal((await cli(host, 'apply')).code, 2);
            (await RawClient.upgraded(host.port, '/echo')).close();
            await write('limits: {connections: 8}\nplugins: {echo: {enabled: true}, session: {enabled: true}}\n');
            assert.equal((await host.admin('/admin/v1/config', {})).status, 200);
            assert.equal(await host.metric('config_differs_from_files'), 0);
        });
    });

    it('does nothing on top of another generation than the one that was looked at, or for a body with a mistake', async () => {
        await withFile('limits: {connections: 5}\n', async ({ host, write }) => {
            await write('limits: {connections: 6}\n');
            assert.equal((await host.admin('/admin/v1/config', { if_generation: 2 })).status, 409);
            for (const body of [{ restart: true }, { restart_plugins: 1 }, { if_generation: '1' }, []])
                assert.equal((await host.admin('/admin/v1/config', body)).status, 400, JSON.stringify(body));
            assert.equal((await shown(host)).generation, 1);
            assert.equal((await host.admin('/admin/v1/config', { if_generation: 1 })).status, 200);
            assert.equal((await host.admin('/admin/v1/configs')).status, 404);
            assert.equal((await host.admin('/admin/v1/config/rollback')).status, 405);
        });
    });
});

describe('the way back', () => {
    it('is by order, step by step', async () => {
        await withFile('limits: {connections: 1}\nplugins: {echo: {enabled: true, path: /one}}\n', async ({ host, write }) => {
            const none = await host.admin('/admin/v1/config/rollback', {});
            assert.equal(none.status, 409);
            assert.match(none.body.detail, /nothing to go back to/);
            await write('limits: {connections: 2}\nplugins: {echo: {enabled: true, path: /two}}\n');
            assert.equal((await host.admin('/admin/v1/config', { restart_plugins: true })).status, 202);
            await settled(host);
            await write('limits: {connections: 3}\nplugins: {echo: {enabled: true, path: /two}}\n');
            assert.equal((await host.admin('/admin/v1/config', {})).body.generation, 3);

            const told = await cli(host, 'rollback');
            assert.equal(told.code, 0, told.err);
            assert.match(told.out, /limits\.connections: 3 -> 2/);
            assert.equal((await shown(host)).configuration.limits.connections, 2);
            assert.equal((await host.admin('/admin/v1/config/rollback', {})).status, 202);
            await settled(host);
            const page = await shown(host);
            assert.deepEqual([page.configuration.limits.connections, page.configuration.plugins.echo.path, page.generation], [1, '/one', 5]);
            assert.deepEqual([page.last.state, page.matches_files, page.can_roll_back, page.waiting], ['rolled_back', false, false, []]);
            await host.printed(/the former configuration is in force; the files say otherwise/);
            (await RawClient.upgraded(host.port, '/one')).close();
            assert.equal(await host.metric('config_differs_from_files'), 1);
        });
    });

    it('is by itself when a plugin does not run with what is new; everything else goes back with it', async () => {
        // Two plugins want the same path, which neither can know before it starts.
        await withFile('limits: {connections: 5}\nplugins: {gateway: {enabled: true, path: /echo}, session: {enabled: true}}\n', async ({ host, write }) => {
            await write('limits: {connections: 6}\nplugins: {gateway: {enabled: true, path: /echo}, session: {enabled: true}, echo: {enabled: true, path: /echo}}\n');
            const told = await cli(host, 'apply');
            assert.equal(told.code, 2, told.out);
            assert.match(told.err, /rolled_back: echo did not start: /);
            const page = await shown(host);
            assert.deepEqual([page.configuration.limits.connections, page.configuration.plugins.echo.enabled, page.generation], [5, false, 3]);
            assert.equal(page.matches_files, false);
            assert.equal((await host.admin('/admin/v1/node')).body.connection_limit, 5);
            // SIGHUP meets the same files, and goes back again.
            const seen = host.err.length;
            host.signal('SIGHUP');
            await host.until(async () => /the former configuration is in force/.test(host.err.slice(seen)));
            assert.match(await (await fetch(`http://127.0.0.1:${host.adminPort}/metrics`)).text(), /^streamhost_config_reloads_total\{result="rolled_back"\} 2$/m);
        });
    });

    it('leaves the running instance of a plugin whose next one does not start, and its clients', async () => {
        await withFile('plugins: {gateway: {enabled: true, path: /taken}, session: {enabled: true}, echo: {enabled: true, path: /one}}\n', async ({ host, write }) => {
            const client = await RawClient.upgraded(host.port, '/one');
            await write('logging: {level: warn}\nplugins: {gateway: {enabled: true, path: /taken}, session: {enabled: true}, echo: {enabled: true, path: /taken}}\n');
            const told = await cli(host, 'apply', '--restart-plugins');
            assert.equal(told.code, 2, told.out);
            assert.match(told.err, /rolled_back: echo did not restart: /);
            const page = await shown(host);
            assert.deepEqual([page.configuration.plugins.echo.path, page.configuration.logging.level, page.waiting], ['/one', 'info', []]);
            client.send(frame(opcodes.text, 'still there'));
            assert.equal((await client.frame()).payload.toString(), 'still there');
            (await RawClient.upgraded(host.port, '/one')).close();
            assert.equal((await host.admin('/admin/v1/plugins')).body.find(({ name }) => name === 'echo').state, 'started');
            client.close();
        });
    });
});

describe('a command that does not get through', () => {
    const NEXT = '    next: is the node up? --url URL names another admin listener\n';
    const UP = [['config', 'diff'], ['config', 'apply'], ['config', 'rollback'], ['drain']];

    it('asks whether the node is up when nothing listens', async () => {
        const url = `http://127.0.0.1:${await freePort()}`;
        for (const words of UP) {
            const told = await runHost([...words, '--url', url]);
            assert.deepEqual([told.code, told.out, told.err], [1, '', `streamhost: ${url}: Connection refused\n${NEXT}`]);
        }
    });

    it('asks the same of a Unix socket whose node has ended, or never was', async () => {
        await inFolder(async (folder) => {
            const host = await serveHost({ 'plugins.health.enabled': true, 'listeners.admin.address': `unix:${folder}/left` });
            await host.kill();
            for (const [socket, why] of [['left', 'Connection refused'], ['never', 'there is no such socket']]) {
                const url = `http://unix:${folder}/${socket}`;
                const told = await runHost(['config', 'diff', '--url', url]);
                assert.deepEqual([told.code, told.err], [1, `streamhost: ${url}: ${why}\n${NEXT}`]);
            }
        });
    });

    it('names the file that no token can be read from', async () => {
        await inFolder(async (folder) => {
            const file = path.join(folder, 'nothing');
            const told = await runHost(['config', 'apply', '--token-file', file]);
            assert.deepEqual([told.code, told.err], [1, `streamhost: ${file}: no token can be read from it\n`]);
        });
    });

    it('says after a change that takes its own token the way back, and which way is left', async () => {
        await inFolder(async (folder) => {
            const config = (issuer) => `plugins:\n  auth: {enabled: true, issuer: "${issuer}", dev_tokens: {enabled: true}}\nlisteners: {admin: {authentication: required}}\n`;
            const file = await configFile(folder, config(''));
            const host = await serveHost({}, { words: ['-c', file] });
            try {
                const answer = await fetch(`http://127.0.0.1:${host.port}/v1/dev-token`, { method: 'POST', body: '{"user":"ops","grants":["admin:*"]}' });
                const { token } = await answer.json();
                await writeFile(path.join(folder, 'token'), token);
                await configFile(folder, config('https://login.example.org'));
                const told = await cli(host, 'apply', '--token-file', path.join(folder, 'token'));
                assert.match(told.err, /^streamhost: the node does not take this token any more \(401\), so config rollback will not either: use a token that it takes now, or put the former file back and send the process SIGHUP \(systemctl reload streamhost\)$/m);
                const back = await cli(host, 'rollback', '--token-file', path.join(folder, 'token'));
                assert.equal(back.code, 1);
                assert.match(back.err, /^streamhost: 401: .*\n {4}next: --token-file FILE, with a token that the node takes$/m);
                // The way that it names.
                await configFile(folder, config(''));
                host.signal('SIGHUP');
                await host.until(async () => (await cli(host, 'diff', '--token-file', path.join(folder, 'token'))).code === 0);
                assert.ok(!(told.err + told.out + host.log).includes(token));
            } finally {
                assert.deepEqual(await host.stop(), { code: 0, signal: null });
            }
        });
    });
});
