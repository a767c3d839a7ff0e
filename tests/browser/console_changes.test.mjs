import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import { connect } from '../../clients/js/src/index.js';
import { axeViolations, launchBrowser } from './support/browser.mjs';
import { ConsolePage } from './support/console_page.mjs';
import { startHost } from './support/host.mjs';

/** What an operator does to a node as a whole: another configuration, and sending its clients away. */
const LIMIT = { timeout: 120_000 };
const shipped = fileURLToPath(new URL('../../config/streamhost.yaml', import.meta.url));

suite('console that changes a node', { timeout: 900_000 }, () => {
    let folder;
    let file;
    let host;
    let browser;
    let context;

    before(async () => {
        folder = await mkdtemp(path.join(tmpdir(), 'streamhost-console-'));
        file = path.join(folder, 'streamhost.yaml');
        await writeFile(file, await readFile(shipped, 'utf8'));
        host = await startHost({ 'drain.balancer_wait_ms': '0ms', 'drain.window_ms': '5s' }, undefined, file);
        browser = await launchBrowser();
    });

    after(async () => {
        await browser?.close();
        await host?.stop();
        await rm(folder, { recursive: true, force: true });
    });

    beforeEach(async () => {
        context = await browser.browser.newContext({ viewport: { width: 390, height: 844 }, reducedMotion: 'reduce' });
    });

    afterEach(() => context.close());

    const open = (section) => ConsolePage.open(context, host.admin, section);
    const answers = async (call) => (await fetch(`${host.admin}${call}`)).status === 200;
    const edit = async (change) => writeFile(file, change(await readFile(file, 'utf8')));

    test('says what changed files would do, applies them, and goes back', LIMIT, async (t) => {
        if (!(await answers('/admin/v1/config/diff'))) return t.skip('this host cannot be asked what files would change');
        const shipped = await readFile(file, 'utf8');
        const seen = await open('configuration');
        await seen.page.waitForSelector('#configuration-change:has-text("Generation 1")');
        await seen.page.click('button:has-text("Look at the files")');
        await seen.page.waitForSelector('#configuration-change .table > .about:has-text("what is in force")');
        assert.equal(await seen.page.isVisible('#configuration-change button:text-is("Apply")'), false);

        await edit((text) => `${text}\nlimits: {conections: 500}\n`);
        await seen.page.click('button:has-text("Look at the files")');
        await seen.page.waitForSelector('#configuration-change .reasons:has-text("conections")');
        assert.equal(await seen.page.isVisible('#configuration-change button:text-is("Apply")'), false, 'a mistake cannot be applied');

        await writeFile(file, `${shipped}\nlimits: {connections: 500}\n`);
        await seen.page.click('button:has-text("Look at the files")');
        const change = await seen.row('configuration-change', 'limits.connections');
        assert.deepEqual([change['In force'], change['In the files'], change['Takes effect']], ['10000', '500', 'at once']);
        assert.deepEqual(await axeViolations(seen.page), []);
        assert.ok((await seen.overflow()) <= 0);
        await seen.page.click('#configuration-change button:text-is("Apply")');
        await seen.answerYes();
        await seen.page.waitForSelector('#said:has-text("Generation 2: applied")');
        await seen.page.waitForSelector('#configuration-change:has-text("Generation 2")');
        await seen.page.fill('#configuration-filter', 'limits.connections');
        await seen.untilRow('configuration-list', 'limits.connections', 'Value', '500');

        await seen.page.click('#configuration-change button:text-is("Go back")');
        await seen.answerYes();
        await seen.untilRow('configuration-list', 'limits.connections', 'Value', '10000');
        await seen.page.waitForSelector('#configuration-change:has-text("The files say something else")');
        await writeFile(file, shipped);
        seen.check();
    });

    test('names the plugins that a change takes something from, before it is confirmed', LIMIT, async () => {
        const before = await readFile(file, 'utf8');
        await edit((text) => text.replace('session: {enabled: true}', 'session: {enabled: false}'));
        const seen = await open('configuration');
        await seen.page.click('button:has-text("Look at the files")');
        await seen.page.click('#configuration-change button:text-is("Apply")');
        await seen.page.waitForSelector('#question[open]');
        const plan = await seen.page.innerText('#question-plan');
        assert.match(plan, /Stops session\..*Have to do without something: .*gateway \(uses streamhost\.session\/1 if present\)/);
        assert.ok((await seen.overflow()) <= 0, 'on a telephone, too');
        await seen.page.click('#question-no');
        await writeFile(file, before);
        seen.check();
    });

    // The last one: it cannot be taken back.
    test('drains the node, and shows how far that is', LIMIT, async (t) => {
        if (!(await answers('/admin/v1/drain'))) return t.skip('this host cannot be drained by a call');
        const seen = await open('overview');
        const client = connect(`ws://127.0.0.1:${host.port}/v1/ws`, { session: 'drained', storage: 'memory' });
        const away = new Promise((resolve) => client.on('state', ({ state, code }) => state === 'resuming' && resolve(code)));
        try {
            await new Promise((resolve) => client.on('welcome', resolve));
            await seen.page.waitForSelector('#drain button:text-is("Drain")');
            assert.deepEqual(await axeViolations(seen.page), []);
            await seen.page.click('#drain button:text-is("Drain")');
            await seen.page.waitForSelector('#question[open]');
            assert.match(await seen.page.innerText('#question-text'), /cannot be taken back/);
            await seen.answerYes();
            await seen.page.waitForSelector('#drain progress:not([hidden])');
            await away;
            await seen.page.waitForSelector('#drain:has-text("No client is left")');
            assert.match(await seen.page.innerText('#drain'), /1 of 1 client gone, 0 here\./);
            assert.equal(await seen.page.isVisible('#drain button:text-is("Drain")'), false);
            assert.equal(await seen.page.isVisible('#drain button:text-is("End it afterwards")'), true);
            assert.deepEqual(await axeViolations(seen.page), []);
        } finally {
            client.close();
        }
        seen.check();
    });
});
