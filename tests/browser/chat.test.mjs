import assert from 'node:assert/strict';
import { after, before, beforeEach, afterEach, suite, test } from 'node:test';
import { axeViolations, launchBrowser } from './support/browser.mjs';
import { ChatPage } from './support/chat_page.mjs';
import { startHost } from './support/host.mjs';
import { startProxy } from './support/proxy.mjs';

/**
 * A person with a browser in front of the real host. The provider `echo` streams the message back word by word, so
 * the truth is known to the byte: what was sent.
 */
const LIMIT = { timeout: 120_000 };

/** Words that tell their place, between everything that has ever been escaped wrongly. */
function longText(words) {
    const spice = ['<b>bold</b>', '&amp;', '"quoted"', 'naïve', '海の', '🜁🜂', '\\n', '`code`', 'a\tb', '${x}', '</script>'];
    return Array.from({ length: words }, (_, i) => `w${i} ${i % 7 === 0 ? `${spice[(i / 7) % spice.length]} ` : ''}`).join('');
}

const MIXED = [
    'First <img src=x onerror=alert(1)> line,  two  spaces, no end',
    '',
    '```js',
    'const a = `template ${1 + 1}`;',
    '',
    '    indented("kept");',
    '```',
    '',
    '',
    'Last: e\u0301 👩‍👩‍👧 \u202eright-to-left\u202c & <b>',
].join('\n');

