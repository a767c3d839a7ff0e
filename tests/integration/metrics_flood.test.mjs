// A Prometheus that asks far too often is answered each time, and takes nothing from the clients.
import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { it } from 'node:test';

import { serveHost } from './support/host_process.mjs';
import { Stopwatch } from './support/machine.mjs';
import { Talks, wordsOf } from './support/talks.mjs';

const SCRAPES = 500;
const EVERY_MS = 10;
const DELAY_MS = 20; // of a word; the answers take as long as the scrapes
const PAUSE_MS = 500; // at most, between two words of an answer
const GROWTH_BYTES = 16 << 20;

const scrape = (port, agent) => new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/metrics', agent }, (answer) => {
        let text = '';
        answer.on('data', (part) => (text += part));
        answer.on('end', () => resolve({ status: answer.statusCode, isWhole: /^streamhost_build_info{.*} 1$/m.test(text) && text.endsWith('\n') }));
    }).on('error', reject);
});

/** So many, one each EVERY_MS whether those before were answered or not. */
const scrapes = (port, agent, count) => new Promise((resolve) => {
    const answers = [];
    const timer = setInterval(() => {
        answers.push(scrape(port, agent));
        if (answers.length < count) return;
        clearInterval(timer);
        resolve(Promise.all(answers));
    }, EVERY_MS);
});

it('a hundred scrapes a second cost no word, no time and no memory', { timeout: 120_000 }, async (test) => {
    const host = await serveHost({ 'plugins.chat.providers.echo.delay_ms': DELAY_MS }, { words: ['-c', 'config/streamhost.yaml'] });
    const agent = new Agent({ keepAlive: true });
    try {
        const talks = await Talks.begin([host], { count: 10, readers: 2, words: wordsOf((SCRAPES * EVERY_MS) / DELAY_MS) });
        const warm = await scrapes(host.adminPort, agent, SCRAPES / 10);
        const before = await host.residentBytes();
        const watch = new Stopwatch();
        const answers = [...warm, ...(await scrapes(host.adminPort, agent, SCRAPES))];
        assert.deepEqual(answers.filter(({ status, isWhole }) => status !== 200 || !isWhole), []);
        assert.equal(await host.metric('http_requests_total{code="200",route="/metrics"}'), answers.length, 'each of them is counted');
        await talks.areWhole();
        watch.within(PAUSE_MS, 'longest pause between two words', test, talks.longestPause());
        const grown = (await host.residentBytes()) - before;
        test.diagnostic(`${answers.length} scrapes, memory grew by ${(grown / 1_024).toFixed(0)} KiB`);
        assert.ok(grown < GROWTH_BYTES, `${grown} bytes`);
        talks.close();
        assert.deepEqual(await host.stop(), { code: 0, signal: null });
    } finally {
        agent.destroy();
        await host.kill();
    }
});
