// `config check`: what plugins say of their sections without being started, and `--production`: what others depend on.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { writeFile } from 'node:fs/promises';

import { configFile, freePort, inFolder, root, runHost } from './support/host_process.mjs';

const shipped = path.join(root, 'config/streamhost.yaml');
const SOUND = (folder) => `
node: {id: gw-1}
listeners:
  public: {address: "127.0.0.1:8080"}
  admin: {address: "127.0.0.1:8091", authentication: required}
store:
  kind: redis-sentinel
  redis: {username: streamhost, password_file: ${folder}/password, tls: {enabled: true}}
  sentinel:
    addresses: ["127.0.0.1:26379", "127.0.0.1:26380", "127.0.0.1:26381"]
    username: watcher
    password_file: ${folder}/password
    tls: {enabled: true}
logging: {format: json}
drain: {window_ms: 15s, exit_within_ms: 30s}
plugins:
  streamcache: {enabled: true}
  pubsub: {enabled: true}
  recovery: {enabled: true}
  session: {enabled: true}
  health: {enabled: true}
  ratelimit: {enabled: true}
  auth:
    enabled: true
    issuer: https://login.example.org
    audiences: [chat]
    keys: [{id: k1, algorithm: HS256, secret_file: ${folder}/jwt}]
  gateway: {enabled: true, authentication: required}
  chat:
    enabled: true
    provider: model
    providers: {model: {type: openai, base_url: "https://api.example.org/v1", model: m, api_key: "\${file:${folder}/key}"}}
`;

/** Runs `use` with a file that others can depend on, beside the secrets that it names. */
const withSound = (use) =>
    inFolder(async (folder) => {
        for (const [name, text] of Object.entries({ password: 'hunter2\n', key: 'sk-0815\n', jwt: '6f1c0b7d9e2a48350f6b1d7c9a3e5821\n' }))
            await writeFile(path.join(folder, name), text, { mode: 0o600 });
        await use({ folder, file: await configFile(folder, SOUND(folder)) });
    });

describe('config check', () => {
    it('has each plugin look at its section, and names the key with its line', async () => {
        await inFolder(async (folder) => {
            const file = await configFile(
                folder,
                'plugins:\n  session:\n    enabled: true\n    heartbeat_ms: 5s\n    ttl_ms: 6s\n  auth:\n    enabled: true\n    keys:\n      - {id: a, algorithm: HS256, secret_file: /nowhere/key}\n',
            );
            const ended = await runHost(['config', 'check', file]);
            assert.equal(ended.code, 2);
            assert.match(ended.err, /streamhost\.yaml:5:13: plugins\.session\.ttl_ms: must be at least twice heartbeat_ms/);
            assert.match(ended.err, /plugins\.auth.*\/nowhere\/key/);
            assert.equal(ended.out, '');
        });
    });

    it('says which plugin lacks another one', async () => {
        const ended = await runHost(['config', 'check', '--set', 'plugins.chat.enabled=true']);
        assert.equal(ended.code, 2);
        assert.match(ended.err, /plugins\.chat\.enabled: it cannot run: it requires streamhost\.streamcache\/1, and its provider is disabled: enable streamcache/);
    });

    it('refuses tokens that nobody judges, and two listeners at one address', async () => {
        await inFolder(async (folder) => {
            const file = await configFile(folder, 'plugins:\n  gateway: {enabled: true, authentication: required}\nlisteners:\n  admin: {authentication: required}\n');
            const locked = await runHost(['config', 'check', '--production', file]);
            assert.equal(locked.code, 2);
            assert.match(locked.err, /streamhost\.yaml:2:44: plugins\.gateway\.authentication: asks for tokens, and no enabled plugin judges them .*nobody gets in/);
            assert.match(locked.err, /streamhost\.yaml:4:27: listeners\.admin\.authentication: .*503 to everything/);
            const words = ['--set', 'listeners.public.address=127.0.0.1:8091', '--set', 'listeners.admin.address=127.0.0.1:8091'];
            for (const command of [['config', 'check', ...words], ['run', ...words]]) {
                const twice = await runHost(command);
                assert.equal(twice.code, 2);
                assert.match(twice.err, /listeners\.\w+\.address: listeners\.\w+ listens there already/);
            }
        });
    });

    it('warns of a gateway that refuses every hello, which is an error in production', async () => {
        const words = ['config', 'check', '--set', 'plugins.gateway.enabled=true', '--set', 'plugins.session.enabled=true'];
        const alone = await runHost(words);
        assert.equal(alone.code, 0, alone.err);
        assert.match(alone.out, /^no file was named: these are the defaults/m);
        assert.match(alone.out, /^warning: plugins\.gateway\.enabled: the gateway refuses every hello without recovery\n {4}next: /m);
        const production = await runHost([...words, '--production']);
        assert.equal(production.code, 1);
        assert.match(production.out, /^error: plugins\.gateway\.enabled: /m);
    });
});

describe('config check --production', () => {
    it('finds nothing to mend in a sound file, and answers 0', async () => {
        await withSound(async ({ file }) => {
            const { code, out, err } = await runHost(['config', 'check', '--production', file]);
            assert.equal(code, 0, out + err);
            assert.equal(err, '');
            assert.doesNotMatch(out, /warning/);
            for (const name of ['authentication', 'origins', 'cors', 'admin-tokens', 'token-claims', 'jwt-secrets', 'rate-limits', 'exposure', 'store', 'redis-authentication', 'redis-tls', 'sentinel-authentication', 'sentinel-tls', 'secrets', 'answers', 'drain', 'node-id', 'health', 'logs'])
                assert.match(out, new RegExp(`^ok: ${name}: `, 'm'));
            for (const name of ['backups', 'pool-sizes', 'proxy', 'alarms']) assert.match(out, new RegExp(`^todo: ${name}: .*\\n    next: \\S`, 'm'));
            assert.doesNotMatch(out, /hunter2|sk-0815|6f1c0b7d/);
        });
    });

    it('tells all at once what the embedded profile lacks, with what to do', async () => {
        const { code, out } = await runHost(['config', 'check', '--production', shipped]);
        assert.equal(code, 1);
        for (const name of ['authentication', 'rate-limits', 'store']) assert.match(out, new RegExp(`^error: ${name}: .*\\n    next: \\S`, 'm'));
        for (const name of ['admin-tokens', 'answers', 'node-id', 'logs']) assert.match(out, new RegExp(`^warning: ${name}: .*\\n    next: \\S`, 'm'));
        assert.match(out, /^the configuration is fine$/m);
    });

    it('takes the name of the node from the environment', async () => {
        const { out } = await runHost(['config', 'check', '--production', shipped], { NODE_ID: 'gw-7' });
        assert.match(out, /^ok: node-id: from NODE_ID$/m);
    });

    it('goes with --connect: what the store says stands with the rest', async () => {
        await withSound(async ({ file }) => {
            const port = await freePort();
            const { code, out } = await runHost(['config', 'check', '--production', '--connect', file, '--set', 'store.kind=redis', '--set', `store.redis.address=127.0.0.1:${port}`, '--set', 'store.redis.tls.enabled=false', '--set', 'node.id=']);
            assert.equal(code, 1);
            assert.match(out, new RegExp(`^error: server 127\\.0\\.0\\.1:${port}: .*refused`, 'mi'));
            assert.match(out, /^warning: node-id: /m);
        });
    });
});
