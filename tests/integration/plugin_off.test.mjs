// Each plugin off: at the start, and under a client that is in the middle of a stream. A client is told, never left waiting.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { serveHost } from './support/host_process.mjs';
import { Returning, isUnavailable } from './support/returning.mjs';
import { newSession, wordsOf } from './support/talks.mjs';
import { Wire } from './support/wire.mjs';

const TEST_MS = 60_000;
const CONFIG = { words: ['-c', 'config/streamhost.yaml'] };
const WORDS = wordsOf(40);
const SHIPPED = ['streamcache', 'pubsub', 'recovery', 'session', 'health', 'gateway', 'chat', 'console'];
/** What requires it, and so waits. */
const WAITING = { streamcache: ['chat', 'recovery'], pubsub: ['recovery'] };
const waiting = (name) => WAITING[name] ?? [];
/** Without these nobody can be welcomed: a session is joined and its stream followed. */
const WELCOMES_NOBODY = new Set(['streamcache', 'pubsub', 'recovery', 'session']);

const get = async (host, pathname, port = host.port) => fetch(`http://127.0.0.1:${port}${pathname}`);
const pluginsOf = async (host) => Object.fromEntries((await host.admin('/admin/v1/plugins')).body.map((plugin) => [plugin.name, plugin]));

/** A whole conversation on the connection: sent, streamed, ended. */
async function converse(wire, content = 'two words') {
    const { run, type } = await wire.ask({ type: 'send', content });
    assert.equal(type, 'accepted');
    const { text, end } = await wire.textOf(run);
    assert.equal(text, content);
    assert.equal(end.outcome, 'complete');
}

async function refusesHello(host) {
    const wire = await Wire.open(host);
    isUnavailable(await wire.ask({ type: 'hello', id: 'h', session: newSession() }), 'h');
    assert.equal((await wire.ended()).code, 1013);
}

/** What clients get of a host without the plugin. */
const WITHOUT = {
    gateway: async (host) => {
        await assert.rejects(Wire.open(host), /404/);
        assert.equal((await get(host, '/')).status, 200);
    },
    chat: async (host) => {
        const wire = await Wire.join(host, { session: newSession() });
        isUnavailable(await wire.ask({ type: 'send', id: 's', content: 'x' }), 's');
        isUnavailable(await wire.ask({ type: 'cancel', id: 'c', run: `${wire.welcome.session}.x` }), 'c');
        assert.deepEqual((await wire.ask({ type: 'history' })).messages, []);
        const stream = newSession();
        assert.equal((await wire.ask({ type: 'append', stream, entries: [{ kind: 'text', delta: 'a' }] })).type, 'appended');
        assert.equal((await wire.ask({ type: 'subscribe', stream })).head, 1);
        wire.close();
    },
    console: async (host) => {
        const page = await get(host, '/');
        assert.equal(page.status, 404);
        assert.equal((await page.json()).code, 'not_found');
        const wire = await Wire.join(host);
        await converse(wire);
        wire.close();
    },
    health: async (host) => {
        assert.equal((await get(host, '/health/live')).status, 404);
        const wire = await Wire.join(host);
        await converse(wire);
        wire.close();
    },
};

for (const name of SHIPPED) {
    describe(`started without ${name}`, { timeout: TEST_MS }, () => {
        let host;
        before(async () => {
            host = await serveHost({ [`plugins.${name}.enabled`]: false }, CONFIG);
        });
        after(async () => assert.equal((await host.stop()).code, 0, host.log));

        it('says so in its log', async () => {
            await host.printed(/ ready node=/); // the last line of a start; the log is written behind
            assert.match(host.log, new RegExp(`plugin is off plugin=${name} `));
            for (const other of waiting(name)) assert.match(host.log, new RegExp(`a plugin cannot start plugin=${other} reason="it requires streamhost.${name}/1, and its provider is disabled: enable ${name}"`));
            assert.equal(/not every plugin started/.test(host.log), waiting(name).length > 0);
        });

        it('shows it to operators', async () => {
            const plugins = await pluginsOf(host);
            for (const other of SHIPPED) {
                const isStarted = other !== name && !waiting(name).includes(other);
                assert.deepEqual([other, plugins[other].enabled, plugins[other].state === 'started'], [other, other !== name, isStarted]);
            }
            for (const other of waiting(name)) assert.match(plugins[other].reason, new RegExp(`requires streamhost.${name}/1.*enable ${name}`));
            const health = await get(host, '/health', host.adminPort);
            if (name === 'health') return assert.equal(health.status, 404);
            const body = await health.json();
            // What an operator switched off is no fault; what was wanted and does not run is. A gateway that welcomes nobody is not ready.
            const isWelcoming = !WELCOMES_NOBODY.has(name);
            assert.equal(body.status, !isWelcoming ? 'down' : waiting(name).length > 0 ? 'degraded' : 'ok', JSON.stringify(body));
            assert.equal((await get(host, '/health/ready')).status, isWelcoming ? 200 : 503);
            assert.equal(body.reasons.some((reason) => /gateway welcome is down: every hello/.test(reason)), !isWelcoming, JSON.stringify(body.reasons));
            if (isWelcoming) assert.doesNotMatch(host.log, /every hello is answered with unavailable/);
            else await host.printed(/every hello is answered with unavailable/);
            for (const other of waiting(name)) assert.ok(body.reasons.some((reason) => reason.includes(`plugin ${other} `)), JSON.stringify(body.reasons));
        });

        it('tells clients', () => (WELCOMES_NOBODY.has(name) ? refusesHello(host) : WITHOUT[name](host)));
    });
}

