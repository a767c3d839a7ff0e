import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchBrowser, watchedPage } from './support/browser.mjs';
import { startHost } from './support/host.mjs';
import { smallPng } from './support/small_png.mjs';

/**
 * Takes the pictures of the documentation: `node tests/browser/screenshots.mjs [folder]`. The page, the host and its plugins are the real
 * ones; the model is a script that speaks the OpenAI API, and stops in the middle of its last answer until the picture is taken.
 */
const folder = process.argv[2] ?? fileURLToPath(new URL('../../docs/images/', import.meta.url));
const SESSION = 'trip-to-hue';
const QUESTION = 'I am on a train. What happens to your answer in the next tunnel?';
const FOLLOW_UP = 'And if I reload the page in there?';
const ANSWER = `Nothing. I go on writing, and every piece of what I write has a number. When you are back, your browser says which one it saw last, with a hash that proves it:

\`\`\`json
{"stream": "trip-to-hue.Kf3q", "after": "41.9c1e07ab52d4e8f0"}
\`\`\`

You get the pieces from 42 on, each once, in order.`;
const SECOND = `The same. The text up to there is in your browser’s \`sessionStorage\`, together with its position, so the page shows it at once and goes on from that very word. A second tab, which has neither, gets the whole answer so far and then the rest.`;
const SHOWN = 'and goes on from';
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
    const model = await startModel();
    const host = await startHost({
        'plugins.chat.provider': 'model',
        'plugins.chat.providers.model.type': 'openai',
        'plugins.chat.providers.model.base_url': model.url,
        'plugins.chat.providers.model.model': 'script',
    });
    const context = await browser.newContext({ ...options, reducedMotion: 'reduce' });
    try {
        const { page, findings } = await watchedPage(context);
        await page.addInitScript((chats) => localStorage.setItem('streamhost-console:chats', JSON.stringify(chats)), CHATS);
        await page.goto(`${host.origin}/#${SESSION}`);
        await page.waitForSelector('#connection[data-state="open"]');
        await say(page, QUESTION);
        await page.waitForSelector('.answer[data-state="ended"]');
        await say(page, FOLLOW_UP);
        await page.waitForFunction((end) => [...document.querySelectorAll('.answer')].at(-1)?.textContent.includes(end), SHOWN);
        await writeFile(path.join(folder, name), smallPng(await page.screenshot()));
        if (findings.length > 0) throw new Error(findings.join('\n'));
    } finally {
        await context.close();
        model.close();
        await host.stop();
    }
}

/** Chat completions as server-sent events; the second answer stays open after `SHOWN`. */
async function startModel() {
    const server = createServer(async (request, response) => {
        let body = '';
        for await (const part of request) body += part;
        const isFollowUp = JSON.parse(body).messages.at(-1).content === FOLLOW_UP;
        const text = isFollowUp ? SECOND.slice(0, SECOND.indexOf(SHOWN) + SHOWN.length) : ANSWER;
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        for (const delta of text.split(/(?<= )/)) response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: delta } }] })}\n\n`);
        if (!isFollowUp) response.end('data: [DONE]\n\n');
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
        url: `http://127.0.0.1:${server.address().port}/v1`,
        close() {
            server.close();
            server.closeAllConnections();
        },
    };
}

async function say(page, text) {
    await page.fill('#message', text);
    await page.press('#message', 'Enter');
}
