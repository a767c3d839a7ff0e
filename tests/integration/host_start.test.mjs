// What the program says when it cannot start, and what it lets its operator look at before it does.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

import { configFile, freePort, inFolder, pluginDirectory, root, runHost, serveHost } from './support/host_process.mjs';
import { RawClient } from './support/raw_client.mjs';

const run = promisify(execFile);
const echoFile = path.join(pluginDirectory, 'echo.so');

const addresses = async (port) => [
    ...['--set', `listeners.public.address=127.0.0.1:${port}`],
    ...['--set', `listeners.admin.address=127.0.0.1:${await freePort()}`],
];

it('without a configuration it says that nothing is served, and what to do', async () => {
    const host = await serveHost();
    await host.printed(/no plugin is enabled, so nothing is served: start with .*-c config\/streamhost\.yaml/);
    assert.equal((await host.stop()).code, 0);
});

describe('a port that is taken', () => {
    it('by another program: names the key and ends with 1', async () => {
        const other = createServer();
        await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
        try {
            const { port } = other.address();
            const ended = await runHost(await addresses(port));
            assert.equal(ended.code, 1);
            assert.match(ended.err, new RegExp(`listeners\\.public\\.address: cannot listen on 127\\.0\\.0\\.1:${port}`));
            assert.match(ended.err, /another program, or another streamhost, uses this port/);
            assert.equal(ended.out, '', 'it never said that it was ready');
        } finally {
            await new Promise((resolve) => other.close(resolve));
        }
    });

    it('names all of them at once', async () => {
        const first = await serveHost();
        try {
            const ended = await runHost(['--set', `listeners.public.address=127.0.0.1:${first.port}`, '--set', `listeners.admin.address=127.0.0.1:${first.adminPort}`]);
            assert.equal(ended.code, 1);
            for (const key of ['public', 'admin']) assert.match(ended.err, new RegExp(`listeners\\.${key}\\.address: cannot listen`));
        } finally {
            await first.stop();
        }
    });

    it('by another streamhost: the first one serves on and loses no connection to the second', async () => {
        const first = await serveHost({ 'plugins.echo.enabled': true, 'runtime.loops': 2 });
        try {
            for (const key of ['public', 'admin']) {
                const port = key === 'public' ? first.port : first.adminPort;
                const ended = await runHost([...(await addresses(await freePort())), '--set', `listeners.${key}.address=127.0.0.1:${port}`]);
                assert.equal(ended.code, 1);
                assert.match(ended.err, new RegExp(`listeners\\.${key}\\.address: cannot listen`));
            }
            for (let count = 0; count < 16; ++count) {
                const client = await RawClient.upgraded(first.port, '/echo');
                client.close();
            }
        } finally {
            assert.deepEqual(await first.stop(), { code: 0, signal: null });
        }
    });

    it('or does not exist: says which part of the address is wrong', async () => {
        for (const [address, complaint] of [
            ['127.0.0.1:70000', /'70000' is no port/],
            ['nobody.invalid:8080', /Host not found: nobody\.invalid/],
        ]) {
            const ended = await runHost([...(await addresses(await freePort())), '--set', `listeners.public.address=${address}`]);
            assert.equal(ended.code, 1);
            assert.match(ended.err, /listeners\.public\.address: /);
            assert.match(ended.err, complaint);
        }
    });
});

