// What README.md shows is what happens: its lines of JavaScript run, and its consoles get the answers that are printed there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';

import { configFile, inFolder, root, runHost, serveHost } from './support/host_process.mjs';

const TEST_MS = 30_000;
const ANSWER_MS = 10_000;
const ADDRESS = 'ws://127.0.0.1:8080';
const readme = await readFile(path.join(root, 'README.md'), 'utf8');

/** The code blocks of a language below a heading. */
function blocks(heading, language) {
    const section = readme.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
    assert.ok(section, `README.md has no section ${heading}`);
    return [...section.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, text]) => text);
}

/** `...` stands for anything, and so does the rest of a word that it cuts. */
const asPattern = (line) => new RegExp(`^${line.split(/\w*\.\.\./).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*')}$`);

const deadline = (what) => {
    const signal = AbortSignal.timeout(ANSWER_MS);
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error(`no ${what} in time`))));
};

/** Says the lines with ">" and waits for those with "<", in order; other messages may come between. */
async function converse(block, host) {
    const url = block.match(/wscat -c (\S+)/)[1];
    assert.ok(url.startsWith(ADDRESS));
    const socket = new WebSocket(url.replace(ADDRESS, host.url));
    const unread = [];
    let news = () => {};
    socket.addEventListener('message', ({ data }) => (unread.push(data), news()));
    await Promise.race([new Promise((resolve) => socket.addEventListener('open', resolve)), deadline('connection')]);
    const late = deadline('answer');
    late.catch(() => {});
    let answers = 0;
    for (const line of block.split('\n')) {
        if (line.startsWith('> ')) socket.send(line.slice(2));
        if (!line.startsWith('< ')) continue;
        const pattern = asPattern(line.slice(2));
        while (!pattern.test(unread.shift() ?? '')) {
            if (unread.length > 0) continue;
            await Promise.race([new Promise((resolve) => (news = resolve)), late]).catch((error) => {
                throw new Error(`${error.message}: ${pattern}`);
            });
        }
        answers += 1;
    }
    socket.close();
    return answers;
}

/** The settings of a `./dev run` line. */
const settingsOf = (block) => Object.fromEntries([...block.matchAll(/--set (\S+?)=(\S+)/g)].map(([, key, value]) => [key, value]));

const withHost = async (settings, use) => {
    const host = await serveHost(settings, { words: ['-c', 'config/streamhost.yaml'] });
    try {
        return await use(host);
    } finally {
        assert.equal((await host.stop()).code, 0, host.log);
    }
};

test('the lines of JavaScript stream an answer', { timeout: 2 * TEST_MS }, async () => {
    const [script] = blocks('From JavaScript', 'js');
    assert.ok(script.includes(ADDRESS));
    await withHost({}, (host) =>
        inFolder(async (folder) => {
            // As `npm install ./clients/js` leaves it.
            await mkdir(path.join(folder, 'node_modules'));
            await symlink(path.join(root, 'clients/js'), path.join(folder, 'node_modules/streamhost'));
            await writeFile(path.join(folder, 'script.mjs'), script.replace(ADDRESS, host.url));
            const child = spawn(process.execPath, ['script.mjs'], { cwd: folder, timeout: TEST_MS });
            let out = '';
            let err = '';
            child.stdout.on('data', (text) => (out += text));
            child.stderr.on('data', (text) => (err += text));
            const code = await new Promise((resolve) => child.on('close', resolve));
            assert.deepEqual({ code, out, err }, { code: 0, out: 'Two sights, one line each.\ncomplete\n', err: '' });
        }),
    );
});

test('the conversation by hand is answered as printed', { timeout: TEST_MS }, async () => {
    const [block] = blocks('By hand', 'console');
    assert.equal(await withHost({}, (host) => converse(block, host)), 4);
});

test('the section for a real model is a valid one', { timeout: TEST_MS }, async () => {
    const [section] = blocks('By hand', 'yaml');
    const shipped = await readFile(path.join(root, 'config/streamhost.yaml'), 'utf8');
    const changed = shipped.replace(/^ {2}chat:\n(?: {4}.*\n)+/m, `${section.trimEnd()}\n`);
    assert.notEqual(changed, shipped, 'there is a block to put it in place of');
    await inFolder(async (folder) => {
        const file = await configFile(folder, changed);
        const checked = await runHost(['config', 'check', file], { OPENAI_API_KEY: 'k' });
        assert.deepEqual({ code: checked.code, err: checked.err }, { code: 0, err: '' });
    });
});

test('the sample plugin answers as printed', { timeout: TEST_MS }, async () => {
    const [block] = blocks('A plugin', 'console');
    const settings = settingsOf(block);
    assert.deepEqual(settings, { 'plugins.echo.enabled': 'true' });
    assert.equal(await withHost(settings, (host) => converse(block, host)), 1);
});
