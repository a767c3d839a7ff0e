// What `cmake --install` writes is whole: it starts wherever it stands and wherever it is started from.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, appendFile, constants, readFile, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

import { binary, inFolder, serveHost } from './support/host_process.mjs';

const run = promisify(execFile);
const buildTree = path.dirname(path.dirname(binary));
const skip = !existsSync(path.join(buildTree, 'cmake_install.cmake')) && 'the program does not stand in a build tree';

const OFF = ['echo', 'leader', 'auth', 'ratelimit', 'tracing']; // unless somebody switches them on, which auth needs keys for
/** Of this project, in a message: not the names of source files that lie in folders of the same name. */
const NAMED = /(?<![\w./-])(?:docs|deploy|config)\/[\w/-]+\.(?:md|sh|ya?ml|json|conf)/g;
const install = (prefix) => run('cmake', ['--install', buildTree, '--prefix', prefix]);

describe('an installed tree', { skip }, () => {
    it('serves from where it was moved to, started from anywhere', async () => {
        await inFolder(async (folder) => {
            await install(path.join(folder, 'first'));
            const tree = path.join(folder, 'moved');
            await rename(path.join(folder, 'first'), tree);
            const file = path.join(tree, 'etc/streamhost/streamhost.yaml');
            const host = await serveHost({}, { words: ['-c', file], program: path.join(tree, 'bin/streamhost'), folder: '/' });
            try {
                const ready = await fetch(`http://127.0.0.1:${host.port}/health/ready`);
                assert.deepEqual([ready.status, (await ready.json()).status], [200, 'ok']);
                assert.equal((await fetch(`http://127.0.0.1:${host.port}/`)).status, 200, 'the chat page');
                const plugins = (await host.admin('/admin/v1/plugins')).body;
                assert.ok(plugins.length >= 9, JSON.stringify(plugins));
                for (const plugin of plugins) assert.equal(plugin.state, OFF.includes(plugin.name) ? 'loaded' : 'started', plugin.name);
            } finally {
                assert.deepEqual(await host.stop(), { code: 0, signal: null }, host.log);
            }
        });
    });

    it('holds what its configuration and plugin authors name', async () => {
        await inFolder(async (folder) => {
            await install(folder);
            const text = await readFile(path.join(folder, 'etc/streamhost/streamhost.yaml'), 'utf8');
            await access(path.join(folder, 'etc/streamhost', text.match(/\$schema=(\S+)/)[1]));
            await access(path.join(folder, 'include/streamhost/plugin.hpp'));
            await access(path.join(folder, 'share/cmake/streamhost-sdk/streamhost-sdkConfig.cmake'));
        });
    });

    it('holds every page and file that a message of the program or a plugin names, and nothing secret', async () => {
        await inFolder(async (folder) => {
            await install(folder);
            const named = new Set();
            const plugins = path.join(folder, 'lib/streamhost/plugins');
            for (const file of [path.join(folder, 'bin/streamhost'), ...(await readdir(plugins)).map((name) => path.join(plugins, name))])
                for (const [name] of (await readFile(file, 'latin1')).matchAll(NAMED)) named.add(name);
            for (const one of ['docs/redis.md', 'docs/auth.md', 'docs/operate/backup.md', 'deploy/redis/backup.sh', 'config/profiles/sentinel.yaml'])
                assert.ok(named.has(one), `${one} is no longer named: ${[...named]}`);
            const documents = path.join(folder, 'share/doc/streamhost');
            for (const name of named) await access(path.join(documents, name));
            await access(path.join(documents, 'deploy/verify.sh'), constants.X_OK);
            const all = await readdir(documents, { recursive: true });
            assert.deepEqual(all.filter((name) => /(^|\/)(\.env|secrets|node_modules)(\/|$)/.test(name)), []);
            assert.ok((await run(path.join(folder, 'bin/streamhost'), ['help'])).stdout.includes('share/doc/streamhost'));
        });
    });

    it('keeps a configuration that is there already', async () => {
        await inFolder(async (folder) => {
            await install(folder);
            const file = path.join(folder, 'etc/streamhost/streamhost.yaml');
            await appendFile(file, '# ours\n');
            await install(folder);
            assert.match(await readFile(file, 'utf8'), /# ours\n$/);
        });
    });
});
