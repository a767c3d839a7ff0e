// Plugins switched on, off and over while a client talks: what survives, and how the rest ends.
import assert from 'node:assert/strict';
import { appendFile, copyFile, mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import WebSocket from 'ws';

import { inFolder, pluginDirectory, serveHost } from './support/host_process.mjs';
import { RawClient } from './support/raw_client.mjs';

const PLUGINS = '/admin/v1/plugins';

/** A client that sends the next number when the last one came back, until it is stopped or closed. */
class Talker {
    echoed = 0;
    closed = null;
    #socket;
    #stopped = false;

    constructor(url) {
        this.#socket = new WebSocket(url, { perMessageDeflate: false });
        this.#socket.on('message', (data) => {
            assert.equal(Number(data), this.echoed, 'nothing lost, nothing doubled');
            ++this.echoed;
            if (!this.#stopped) this.#socket.send(String(this.echoed));
        });
        this.#socket.on('error', () => {});
        this.ended = new Promise((resolve) => {
            this.#socket.on('close', (code, reason) => resolve((this.closed = { code, reason: String(reason) })));
        });
    }
    static async open(url) {
        const talker = new Talker(url);
        await new Promise((resolve, reject) => talker.#socket.once('open', resolve).once('error', reject));
        talker.#socket.send('0');
        return talker;
    }
    stop() {
        this.#stopped = true;
        this.#socket.close(1000);
        return this.ended;
    }
}

const pluginOf = async (host, name) => (await host.admin(PLUGINS)).body.find((plugin) => plugin.name === name);
const stateIs = (host, name, state) => host.until(async () => (await pluginOf(host, name)).state === state);

async function toggle(host, name, enabled) {
    const answer = await host.admin(`${PLUGINS}/${name}`, { enabled });
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
    await stateIs(host, name, enabled ? 'started' : 'loaded').catch(async (error) => {
        throw new Error(`${error.message}\n${JSON.stringify(await pluginOf(host, name))}`);
    });
    return answer.body;
}

/** Echoes more after `change` than before: the connection went on through it. */
async function goesOnThrough(host, talker, change) {
    await change();
    const before = talker.echoed;
    await host.until(async () => talker.closed !== null || talker.echoed > before + 10);
    assert.equal(talker.closed, null);
}

describe('switching plugins', () => {
    let host;
    before(async () => {
        host = await serveHost({
            'plugins.echo.enabled': true,
            'plugins.streamcache.enabled': true,
            'plugins.pubsub.enabled': true,
            'plugins.recovery.enabled': true,
            'plugins.chat.enabled': true,
            'runtime.loops': 2,
        });
    });
    after(async () => {
        assert.deepEqual(await host?.stop(), { code: 0, signal: null });
    });

    it('shows each with its state', async () => {
        const echo = await pluginOf(host, 'echo');
        assert.equal(echo.state, 'started');
        assert.equal(echo.enabled, true);
        assert.equal(echo.generation, 1);
        assert.equal(echo.faults, 0);
    });

    it('plans without doing, and names what goes along', async () => {
        const answer = await host.admin(`${PLUGINS}/streamcache`, { enabled: false, dry_run: true });
        assert.equal(answer.status, 200);
        for (const name of ['streamcache', 'chat', 'recovery']) assert.match(answer.body.plan, new RegExp(name));
        assert.equal((await pluginOf(host, 'streamcache')).state, 'started');
        assert.equal((await pluginOf(host, 'chat')).state, 'started');
        await host.printed(/audit: admin call method=POST path=\/admin\/v1\/plugins\/streamcache peer=\S+ user=- status=200 dry_run=true$/m);
        assert.equal((await host.admin(`${PLUGINS}/nobody`, { enabled: true, dry_run: true })).status, 409);
        await host.printed(/audit: admin call .*path=\/admin\/v1\/plugins\/nobody .*status=409 dry_run=true$/m);
        assert.equal((await host.admin(`${PLUGINS}/nobody`, { enabled: true, dry_run: false })).status, 409);
        await host.printed(/audit: admin call .*path=\/admin\/v1\/plugins\/nobody .*status=409$/m);
    });

    it('leaves the connections of the others alone', async () => {
        const talkers = await Promise.all(Array.from({ length: 8 }, () => Talker.open(`${host.url}/echo`)));
        for (const talker of talkers) {
            await goesOnThrough(host, talker, () => toggle(host, 'streamcache', false));
            assert.equal((await pluginOf(host, 'chat')).state, 'loaded');
            await goesOnThrough(host, talker, () => toggle(host, 'streamcache', true));
            await stateIs(host, 'chat', 'started');
        }
        for (const talker of talkers) assert.deepEqual(await talker.stop(), { code: 1000, reason: '' });
    });

    it('closes its own with 1013, answers 404 while it is off, and serves again', async () => {
        for (let round = 0; round < 3; ++round) {
            const talkers = await Promise.all(Array.from({ length: 8 }, () => Talker.open(`${host.url}/echo`)));
            const resting = await RawClient.upgraded(host.port, '/echo'); // says nothing, and has to hear of it all the same
            await toggle(host, 'echo', false);
            for (const talker of talkers) {
                const { code, reason } = await talker.ended;
                assert.equal(code, 1013);
                assert.notEqual(reason, '');
            }
            assert.equal((await resting.frame()).code, 1013);
            resting.close();
            await assert.rejects(Talker.open(`${host.url}/echo`), /404/);
            await toggle(host, 'echo', true);
            const again = await Talker.open(`${host.url}/echo`);
            await host.until(async () => again.echoed > 3);
            await again.stop();
        }
        assert.equal((await pluginOf(host, 'echo')).faults, 0);
    });

    it('refuses what cannot be', async () => {
        assert.equal((await host.admin(`${PLUGINS}/nobody`, { enabled: true })).status, 409);
        assert.equal((await host.admin(`${PLUGINS}/echo`, { enable: true })).status, 400);
        assert.equal((await host.admin(`${PLUGINS}/echo`, {})).status, 400);
    });
});

describe('replacing a plugin', () => {
    it('starts the new file beside the old one, on the same path', async () => {
        await inFolder(async (folder) => {
            const directory = path.join(folder, 'plugins');
            await mkdir(directory);
            await copyFile(path.join(pluginDirectory, 'echo.so'), path.join(directory, 'echo.so'));
            const host = await serveHost({ 'plugins.directory': directory, 'plugins.echo.enabled': true });
            try {
                const before = await Talker.open(`${host.url}/echo`);
                assert.equal((await host.admin(`${PLUGINS}/echo`, { replace: true })).status, 409, 'the file is the same');

                // The same code in another file: what a new build would be to the loader.
                await copyFile(path.join(directory, 'echo.so'), path.join(directory, 'echo.new'));
                await appendFile(path.join(directory, 'echo.new'), '\n');
                await rename(path.join(directory, 'echo.new'), path.join(directory, 'echo.so'));
                const answer = await host.admin(`${PLUGINS}/echo`, { replace: true });
                assert.equal(answer.status, 202, JSON.stringify(answer.body));
                await host.until(async () => (await pluginOf(host, 'echo')).generation === 2);
                assert.equal((await before.ended).code, 1013);
                const after = await Talker.open(`${host.url}/echo`);
                await host.until(async () => after.echoed > 3);
                await after.stop();
                assert.equal((await pluginOf(host, 'echo')).state, 'started');
            } finally {
                assert.deepEqual(await host.stop(), { code: 0, signal: null });
            }
        });
    });
});