suite('chat page against the host', { timeout: 900_000 }, () => {
    let host;
    let proxy;
    let browser;
    let context;
    let session = 0;

    before(async () => {
        host = await startHost({ 'plugins.chat.providers.echo.delay_ms': 25 });
        proxy = await startProxy(host.port);
        browser = await launchBrowser();
    });

    after(async () => {
        await browser?.close();
        await proxy?.close();
        await host?.stop();
    });

    beforeEach(async () => {
        context = await browser.browser.newContext({ viewport: { width: 1280, height: 860 } });
        session += 1;
    });

    afterEach(() => context.close());

    const open = (in_context = context) => ChatPage.open(in_context, proxy.origin, `browser-test-${session}`);

    test('an answer is what was sent, to the byte, and is text, not markup', LIMIT, async () => {
        const chat = await open();
        chat.expect(0, MIXED);
        await chat.send(MIXED);
        await chat.untilEnded();
        assert.deepEqual(await chat.answers(), [MIXED]);
        assert.deepEqual(await chat.questions(), [MIXED]);
        assert.equal(await chat.page.$$eval('.messages img, .messages b, .messages script', (found) => found.length), 0);
        await chat.check();
    });

    test('reloads in the middle of an answer', LIMIT, async () => {
        const text = longText(300);
        const chat = await open();
        chat.expect(0, text);
        await chat.send(text);
        for (const share of [0.1, 0.3, 0.5]) {
            await chat.untilAnswerHas(Math.floor(text.length * share));
            await chat.reload();
            await chat.connected();
            const [shown] = await chat.answers();
            assert.ok(text.startsWith(shown), 'what is shown after the reload is a beginning of the answer');
            assert.ok(shown.length < text.length, 'the reload came in the middle');
        }
        await chat.untilEnded();
        assert.deepEqual(await chat.answers(), [text]);
        assert.deepEqual(await chat.questions(), [text]);
        await chat.check();
    });

    test('a second tab and a second device show the same', LIMIT, async () => {
        const text = longText(200);
        const first = await open();
        first.expect(0, text);
        await first.send(text);
        await first.untilAnswerHas(text.length / 3);
        const tab = await open();
        const elsewhere = await browser.browser.newContext();
        const device = await open(elsewhere);
        for (const chat of [tab, device]) chat.expect(0, text);
        await Promise.all([first, tab, device].map((chat) => chat.untilEnded()));
        for (const chat of [first, tab, device]) {
            assert.deepEqual(await chat.answers(), [text]);
            await chat.check();
        }
        await device.send('from the other side');
        await first.untilEnded(2);
        assert.equal((await first.answers())[1], 'from the other side');
        assert.equal((await first.questions())[1], 'from the other side');
        await elsewhere.close();
    });

    test('the address without a session leads to where this browser was last', LIMIT, async () => {
        const chat = await open();
        await chat.send('here I am');
        await chat.untilEnded();
        const page = await context.newPage();
        await page.goto(`${proxy.origin}/`);
        await page.waitForSelector('.answer[data-state="ended"]');
        assert.equal(await page.textContent('.answer .body'), 'here I am');
    });

    test('stopping an answer stops it everywhere, at the same place', LIMIT, async () => {
        const text = longText(400);
        const chat = await open();
        const tab = await open();
        for (const page of [chat, tab]) page.expect(0, text);
        await chat.send(text);
        await chat.untilAnswerHas(200);
        await chat.page.keyboard.press('Escape');
        await Promise.all([chat.untilEnded(), tab.untilEnded()]);
        const [stopped] = await chat.answers();
        assert.ok(text.startsWith(stopped) && stopped.length < text.length);
        assert.match(await chat.page.textContent('.answer .meta'), /Stopped/);
        assert.equal(await chat.page.isHidden('#stop'), true);
        await chat.send('and now this');
        await Promise.all([chat.untilEnded(2), tab.untilEnded(2)]);
        assert.deepEqual(await chat.answers(), [stopped, 'and now this']);
        assert.deepEqual(await tab.answers(), [stopped, 'and now this']);
        await chat.check();
        await tab.check();
    });

    test('the stop button does what Escape does', LIMIT, async () => {
        const chat = await open();
        await chat.send(longText(400));
        await chat.untilAnswerHas(100);
        await chat.page.click('#stop');
        await chat.untilEnded();
        assert.match(await chat.page.textContent('.answer .meta'), /Stopped/);
    });

    test('a connection that is cut again and again', LIMIT, async () => {
        const text = longText(300);
        const chat = await open();
        chat.expect(0, text);
        await chat.send(text);
        for (let share = 0.1; share < 0.9; share += 0.2) {
            await chat.untilAnswerHas(Math.floor(text.length * share));
            proxy.blink();
        }
        await chat.untilEnded();
        assert.deepEqual(await chat.answers(), [text]);
        await chat.check();
    });

    test('a connection that stays away: the answer goes on meanwhile, and a message waits', LIMIT, async () => {
        const text = longText(150);
        const chat = await open();
        chat.expect(0, text);
        await chat.send(text);
        await chat.untilAnswerHas(300);
        proxy.cut();
        try {
            await chat.page.waitForSelector('#notice:not([hidden])');
            await chat.send('sent while away');
            await chat.page.waitForSelector('.question.waiting');
        } finally {
            proxy.restore();
        }
        await chat.page.click('#notice-action').catch(() => {}); // it may have come back by itself
        await chat.untilEnded(2);
        assert.deepEqual(await chat.answers(), [text, 'sent while away']);
        assert.deepEqual(await chat.questions(), [text, 'sent while away'], 'it went out once');
        assert.equal(await chat.page.isHidden('#notice'), true);
        await chat.check();
    });

    test('a message that could not be sent survives the reload, and goes out once', LIMIT, async () => {
        const chat = await open();
        proxy.refuseSockets();
        try {
            await chat.page.waitForSelector('#connection:not([data-state="open"])');
            await chat.send('patience');
            await chat.page.waitForSelector('.question.waiting');
            await chat.page.reload();
            await chat.page.waitForSelector('.question.waiting');
        } finally {
            proxy.restore();
        }
        await chat.untilEnded();
        assert.deepEqual(await chat.questions(), ['patience']);
        assert.deepEqual(await chat.answers(), ['patience']);
    });

    test('a network that is switched off and on', LIMIT, async () => {
        const text = longText(200);
        const chat = await open();
        chat.expect(0, text);
        await chat.send(text);
        await chat.untilAnswerHas(300);
        await context.setOffline(true);
        proxy.blink();
        await chat.page.waitForSelector('#connection[data-state="offline"]');
        await context.setOffline(false);
        await chat.untilEnded();
        assert.deepEqual(await chat.answers(), [text]);
        assert.deepEqual(chat.findings.filter((finding) => !finding.includes('ERR_INTERNET_DISCONNECTED')), []);
        await chat.checkHistoryOfText();
    });

    test('a connection that goes silent without closing is noticed and replaced', LIMIT, async () => {
        const text = longText(200);
        const chat = await open();
        chat.expect(0, text);
        await chat.send(text);
        await chat.untilAnswerHas(300);
        proxy.freeze();
        await chat.page.evaluate(() => dispatchEvent(new Event('online'))); // do not wait for the heartbeat
        await chat.page.waitForSelector('#connection[data-state="resuming"]');
        proxy.restore();
        await chat.untilEnded();
        assert.deepEqual(await chat.answers(), [text]);
        await chat.check();
    });

    test('by keyboard alone', LIMIT, async () => {
        const chat = await open();
        const { page } = chat;
        const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.className);
        assert.equal(await focused(), 'message', 'ready to write');
        await page.keyboard.type('one');
        await page.keyboard.press('Shift+Enter');
        await page.keyboard.type('two');
        await page.keyboard.press('Enter');
        await chat.untilEnded();
        assert.deepEqual(await chat.questions(), ['one\ntwo']);
        assert.equal(await focused(), 'message', 'and ready again');
        const order = [];
        do {
            await page.keyboard.press('Tab');
            order.push(await focused());
        } while (order.at(-1) !== 'message' && order.length < 20);
        const from = order.slice(order.indexOf('skip'));
        assert.deepEqual(from, ['skip', 'new-chat', '', 'icon-button', 'theme', 'text-button', 'message'], 'the list is a link and its remover');
    });

    test('a new chat is empty, and the old one is found in the list', LIMIT, async () => {
        const chat = await open();
        await chat.send('the first of two');
        await chat.untilEnded();
        await chat.page.click('#new-chat');
        await chat.page.waitForSelector('#welcome:not([hidden])');
        await chat.page.click('#chat-list a');
        await chat.untilEnded();
        assert.deepEqual(await chat.answers(), ['the first of two']);
        await chat.check();
    });

    for (const scheme of ['light', 'dark']) {
        for (const width of [390, 1280]) {
            test(`axe finds nothing: ${width} px, ${scheme}`, LIMIT, async () => {
                const styled = await browser.browser.newContext({ viewport: { width, height: 844 }, colorScheme: scheme });
                const chat = await open(styled);
                assert.deepEqual(await axeViolations(chat.page), [], 'empty');
                await chat.send(`${MIXED}\n${longText(60)}`);
                await chat.untilAnswerHas(400);
                assert.deepEqual(await axeViolations(chat.page), [], 'while an answer comes');
                await chat.untilEnded();
                assert.deepEqual(await axeViolations(chat.page), [], 'with an answer');
                if (width === 390) {
                    await chat.page.click('.menu');
                    assert.deepEqual(await axeViolations(chat.page), [], 'with the list open');
                    await chat.page.keyboard.press('Escape');
                }
                proxy.cut();
                try {
                    await chat.page.waitForSelector('#notice:not([hidden])');
                    assert.deepEqual(await axeViolations(chat.page), [], 'without a connection');
                } finally {
                    proxy.restore();
                }
                const overflow = await chat.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
                assert.ok(overflow <= 0, 'nothing is wider than the screen');
                await styled.close();
            });
        }
    }

    test('the theme can be chosen, is kept, and does not flash', LIMIT, async () => {
        const chat = await open();
        const paper = () => chat.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
        const light = await paper();
        await chat.page.click('#theme');
        const dark = await paper();
        assert.notEqual(light, dark);
        await chat.page.reload({ waitUntil: 'commit' });
        await chat.page.waitForSelector('h1');
        assert.equal(await paper(), dark);
        await chat.page.waitForSelector('#theme[aria-pressed="true"]');
    });

    test('nothing is fetched from anywhere else, and no policy is broken', LIMIT, async () => {
        const foreign = [];
        context.on('request', (request) => {
            if (!request.url().startsWith(proxy.origin)) foreign.push(request.url());
        });
        const chat = await open();
        await chat.send('hello');
        await chat.untilEnded();
        assert.deepEqual(foreign, []);
        await chat.check();
    });
});
