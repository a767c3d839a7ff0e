import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchBrowser, watchedPage } from './support/browser.mjs';
import { startScriptedServer } from './support/scripted_server.mjs';

/** Takes the pictures of the documentation: `node tests/browser/screenshots.mjs`, answers from a script. */
const folder = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const SESSION = 'trip-to-hue';
const QUESTION = 'I am on a train. What happens to your answer in the next tunnel?';
const FOLLOW_UP = 'And if I reload the page in there?';
const ANSWER = `Nothing. I go on writing, and every piece of what I write has a number. When you are back, your browser says which one it saw last, with a hash that proves it:

\`\`\`json
{"stream": "trip-to-hue.Kf3q", "after": "41.9c1e07ab52d4e8f0"}
\`\`\`

You get the pieces from 42 on, each once, in order.`;
const SECOND = `The same. The text up to there is in your browser’s \`sessionStorage\`, together with its position, so the page shows it at once and goes on from that very word. A second tab, which has neither, gets the whole answer so far and then the rest.`;
const CHATS = [
    { id: SESSION, title: QUESTION },
    { id: 'b', title: 'Two sights in Hue, one line each' },
    { id: 'c', title: 'Night train from Da Nang' },
    { id: 'd', title: 'Read this log and find the gap' },
].map((chat, i) => ({ ...chat, at: 1000 - i }));

const { browser, close } = await launchBrowser();
await mkdir(folder, { recursive: true });
try {
    for (const colorScheme of ['light', 'dark']) {
        for (const [width, height, deviceScaleFactor] of [[390, 844, 2], [1280, 860, 1.5]]) {
            const name = `chat-${colorScheme}-${width}.png`;
            await picture({ viewport: { width, height }, deviceScaleFactor, colorScheme, hasTouch: width < 500 }, name);
        }
    }
} finally {
    await close();
}

async function picture(options, name) {
    const server = await startScriptedServer({ delayMs: 25, answer: (content) => (content === QUESTION ? ANSWER : SECOND) });
    const context = await browser.newContext({ ...options, reducedMotion: 'reduce' });
    const { page, findings } = await watchedPage(context);
    await page.addInitScript((chats) => localStorage.setItem('streamhost-console:chats', JSON.stringify(chats)), CHATS);
    await page.goto(`${server.origin}/#${SESSION}`);
    await page.waitForSelector('#connection[data-state="open"]');
    await say(page, QUESTION);
    await page.waitForSelector('.answer[data-state="ended"]');
    await say(page, FOLLOW_UP);
    await page.waitForFunction(() => [...document.querySelectorAll('.answer')].at(-1)?.textContent.includes('goes on from'));
    await page.screenshot({ path: path.join(folder, name) });
    if (findings.length > 0) throw new Error(findings.join('\n'));
    await context.close();
    await server.close();
}

async function say(page, text) {
    await page.fill('#message', text);
    await page.press('#message', 'Enter');
}
