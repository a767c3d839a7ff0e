import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import { connect } from '../../clients/js/src/index.js';
import { axeViolations, launchBrowser } from './support/browser.mjs';
import { ConsolePage } from './support/console_page.mjs';
import { startHost } from './support/host.mjs';

/** An operator with a token, a wrong one, one that grants less than is tried, and users who mean no good. */
const LIMIT = { timeout: 120_000 };
const MARKUP = '<img src=x onerror=document.title="taken"><b>b</b>';
const REFUSED = /^(401|403) |status of 40[13]/;

suite('console with tokens', { timeout: 900_000 }, () => {
    let folder;
    let settings;
    let host;
    let browser;
    let context;

    before(async () => {
        folder = await mkdtemp(path.join(tmpdir(), 'streamhost-console-'));
        await writeFile(path.join(folder, 'secret'), randomBytes(32).toString('hex'));
        settings = {
            'plugins.auth.enabled': true,
            'plugins.auth.dev_tokens.enabled': true,
            'plugins.auth.dev_tokens.secret_file': path.join(folder, 'secret'),
            'plugins.gateway.authentication': 'required',
            'listeners.admin.authentication': 'required',
        };
        host = await startHost(settings);
        browser = await launchBrowser();
    });

    after(async () => {
        await browser?.close();
        await host?.stop();
        await rm(folder, { recursive: true, force: true });
    });

    beforeEach(async () => {
        context = await browser.browser.newContext({ viewport: { width: 1280, height: 860 } });
    });

    afterEach(() => context.close());

    const open = (section) => ConsolePage.open(context, host.admin, section);

    async function tokenFor(user, grants) {
        const response = await fetch(`${host.origin}/v1/dev-token`, { method: 'POST', body: JSON.stringify({ user, grants }) });
        assert.equal(response.status, 200);
        return (await response.json()).token;
    }

    async function signedIn(grants, section) {
        const seen = await open(section);
        await seen.signIn(await tokenFor('operator', grants));
        await seen.shown();
        return seen;
    }

    test('asks for a token, and shows nothing before', LIMIT, async () => {
        const seen = await open('sessions');
        await seen.page.waitForSelector('#sign-in:not([hidden])');
        assert.equal(await seen.page.evaluate(() => document.activeElement.id), 'token');
        assert.equal(await seen.page.isHidden('#navigation'), true);
        assert.equal(await seen.page.isHidden('#sessions'), true);
        assert.deepEqual(await axeViolations(seen.page), []);
        assert.deepEqual(seen.asked.map(({ url }) => new URL(url).pathname), ['/admin/v1/access']);
        seen.check(REFUSED);
    });

    test('says of a wrong token what is wrong, and keeps none', LIMIT, async () => {
        const seen = await open();
        await seen.signIn('not a token');
        await seen.page.waitForSelector('#sign-in-problem:has-text("That is no token")');
        const [head, claims, signature] = (await tokenFor('operator', ['admin:*'])).split('.');
        const forged = `${head}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
        await seen.signIn(forged);
        await seen.page.waitForSelector('#sign-in-problem:not([hidden]):not(:has-text("That is no token"))');
        assert.equal(await seen.page.isHidden('#navigation'), true);
        assert.deepEqual(await seen.page.evaluate(() => [sessionStorage.length, localStorage.length]), [0, 0]);
        assert.equal(await seen.page.inputValue('#token'), '', 'nor in the field');
        assert.deepEqual(await axeViolations(seen.page), []);
        seen.check(REFUSED);
    });

    test('a token lasts as long as its tab, and is nowhere else', LIMIT, async () => {
        const token = await tokenFor('operator', ['admin:*']);
        const seen = await open();
        await seen.signIn(token);
        await seen.shown();
        assert.equal(await seen.page.innerText('#user'), 'operator');
        await seen.page.reload();
        await seen.shown();
        assert.equal(await seen.page.isHidden('#sign-in'), true);
        assert.deepEqual(await seen.page.evaluate(() => [localStorage.length, document.cookie]), [0, '']);
        assert.ok(seen.asked.every(({ url }) => !url.includes(token)));
        assert.ok(seen.asked.slice(1).every(({ headers }) => headers.authorization === `Bearer ${token}`));
        const other = await open();
        await other.page.waitForSelector('#sign-in:not([hidden])');
        await seen.page.click('#sign-out');
        await seen.page.waitForSelector('#sign-in:not([hidden])');
        assert.equal(await seen.page.isHidden('#navigation'), true);
        assert.equal(await seen.page.evaluate(() => sessionStorage.length), 0);
        await seen.page.reload();
        await seen.page.waitForSelector('#sign-in:not([hidden])');
        seen.check(REFUSED);
    });

    test('what the token does not grant cannot be pressed, and says why', LIMIT, async () => {
        const seen = await signedIn(['admin:view'], 'plugins');
        const button = seen.button('plugins', 'Switch on echo');
        await button.waitFor();
        assert.equal(await button.getAttribute('aria-disabled'), 'true');
        assert.match(await button.getAttribute('title'), /admin:change/);
        await button.focus();
        await seen.page.keyboard.press('Enter');
        await seen.page.waitForSelector('#said:has-text("does not grant admin:change")');
        assert.equal(await seen.page.isVisible('#question'), false);
        await seen.go('streams');
        await seen.page.waitForSelector('#streams > .problem:has-text("The token does not grant admin:metrics")');
        await seen.go('overview');
        await seen.page.waitForSelector('#charts-problem:has-text("admin:metrics")');
        assert.equal(await seen.fact('State'), 'running');
        assert.deepEqual(await axeViolations(seen.page), []);
        seen.check(REFUSED);
    });

    test('what the node refuses is shown in its words, whatever the page believed', LIMIT, async () => {
        await context.route('**/admin/v1/access', (route) =>
            route.fulfill({ json: { authentication: 'required', user: 'operator', grants: { view: true, metrics: true, change: true } } }),
        );
        await context.addInitScript((token) => sessionStorage.setItem('streamhost-operator:token', token), await tokenFor('operator', ['admin:view']));
        const seen = await open('plugins');
        await seen.button('plugins', 'Switch on echo').click();
        await seen.page.waitForSelector('#said:has-text("The token does not grant admin:change")');
        await seen.button('plugins', 'Restart chat').click();
        await seen.page.click('#question-yes');
        await seen.page.waitForSelector('#question-problem:has-text("The token does not grant admin:change")');
        assert.equal(await seen.page.isVisible('#question'), true);
        seen.check(REFUSED);
    });

    test('the page cannot lock itself out: what judges its token stays, and the reason is shown', LIMIT, async () => {
        const seen = await signedIn(['admin:*'], 'plugins');
        await seen.button('plugins', 'Switch off auth').click();
        await seen.page.waitForSelector('#said:has-text("the admin API would answer 503 to everything, the way back included")');
        await seen.page.waitForSelector('#question:not([open])', { state: 'attached' });
        seen.check(/^(401|409) |status of 40[19]/);
    });

    test('a token that ends while one looks leads back to the door', LIMIT, async () => {
        const seen = await signedIn(['admin:*'], 'sessions');
        const admin = await tokenFor('admin', ['admin:*']);
        const revoked = await fetch(`${host.admin}/admin/v1/auth/revoke`, {
            method: 'POST',
            headers: { Authorization: `Bearer ${admin}` },
            body: JSON.stringify({ user: 'operator' }),
        });
        assert.equal(revoked.status, 200);
        const { revocation } = await revoked.json();
        await seen.page.waitForSelector('#sign-in:not([hidden])');
        await seen.page.waitForSelector('#sign-in-problem:has-text("revoked")');
        assert.equal(await seen.page.isHidden('#sessions'), true);
        await fetch(`${host.admin}/admin/v1/auth/revocations/${revocation.id}`, { method: 'DELETE', headers: { Authorization: `Bearer ${admin}` } });
        seen.check(REFUSED);
    });

    test('a user whose name is markup is shown as text, and can be searched and kicked', LIMIT, async () => {
        const seen = await signedIn(['admin:*'], 'sessions');
        const client = connect(`ws://127.0.0.1:${host.port}/v1/ws`, {
            session: 'marked',
            storage: 'memory',
            token: await tokenFor(MARKUP, ['read:@own', 'send:@own']),
        });
        const closed = new Promise((resolve) => client.on('state', ({ state, code }) => state === 'closed' && resolve(code)));
        try {
            assert.equal((await seen.row('sessions', 'marked')).User, MARKUP);
            await seen.page.fill('#session-user', MARKUP);
            await seen.page.press('#session-user', 'Enter');
            await seen.page.waitForSelector(`#session-count:has-text("1 entry of <img")`);
            await seen.button('sessions', 'Kick marked').click();
            assert.ok((await seen.page.innerText('#question-text')).includes(MARKUP));
            await seen.answerYes();
            assert.equal(await closed, 4403);
            await seen.page.fill('#session-user', '<script>alert(1)</script>');
            await seen.page.press('#session-user', 'Enter');
            await seen.page.waitForSelector('#session-count:has-text("0 entries of <script>")');
        } finally {
            client.close();
        }
        assert.equal(await seen.page.locator(':is(#sessions, #question) :is(img, b, script)').count(), 0);
        assert.doesNotMatch(await seen.page.title(), /taken/);
        seen.check(REFUSED);
    });

    test('outlives the node: old numbers are marked as old, and it goes on by itself', LIMIT, async () => {
        const seen = await signedIn(['admin:*'], 'overview');
        const version = await seen.fact('Version');
        await host.kill();
        await seen.page.waitForSelector('#away:not([hidden])');
        assert.match(await seen.page.innerText('#away-text'), /does not answer\. What you see is of \d\d:\d\d:\d\d/);
        assert.equal(await seen.page.innerText('#link-text'), 'No answer');
        assert.equal(await seen.fact('Version'), version, 'what was known stays');
        assert.ok(await seen.page.evaluate(() => document.body.classList.contains('stale')));
        assert.deepEqual(await axeViolations(seen.page), []);
        await seen.page.waitForFunction(() => /else in \d+ s/.test(document.getElementById('try-now').textContent));
        const tries = seen.asked.length;
        host = await startHost(settings, host);
        await seen.page.click('#try-now');
        await seen.shown();
        assert.equal(await seen.page.isHidden('#away'), true);
        assert.ok(seen.asked.length > tries);
        const first = await seen.fact('Up for');
        await seen.page.waitForFunction((old) => document.querySelector('#facts').textContent.includes('Up for') && !document.querySelector('#facts').textContent.includes(`Up for${old}`), first);
        seen.check(/ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|^(401) |status of 401/);
    });
});
