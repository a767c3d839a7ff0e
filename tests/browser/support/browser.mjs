import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);

/**
 * Debian's chromium, headless. Without a sandbox, because test machines run as root and inside containers; it opens
 * pages of this project only.
 */
export async function launchBrowser() {
    const profile = await mkdtemp(path.join(tmpdir(), 'streamhost-browser-'));
    const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-dev-shm-usage', `--crash-dumps-dir=${profile}`],
    });
    return {
        browser,
        async close() {
            await browser.close();
            await rm(profile, { recursive: true, force: true });
        },
    };
}

/**
 * A page whose console errors and failed or foreign requests are collected: each is a finding.
 *
 * @param {import('playwright-core').BrowserContext} context
 */
export async function watchedPage(context) {
    const page = await context.newPage();
    const findings = [];
    page.on('pageerror', (error) => findings.push(`uncaught: ${error.message}`));
    page.on('console', (message) => {
        const expected = message.text().includes('WebSocket connection to'); // a cut connection is reported here
        if (['error', 'warning'].includes(message.type()) && !expected) findings.push(`console: ${message.text()} ${message.location().url}`);
    });
    page.on('response', (response) => {
        if (response.status() >= 400) findings.push(`${response.status()} ${response.url()}`);
    });
    return { page, findings };
}

/** @param {import('playwright-core').Page} page */
export async function axeViolations(page) {
    // The page forbids foreign scripts; the checker comes in by the debugger, which no policy binds.
    if (!(await page.evaluate(() => 'axe' in globalThis))) {
        const source = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');
        await page.evaluate(source);
    }
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}

