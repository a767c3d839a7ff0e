import assert from 'node:assert/strict';
import { watchedPage } from './browser.mjs';

const PATIENCE_MS = 30_000;

/** What an operator does with the console, and sees. */
export class ConsolePage {
    static async open(context, origin, section = 'overview') {
        const { page, findings } = await watchedPage(context);
        page.setDefaultTimeout(PATIENCE_MS);
        const asked = [];
        page.on('request', (request) => {
            if (!request.url().includes('/console/')) asked.push({ url: request.url(), headers: request.headers() });
        });
        await page.goto(`${origin}/console/#${section}`);
        return new ConsolePage(page, findings, asked);
    }

    constructor(page, findings, asked) {
        this.page = page;
        this.findings = findings;
        /** What was asked of the node, beside the page's own files. */
        this.asked = asked;
    }

    async signIn(token) {
        await this.page.waitForSelector('#sign-in:not([hidden])');
        await this.page.fill('#token', token);
        await this.page.press('#token', 'Enter');
    }

    /** Until something of the node is shown. */
    async shown() {
        await this.page.waitForSelector('#link[data-tone="good"], #link[data-tone="busy"]:has-text("degraded")');
    }

    async go(section) {
        await this.page.click(`#navigation a[href="#${section}"]`);
        await this.page.waitForSelector(`#${section}:not([hidden])`);
    }

    /** The text of the cells of the row that is named so, by the heads of their columns. */
    async row(section, name) {
        const row = this.page.locator(`#${section} tbody tr`, { has: this.page.locator('th', { hasText: name }) }).first();
        await row.waitFor();
        return row.evaluate((element) => Object.fromEntries([...element.cells].map((cell) => [cell.dataset.label, cell.innerText])));
    }

    async untilRow(section, name, column, value) {
        const cell = this.page.locator(`#${section} tbody tr`, { has: this.page.locator('th', { hasText: name }) }).locator(`[data-label="${column}"]`);
        await cell.filter({ hasText: value }).first().waitFor();
    }

    button(section, label) {
        return this.page.locator(`#${section} button[aria-label="${label}"]`);
    }

    async answerYes() {
        await this.page.click('#question-yes');
        await this.page.waitForSelector('#question:not([open])', { state: 'attached' });
    }

    fact(name) {
        return this.page.locator('#facts > div', { hasText: name }).locator('dd').innerText();
    }

    /** A row of the overview's facts has this value. */
    async untilFact(name, value) {
        await this.page.locator('#facts > div', { hasText: name }).locator('dd', { hasText: value }).waitFor();
    }

    /** How much wider than the screen the page is. */
    overflow() {
        return this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    }

    /** @param {RegExp} [expected] findings that belong to what was tried */
    check(expected = /^$/) {
        assert.deepEqual(this.findings.filter((finding) => !expected.test(finding)), []);
    }
}
