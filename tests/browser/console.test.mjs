import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import { connect } from '../../clients/js/src/index.js';
import { axeViolations, launchBrowser } from './support/browser.mjs';
import { ConsolePage } from './support/console_page.mjs';
import { startHost } from './support/host.mjs';

/** An operator with a browser in front of the admin listener of a real host. */
const LIMIT = { timeout: 120_000 };
const SECTIONS = ['overview', 'nodes', 'plugins', 'sessions', 'streams', 'configuration'];

async function withClient(host, options, use) {
    const client = connect(`ws://127.0.0.1:${host.port}/v1/ws`, { storage: 'memory', ...options });
    const states = [];
    client.on('state', (state) => states.push(state));
    try {
        await new Promise((resolve) => client.on('welcome', resolve));
        await use(client, states);
    } finally {
        client.close();
    }
}

suite('console without tokens', { timeout: 900_000 }, () => {
    let host;
    let browser;
    let context;

    before(async () => {
        host = await startHost({ 'plugins.health.canary_interval_ms': 500 });
        browser = await launchBrowser();
    });

    after(async () => {
        await browser?.close();
        await host?.stop();
    });

    beforeEach(async () => {
        context = await browser.browser.newContext({ viewport: { width: 1280, height: 860 } });
    });

    afterEach(() => context.close());

    const open = (section, in_context = context) => ConsolePage.open(in_context, host.admin, section);

    test('shows the node, and breaks no policy', LIMIT, async () => {
        const foreign = [];
        context.on('request', (request) => {
            if (!request.url().startsWith(`${host.admin}/`)) foreign.push(request.url());
        });
        const seen = await open();
        await seen.shown();
        assert.equal(await seen.fact('State'), 'running');
        assert.equal(await seen.fact('Health'), 'ok');
        assert.match(await seen.fact('Version'), /^streamhost\/\d/);
        assert.match(await seen.fact('Connections'), /^[01] of [\d,]+$/); // one is what asked whether the node is up, until it is closed
        assert.equal(await seen.page.isHidden('#sign-in'), true);
        assert.equal(await seen.page.isHidden('#signed-in'), true);
        const listener = await seen.row('overview', 'public');
        assert.deepEqual([listener.Address, listener.WebSocket, listener.HTTP], [`127.0.0.1:${host.port}`, 'on', 'on']);
        for (const section of SECTIONS) await seen.go(section);
        assert.deepEqual(foreign, []);
        seen.check();
    });

    test('follows what clients do, and asks at most once a second', LIMIT, async () => {
        const seen = await open();
        await withClient(host, { session: 'busy' }, async (client) => {
            await seen.untilFact('WebSockets', '1');
            await (await client.send('one two three')).finished();
            await seen.page.waitForFunction(() => document.querySelector('#charts .chart-line').getAttribute('d').split('L').length > 2);
            await seen.page.waitForFunction(() => /\d/.test(document.querySelectorAll('#charts .chart-value')[1].textContent));
            await seen.page.waitForFunction(() => /\d/.test(document.querySelectorAll('#charts .chart-value')[4].textContent));
            await seen.go('streams');
            await seen.untilRow('streams', 'Runs ended: complete', 'Now, or since the start', '1');
            assert.equal((await seen.row('followed', 'busy'))['Readers here'], '1');
            await seen.go('sessions');
            await seen.untilRow('sessions', 'busy', 'User', 'anonymous');
        });
        const begun = await seen.page.evaluate(() => performance.getEntriesByType('resource').filter(({ initiatorType }) => initiatorType === 'fetch').map(({ startTime }) => startTime));
        assert.ok(begun.length >= 6);
        // The poller's second is exact (console_parts.test.mjs); a browser may send one call later than it was begun.
        for (let i = 1; i < begun.length; i += 1) assert.ok(begun[i] - begun[i - 1] >= 900, `at ${begun}`);
        assert.ok(seen.asked.every(({ headers }) => headers.authorization === undefined));
        seen.check();
    });

    test('kicks a session, and the client hears it', LIMIT, async () => {
        const seen = await open('sessions');
        await withClient(host, { session: 'unwelcome' }, async (_, states) => {
            await seen.button('sessions', 'Kick unwelcome').click();
            await seen.page.waitForSelector('#question[open]');
            await seen.page.keyboard.press('Escape');
            await seen.page.waitForSelector('#question:not([open])', { state: 'attached' });
            assert.ok(states.every(({ state }) => state !== 'closed'), 'nothing was done yet');
            await seen.button('sessions', 'Kick unwelcome').click();
            await seen.answerYes();
            await seen.page.waitForSelector('#said:has-text("1 connection of unwelcome closed.")');
            await seen.page.waitForSelector('#sessions .table > .about:not([hidden])');
            assert.deepEqual([states.at(-1).state, states.at(-1).code], ['closed', 4403]);
        });
        seen.check();
    });

    test('switches a plugin on and off, after its plan was shown', LIMIT, async () => {
        const stateOf = async (name) => {
            const list = await (await fetch(`${host.admin}/admin/v1/plugins`)).json();
            return list.find((plugin) => plugin.name === name).state;
        };
        const seen = await open('plugins');
        assert.equal((await seen.row('plugins', 'echo')).State, 'off');
        await seen.button('plugins', 'Switch on echo').click();
        await seen.page.waitForSelector('#question[open]');
        assert.match(await seen.page.innerText('#question-plan'), /echo/);
        assert.equal(await stateOf('echo'), 'loaded', 'a plan changes nothing');
        await seen.answerYes();
        await seen.untilRow('plugins', 'echo', 'State', 'running');
        assert.equal(await stateOf('echo'), 'started');
        await seen.button('plugins', 'Switch off echo').click();
        await seen.answerYes();
        await seen.untilRow('plugins', 'echo', 'State', 'off');
        assert.notEqual(await stateOf('echo'), 'started');
        seen.check();
    });

    test('says who uses a plugin, and who would stop with it', LIMIT, async () => {
        const seen = await open('plugins');
        assert.match((await seen.row('plugins', 'streamcache'))['Used by'], /chat/);
        await seen.button('plugins', 'Switch off streamcache').click();
        await seen.page.waitForSelector('#question[open]');
        const plan = await seen.page.innerText('#question-plan');
        assert.match(plan, /^stops +chat: it requires streamhost\.streamcache\/1/m);
        assert.match(plan, /^degrades +gateway: uses streamhost\.recovery\/1 if present/m);
        await seen.page.click('#question-no');
        await seen.untilRow('plugins', 'streamcache', 'State', 'running');
        seen.check();
    });

    test('goes on without the plugin health, and says what is missing', LIMIT, async () => {
        const toggle = (enabled) =>
            fetch(`${host.admin}/admin/v1/plugins/health`, { method: 'POST', body: JSON.stringify({ enabled }) });
        const seen = await open();
        await seen.shown();
        await toggle(false);
        try {
            await seen.page.waitForSelector('#charts-problem:not([hidden])');
            assert.equal(await seen.page.isHidden('#away'), true);
            await seen.untilFact('Health', '–');
        } finally {
            await toggle(true);
        }
        await seen.untilFact('Health', 'ok');
        await seen.page.waitForSelector('#charts-problem[hidden]', { state: 'attached' });
        seen.check(/404/);
    });

    test('shows the configuration with the origin of each value, and finds keys', LIMIT, async () => {
        const seen = await open('configuration');
        await seen.page.fill('#configuration-filter', 'canary_interval');
        const key = await seen.row('configuration', 'plugins.health.canary_interval_ms');
        assert.equal(key.Value, '500');
        assert.doesNotMatch(key.From, /default/);
        assert.equal(await seen.page.locator('#configuration tbody tr').count(), 1);
        seen.check();
    });

    test('by keyboard alone', LIMIT, async () => {
        const seen = await open();
        await seen.shown();
        const { page } = seen;
        const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.getAttribute('href') || document.activeElement.getAttribute('aria-label'));
        const order = [];
        while (order.at(-1) !== '#configuration' && order.length < 20) {
            await page.keyboard.press('Tab');
            order.push(await focused());
        }
        assert.deepEqual(order.slice(order.indexOf('#main')), ['#main', 'theme', ...SECTIONS.map((name) => `#${name}`)]);
        await page.keyboard.press('Shift+Tab');
        await page.keyboard.press('Shift+Tab');
        await page.keyboard.press('Shift+Tab');
        await page.keyboard.press('Enter');
        await page.waitForSelector('#plugins tbody tr');
        assert.equal(await focused(), 'plugins-title', 'the focus is where one went');
        await seen.button('plugins', 'Switch on echo').focus();
        await page.keyboard.press('Enter');
        await page.waitForSelector('#question[open]');
        assert.equal(await focused(), 'question-no', 'the harmless answer comes first');
        await page.keyboard.press('Enter');
        await page.waitForSelector('#question:not([open])', { state: 'attached' });
        assert.equal(await focused(), 'Switch on echo', 'and back');
        seen.check();
    });

    test('a focus and a selection outlast every look', LIMIT, async () => {
        const seen = await open('plugins');
        await seen.button('plugins', 'Switch on echo').focus();
        const looks = seen.asked.length;
        while (seen.asked.filter(({ url }) => url.endsWith('/plugins')).length < 3) await seen.page.waitForRequest(/plugins$/);
        assert.ok(seen.asked.length > looks);
        assert.equal(await seen.page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Switch on echo');
    });

    for (const colorScheme of ['light', 'dark']) {
        for (const width of [390, 1280]) {
            test(`axe finds nothing, and nothing is wider than the screen: ${width} px, ${colorScheme}`, LIMIT, async () => {
                const styled = await browser.browser.newContext({ viewport: { width, height: 844 }, colorScheme, reducedMotion: 'reduce' });
                await withClient(host, { session: 'a'.repeat(64) }, async () => {
                    const seen = await open('overview', styled);
                    await seen.shown();
                    for (const section of SECTIONS) {
                        await seen.go(section);
                        if (section !== 'overview') await seen.page.waitForSelector(`#${section} tbody tr`);
                        assert.deepEqual(await axeViolations(seen.page), [], section);
                        assert.ok((await seen.overflow()) <= 0, `${section} is wider than the screen`);
                    }
                    await seen.go('plugins');
                    await seen.button('plugins', 'Switch off chat').click();
                    await seen.page.waitForSelector('#question[open]');
                    assert.deepEqual(await axeViolations(seen.page), [], 'with a question');
                    assert.ok((await seen.overflow()) <= 0);
                    seen.check();
                });
                await styled.close();
            });
        }
    }
});
