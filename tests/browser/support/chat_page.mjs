import assert from 'node:assert/strict';
import { watchedPage } from './browser.mjs';

const PATIENCE_MS = 30_000;

/** What a person does with the chat page, and what a person sees. */
export class ChatPage {
    #expected = new Map();

    static async open(context, origin, session) {
        const { page, findings } = await watchedPage(context);
        await page.addInitScript(watchAnswers);
        await page.goto(`${origin}/#${session}`);
        const chat = new ChatPage(page, findings);
        await chat.connected();
        return chat;
    }

    constructor(page, findings) {
        this.page = page;
        this.findings = findings;
        page.setDefaultTimeout(PATIENCE_MS);
    }

    async connected() {
        await this.page.waitForSelector('#connection[data-state="open"]');
    }

    async state() {
        return this.page.getAttribute('#connection', 'data-state');
    }

    async send(text) {
        await this.page.fill('#message', text);
        await this.page.press('#message', 'Enter');
    }

    async reload() {
        await this.checkHistoryOfText();
        await this.page.reload();
    }

    /** @returns {Promise<string[]>} the text of each answer, to the byte */
    answers() {
        return this.page.$$eval('.answer .body', (bodies) => bodies.map((body) => body.textContent));
    }

    questions() {
        return this.page.$$eval('.question .body', (bodies) => bodies.map((body) => body.textContent));
    }

    /** Until the answer has so many characters, and is not complete. */
    async untilAnswerHas(characters, index = 0) {
        await this.page.waitForFunction(
            ([at, length]) => (document.querySelectorAll('.answer .body')[at]?.textContent.length ?? 0) >= length,
            [index, characters],
        );
    }

    async untilEnded(count = 1) {
        await this.page.waitForFunction(
            (n) => document.querySelectorAll('.answer[data-state="ended"]').length === n,
            count,
        );
    }

    /** What the answer at this place will have been; every text that is ever shown has to be a beginning of it. */
    expect(index, text) {
        this.#expected.set(index, text);
    }

    /** Also what was shown for a moment only. */
    async checkHistoryOfText() {
        const shown = await this.page.evaluate(() => globalThis.shownAnswers);
        for (const [index, text] of shown) {
            const expected = this.#expected.get(index);
            if (expected !== undefined) assert.ok(expected.startsWith(text), `answer ${index} showed ${JSON.stringify(text)}`);
        }
    }

    async check() {
        await this.checkHistoryOfText();
        assert.deepEqual(this.findings, []);
    }
}

/** Runs in the page before its own scripts: notes every text that an answer ever shows. */
function watchAnswers() {
    globalThis.shownAnswers = [];
    const note = () => {
        document.querySelectorAll('.answer .body').forEach((body, index) => {
            globalThis.shownAnswers.push([index, body.textContent]);
        });
    };
    new MutationObserver(note).observe(document, { subtree: true, childList: true, characterData: true });
}