describe('a plugin that cannot be loaded', () => {
    /** A plugin directory with a good plugin, half of one, and a library that is no plugin. */
    async function withPlugins(use) {
        await inFolder(async (folder) => {
            const directory = path.join(folder, 'plugins');
            await mkdir(directory);
            await copyFile(echoFile, path.join(directory, 'echo.so'));
            const whole = await readFile(echoFile);
            await writeFile(path.join(directory, 'cut.so'), whole.subarray(0, whole.length / 2));
            await writeFile(path.join(folder, 'empty.c'), 'int nothing(void) { return 0; }\n');
            await run('cc', ['-shared', '-fPIC', '-o', path.join(directory, 'plain.so'), path.join(folder, 'empty.c')]);
            await use(directory);
        });
    }
    const broken = [
        ['cut', /plugin cut: it is no whole shared library for this machine: copy the whole file again/],
        ['plain', /plugin plain: it does not export streamhost_plugin_entry/],
    ];

    it('is told by config check, and by plugin check', async () => {
        await withPlugins(async (directory) => {
            for (const [name, complaint] of broken) {
                const check = await runHost(['config', 'check', '--set', `plugins.directory=${directory}`, '--set', `plugins.${name}.enabled=true`]);
                assert.equal(check.code, 2);
                assert.match(check.err, complaint);
                assert.match(check.err, new RegExp(`plugins\\.${name}\\.enabled: it cannot run: `));
                const alone = await runHost(['plugin', 'check', path.join(directory, `${name}.so`)]);
                assert.equal(alone.code, 1);
                assert.notEqual(alone.err, '');
            }
            const fine = await runHost(['plugin', 'check', path.join(directory, 'echo.so')]);
            assert.equal(fine.code, 0);
            assert.match(fine.out, /^echo 1\.0\.0: /);
            const gone = await runHost(['plugin', 'check', path.join(directory, 'gone.so')]);
            assert.equal(gone.code, 1);
            assert.match(gone.err, /there is no such file/);
        });
    });

    it('does not keep the others from serving', async () => {
        await withPlugins(async (directory) => {
            const host = await serveHost({
                'plugins.directory': directory,
                'plugins.echo.enabled': true,
                'plugins.cut.enabled': true,
                'plugins.plain.enabled': true,
            });
            try {
                for (const [, complaint] of broken) await host.printed(complaint);
                const { body } = await host.admin('/admin/v1/plugins');
                const stateOf = (name) => body.find((plugin) => plugin.name === name);
                for (const name of ['cut', 'plain']) {
                    assert.equal(stateOf(name).state, 'failed');
                    assert.notEqual(stateOf(name).reason, '');
                }
                assert.equal(stateOf('echo').state, 'started');
                (await RawClient.upgraded(host.port, '/echo')).close();
            } finally {
                assert.deepEqual(await host.stop(), { code: 0, signal: null });
            }
        });
    });

    it('because it is not there: names the directory and the nearest name', async () => {
        await withPlugins(async (directory) => {
            const ended = await runHost(['--set', `plugins.directory=${directory}`, '--set', 'plugins.ecko.enabled=true']);
            assert.equal(ended.code, 2);
            assert.match(ended.err, /plugins\.ecko: no plugin has this name, did you mean "echo"\?/);
            assert.ok(ended.err.includes(`copy its .so into ${directory}`), ended.err);
        });
    });

    it('because no copies of it can be made: says where, and what to do', async () => {
        const { code, err } = await runHost(['-c', 'config/streamhost.yaml'], { TMPDIR: '/proc' });
        assert.equal(code, 1);
        assert.match(err, /^streamhost: plugins are loaded from copies, .* in \/proc \(.+\): make it writable, or name another folder in TMPDIR\n$/);
    });

    it('because the directory is not there: says so', async () => {
        const ended = await runHost(['config', 'check', '--set', 'plugins.directory=/nowhere/at/all']);
        assert.match(ended.err, /cannot read the plugin directory \/nowhere\/at\/all/);
    });
});

