import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '../../clients/js/src/index.js';
import { launchBrowser } from './support/browser.mjs';
import { ConsolePage } from './support/console_page.mjs';
import { startHost } from './support/host.mjs';
import { smallPng } from './support/small_png.mjs';

/**
 * Takes the pictures of docs/operate/console.md: `node tests/browser/console_screenshots.mjs [folder]`. Two minutes of some clients that
 * come, talk and go, in front of the real host.
 */
const folder = process.argv[2] ?? fileURLToPath(new URL('../../docs/images/', import.meta.url));
const CLIENTS = 24;
const POINTS = 24;
const TEXT = 'Nothing. I go on writing, and every piece of what I write has a number. When you are back, your browser says which one it saw last. '.repeat(3);

const host = await startHost({ 'node.id': 'gateway-1', 'plugins.health.canary_interval_ms': 1000, 'plugins.chat.providers.echo.delay_ms': 40 });
const { browser, close } = await launchBrowser();
await mkdir(folder, { recursive: true });
let isOver = false;
/** Made small when all is over: that takes seconds, in which no client of this program says a word. @type {[string, Buffer][]} */
const taken = [];
const crowd = Array.from({ length: CLIENTS }, (_, number) => talk(number));
try {
    const wide = await browser.newContext({ viewport: { width: 1280, height: 860 }, deviceScaleFactor: 1.5, reducedMotion: 'reduce' });
    const overview = await ConsolePage.open(wide, host.admin, 'overview');
    await overview.page.waitForFunction((points) => [...document.querySelectorAll('.chart-line')].every((line) => line.getAttribute('d').split('L').length > points), POINTS, { timeout: 300_000 });
    await pictures(overview, 'console-overview', 1280);
    const narrow = await browser.newContext({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, reducedMotion: 'reduce' });
    const plugins = await ConsolePage.open(narrow, host.admin, 'plugins');
    await plugins.row('plugins', 'chat');
    await pictures(plugins, 'console-plugins', 390);
} finally {
    isOver = true;
    await close();
    await Promise.allSettled(crowd);
    await host.stop();
}
for (const [file, png] of taken) await writeFile(path.join(folder, file), smallPng(png));

async function pictures(seen, name, width) {
    for (const colorScheme of ['light', 'dark']) {
        await seen.page.emulateMedia({ colorScheme });
        taken.push([`${name}-${colorScheme}-${width}.png`, await seen.page.screenshot()]);
    }
    seen.check();
}

/** Comes later than those before, says something, listens, goes, and comes again. */
async function talk(number) {
    for (let turn = 0; !isOver; turn += 1) {
        const client = connect(`ws://127.0.0.1:${host.port}/v1/ws`, { session: `client-${number}-${turn}`, storage: 'memory' });
        try {
            const run = await client.send(TEXT.slice(0, 60 + ((number * 37 + turn * 53) % 300)));
            await run.finished();
        } finally {
            client.close();
        }
        const pauses = 1 + ((number + turn) % 5);
        for (let i = 0; i < pauses && !isOver; i += 1) await new Promise((resolve) => setTimeout(resolve, 1000)); // pause: people read
    }
}
