import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { freePort } from './host_process.mjs';

const program = fileURLToPath(new URL('../node_modules/.bin/llmock', import.meta.url));
const fixtures = fileURLToPath(new URL('../fixtures/answers.json', import.meta.url));
const READY_MS = 20_000;
const STOP_MS = 5_000;
const POLL_MS = 50;

/**
 * A server of the OpenAI kind that was not written by us.
 *
 * @param {string[]} [chaos] further options, for example `--chaos-ratelimit 1`
 */
export async function startLlmock(chaos = []) {
    const port = await freePort();
    const child = spawn(program, ['-p', String(port), '-f', fixtures, '--strict', '--log-level', 'warn', ...chaos]);
    let log = '';
    let exited = false;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += text));
    const exit = new Promise((resolve) => {
        for (const event of ['exit', 'error']) child.on(event, () => resolve((exited = true)));
    });
    const stop = async () => {
        child.kill('SIGTERM');
        const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
        await exit;
        clearTimeout(late);
    };
    const until = Date.now() + READY_MS;
    while (Date.now() < until && !exited) {
        try {
            await fetch(`http://127.0.0.1:${port}/health`);
            return { url: `http://127.0.0.1:${port}/v1`, stop };
        } catch {
            await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
    }
    await stop();
    throw new Error(`llmock did not start\n${log}`);
}