describe('switched off and on under a stream', { timeout: TEST_MS }, () => {
    let host;
    before(async () => {
        host = await serveHost({}, CONFIG);
    });
    after(async () => assert.equal((await host.stop()).code, 0, host.log));

    const toggle = async (name, enabled) => {
        // Refused while earlier steps are under way.
        let answer;
        await host.until(async () => (answer = await host.admin(`/admin/v1/plugins/${name}`, { enabled })).status !== 409);
        assert.equal(answer.status, 202, JSON.stringify(answer.body));
        await host.until(async () => {
            const plugins = await pluginsOf(host);
            return [name, ...waiting(name)].every((one) => plugins[one].state === (enabled ? 'started' : 'loaded'));
        });
        return answer.body.plan;
    };

    /** How the connection of a reader ends when the plugin goes. */
    const CLOSES = new Set(['streamcache', 'pubsub', 'recovery', 'gateway']);
    for (const name of SHIPPED) {
        it(name, async () => {
            const client = new Returning(host, newSession());
            await client.connect();
            const { wire } = client;
            const { run } = await wire.ask({ type: 'send', content: WORDS });
            await wire.frame((frame) => frame.stream === run && (frame.seq ?? 0) >= 3);

            const plan = await toggle(name, false);
            for (const other of [name, ...waiting(name)]) assert.match(plan, new RegExp(`stops +${other}`));
            if (CLOSES.has(name)) assert.equal((await wire.ended()).code, 1013);
            else assert.equal(wire.closed, null);
            if (name === 'gateway') {
                const goaway = await wire.frame((frame) => frame.type === 'goaway');
                assert.ok(goaway.reconnect_after_ms <= 100, `${goaway.reconnect_after_ms} ms, for a few clients`);
            }
            await (WELCOMES_NOBODY.has(name) ? refusesHello(host) : WITHOUT[name](host));
            await toggle(name, true);

            const { text, end } = await client.textOf(run);
            assert.equal(text, WORDS);
            assert.equal(end.outcome, 'complete');
            assert.ok(client.closes.every((code) => code === 1013), `${client.closes}`);
            await converse(client.wire, 'and again');
            client.wire.close();
        });
    }

    it('says each change in one line, and warns of nothing but that nobody is welcomed', async () => {
        const count = (what) => host.log.split('\n').filter((line) => what.test(line)).length;
        for (const name of SHIPPED) {
            const isSaid = () => count(new RegExp(`plugin stopped plugin=${name} reason="switched off" `)) === 1;
            await host.until(isSaid); // the log is written behind
            const changes = 1 + SHIPPED.filter((other) => waiting(other).includes(name)).length;
            assert.equal(count(new RegExp(`INFO .*plugin stopped plugin=${name} `)), changes, host.log);
            assert.equal(count(new RegExp(`INFO .*plugin started plugin=${name} `)), 1 + changes, host.log);
        }
        const [, later] = host.log.split(/ ready node=.*\n/);
        const said = later.trimEnd().split('\n').filter((line) => !/ plugin\.gateway: (every hello is answered with unavailable|clients are welcomed again)/.test(line));
        for (const line of said) {
            assert.doesNotMatch(line, / (WARN|ERROR) /);
            assert.match(line, / plugin (started|stopped) plugin=| admin call |^streamhost \S+ ready/);
        }
    });

    it('session: connections that stayed are registered again, to be counted, listed and kicked', async () => {
        const metrics = async () => await (await get(host, '/metrics', host.adminPort)).text();
        const joined = async () => Number((await metrics()).match(/^streamhost_session_connections(?:{[^}]*})? (\S+)$/m)?.[1]);
        await host.until(async () => (await joined()) === 0);
        const wires = await Promise.all(Array.from({ length: 20 }, () => Wire.join(host, { session: newSession() })));
        await host.until(async () => (await joined()) === 20);
        await toggle('session', false);
        await toggle('session', true);
        const late = await Wire.join(host, { session: newSession() });
        await host.until(async () => (await joined()) === 21);
        for (const wire of [...wires, late]) {
            assert.equal(wire.closed, null);
            wire.close();
        }
        await host.until(async () => (await joined()) === 0);
    });

    it('leaves nothing behind', async () => {
        const metrics = await (await get(host, '/metrics', host.adminPort)).text();
        const valueOf = (metric) => Number(metrics.match(new RegExp(`^streamhost_${metric}(?:{[^}]*})? (\\S+)$`, 'm'))?.[1]);
        await host.until(async () => /"websockets":0\b/.test(JSON.stringify((await host.admin('/admin/v1/node')).body)));
        for (const metric of ['faults_total', 'role_violations_total']) assert.equal(valueOf(metric), 0, metric);
        assert.ok(Object.values(await pluginsOf(host)).every((plugin) => plugin.faults === 0));
    });
});