describe('the configuration', () => {
    it('tells all mistakes at once, each with file, line and nearest name', async () => {
        await inFolder(async (folder) => {
            const file = await configFile(
                folder,
                [
                    'node:', //                                    1
                    '  idd: a', //                                 2
                    'listeners:', //                               3
                    '  public: {adress: "127.0.0.1:1"}', //        4
                    'limits:', //                                  5
                    '  connections: many', //                      6
                    '  head_bytes: 3', //                          7
                    'logging: {level: loud}', //                   8
                    'plugins:', //                                 9
                    '  echo: {enabled: maybe, path: echo}', //    10
                    'stroe: {}', //                               11
                    '',
                ].join('\n'),
            );
            for (const words of [['config', 'check', file], ['-c', file]]) {
                const ended = await runHost(words);
                assert.equal(ended.code, 2);
                for (const complaint of [
                    ':2:3: node.idd: unknown key, did you mean "id"?',
                    ':4:12: listeners.public.adress: unknown key, did you mean "address"?',
                    ':6:16: limits.connections: ',
                    ':7:15: limits.head_bytes: ',
                    ':8:18: logging.level: ',
                    ':10:19: plugins.echo.enabled: ',
                    ':10:32: plugins.echo.path: ',
                    ':11:1: stroe: unknown key, did you mean "store"?',
                ])
                    assert.ok(ended.err.includes(file + complaint), `${complaint}\nis not in\n${ended.err}`);
            }
        });
    });

    it('tells a file that is not there, and YAML that is none', async () => {
        const missing = await runHost(['-c', '/nowhere.yaml']);
        assert.equal(missing.code, 2);
        assert.match(missing.err, /\/nowhere\.yaml: cannot be read: No such file or directory/);
        await inFolder(async (folder) => {
            const ended = await runHost(['config', 'check', await configFile(folder, 'node:\n  id: "open\n')]);
            assert.equal(ended.code, 2);
            assert.match(ended.err, /streamhost\.yaml:\d+:\d+: /);
        });
    });

    it('as shipped is fine', async () => {
        const ended = await runHost(['config', 'check', path.join(root, 'config/streamhost.yaml')]);
        assert.deepEqual([ended.code, ended.out], [0, 'the configuration is fine\n'], ended.err);
    });

    it('shows what is in force, from file, environment and arguments, secrets masked', async () => {
        await inFolder(async (folder) => {
            await writeFile(path.join(folder, 'key'), 'sk-very-secret\n');
            const file = await configFile(
                folder,
                `node: {id: from-file}\nlimits: {connections: 7}\nplugins:\n  chat:\n    enabled: true\n    provider: up\n    providers:\n      up: {type: openai, base_url: "http://127.0.0.1:1/v1", model: m, api_key: "\${file:${folder}/key}"}\n`,
            );
            const ended = await runHost(['config', 'show', '-c', file, '--origins', '--set', 'runtime.loops=3'], {
                STREAMHOST_NODE__ID: 'from-environment',
                STREAMHOST_LIMITS__HEAD_TIMEOUT_MS: '2s',
                STREAMHOST_PORT: '80', // of the kind that a cluster sets by itself
            });
            assert.equal(ended.code, 0, ended.err);
            assert.match(ended.out, /id: "from-environment" +# environment STREAMHOST_NODE__ID/);
            assert.match(ended.out, /connections: 7 +# .*streamhost\.yaml:2:23/);
            assert.match(ended.out, /head_timeout_ms: 2000 +# environment/);
            assert.match(ended.out, /loops: 3 +# --set runtime\.loops/);
            assert.match(ended.out, /message_bytes: 16777216 +# default/);
            assert.match(ended.out, /api_key: "\(secret\)"/);
            assert.ok(!ended.out.includes('sk-very-secret') && !ended.err.includes('sk-very-secret'), 'no secret in any output');
        });
    });

    it('refuses a secret on the command line without repeating it', async () => {
        const ended = await runHost(['config', 'check', '--set', 'plugins.chat.providers.up={type: openai, base_url: "http://127.0.0.1:1/v1", model: m, api_key: sk-visible}']);
        assert.equal(ended.code, 2);
        assert.match(ended.err, /a secret on the command line/);
        assert.ok(!ended.err.includes('sk-visible'));
    });

    it('has a schema that is JSON', async () => {
        const ended = await runHost(['config', 'schema']);
        assert.equal(ended.code, 0);
        const schema = JSON.parse(ended.out);
        assert.equal(schema.properties.plugins.properties.echo.properties.path.default, '/echo');
    });
});

describe('the command line', () => {
    it('is refused with what to do', async () => {
        for (const [words, complaint] of [
            [['serve'], /'serve' is no command; see streamhost help/],
            [['--colour'], /'--colour' is no option/],
            [['--set'], /lacks its value/],
            [['--set', 'node.idd=x'], /node\.idd: unknown key, did you mean "id"/],
        ]) {
            const ended = await runHost(words);
            assert.equal(ended.code, 2);
            assert.match(ended.err, complaint);
        }
    });

    it('helps, and tells its version', async () => {
        const help = await runHost(['--help']);
        assert.equal(help.code, 0);
        assert.match(help.out, /config check FILE/);
        const version = await runHost(['version']);
        assert.match(version.out, /^streamhost \d+\.\d+\.\d+\n$/);
    });
});
