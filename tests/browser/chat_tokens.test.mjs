import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import { axeViolations, launchBrowser, watchedPage } from './support/browser.mjs';
import { ChatPage } from './support/chat_page.mjs';
import { startHost } from './support/host.mjs';

/** The chat page in front of a host that wants to know who is there. */
const LIMIT = { timeout: 120_000 };

suite('chat page with tokens', { timeout: 600_000 }, () => {
    let host;
    let browser;
    let context;
    let session = 0;

    before(async () => {
        host = await startHost({
            'plugins.auth.enabled': true,
            'plugins.auth.dev_tokens.enabled': true,
            'plugins.auth.leeway_ms': 0,
            'plugins.gateway.authentication': 'required',
            'plugins.chat.providers.echo.delay_ms': 25,
        });
        browser = await launchBrowser();
    });

    after(async () => {
        await browser?.close();
        await host?.stop();
    });

    beforeEach(async () => {
        context = await browser.browser.newContext({ viewport: { width: 390, height: 844 } });
        session += 1;
    });

    afterEach(() => context.close());

    async function open() {
        const { page, findings } = await watchedPage(context);
        await page.goto(`${host.origin}/#tokens-${session}`);
        return new ChatPage(page, findings);
    }

    async function tokenFor(user, ttl_ms = 3_600_000) {
        const response = await fetch(`${host.origin}/v1/dev-token`, { method: 'POST', body: JSON.stringify({ user, ttl_ms }) });
        assert.equal(response.status, 200);
        return (await response.json()).token;
    }

    async function signIn(chat, token) {
        await chat.page.waitForSelector('#sign-in:not([hidden])');
        await chat.page.fill('#token', token);
        await chat.page.press('#token', 'Enter');
    }

    test('asks for a token, says what is wrong with one, and goes on with a good one', LIMIT, async () => {
        const chat = await open();
        await chat.page.waitForSelector('#sign-in:not([hidden])');
        assert.equal(await chat.page.isVisible('#composer'), false);
        assert.equal(await chat.page.isVisible('#notice'), false);
        assert.equal(await chat.page.evaluate(() => document.activeElement.id), 'token');
        assert.deepEqual(await axeViolations(chat.page), []);
        await signIn(chat, 'no token!');
        await chat.page.waitForSelector('#sign-in-problem:has-text("That is no token")');
        await signIn(chat, 'a.b.c');
        await chat.page.waitForSelector('#sign-in-problem:has-text("does not take this token")');
        assert.deepEqual(await axeViolations(chat.page), []);
        assert.equal(await chat.page.evaluate(() => sessionStorage.getItem('streamhost-console:token')), null);
        await signIn(chat, await tokenFor('ann'));
        await chat.connected();
        assert.equal(await chat.page.evaluate(() => document.activeElement.id), 'message');
        await chat.send('who am I');
        await chat.untilEnded();
        assert.deepEqual(await chat.answers(), ['who am I']);
        assert.ok((await chat.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
        assert.deepEqual(chat.findings, []);
    });

    test('a token lasts through a reload, and stands in no address and no lasting storage', LIMIT, async () => {
        const token = await tokenFor('ann');
        const urls = [];
        context.on('request', (request) => urls.push(request.url()));
        const chat = await open();
        await signIn(chat, token);
        await chat.connected();
        await chat.send('before');
        await chat.untilEnded();
        await chat.page.reload();
        await chat.connected();
        await chat.untilEnded();
        assert.deepEqual(await chat.answers(), ['before']);
        const lasting = await chat.page.evaluate(() => JSON.stringify(localStorage) + document.cookie + location.href);
        assert.ok(!lasting.includes(token));
        assert.ok(urls.every((url) => !url.includes(token)));
        const tab = await open();
        await tab.page.waitForSelector('#sign-in:not([hidden])');
    });

    test('a token that expires leads to the field, and the answer goes on with a new one', LIMIT, async () => {
        const text = Array.from({ length: 300 }, (_, i) => `w${i} `).join('');
        const chat = await open();
        await signIn(chat, await tokenFor('ann', 4000));
        await chat.connected();
        await chat.send(text);
        await chat.untilAnswerHas(50);
        await chat.page.waitForSelector('#sign-in-problem:not([hidden])');
        const [before] = await chat.answers();
        assert.ok(text.startsWith(before) && before.length < text.length);
        await signIn(chat, await tokenFor('ann'));
        await chat.connected();
        await chat.untilEnded();
        assert.deepEqual(await chat.answers(), [text]);
        assert.deepEqual(await chat.questions(), [text]);
    });

    test('signing out leaves nothing behind', LIMIT, async () => {
        const chat = await open();
        await signIn(chat, await tokenFor('ann'));
        await chat.connected();
        await chat.send('a secret');
        await chat.untilEnded();
        await chat.page.click('.menu');
        await chat.page.click('#sign-out');
        await chat.page.waitForSelector('#sign-in:not([hidden])');
        const left = await chat.page.evaluate(() => document.body.textContent + JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + location.href);
        assert.ok(!left.includes('secret'));
        assert.ok(!left.includes(`tokens-${session}`));
    });
});
