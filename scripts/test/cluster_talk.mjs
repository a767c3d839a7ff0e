// One conversation through a URL, with the client for JavaScript: cluster_talk.mjs <ws url> <words>. Ends well if the answer, which
// repeats the words, came whole.
import assert from 'node:assert/strict';

import { connect } from '../../clients/js/src/index.js';

const TALK_MS = 15_000;
const [url, words] = process.argv.slice(2);
const late = setTimeout(() => {
    console.error(`no whole answer after ${TALK_MS} ms`);
    process.exit(1);
}, TALK_MS);
const client = connect(url, { session: new URL(url).searchParams.get('session') });
const run = await client.send(words);
const { outcome } = await run.finished();
assert.deepEqual([run.text, outcome], [words, 'complete']);
client.close();
clearTimeout(late);
