import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { seeded } from '../../clients/js/test/support/random.mjs';
import { Conversation, firstLine } from '../../plugins/console/web/app/conversation.js';
import { Segments } from '../../plugins/console/web/app/segments.js';

/** The parts of the page that need no page. */
const message = (n, more = {}) => ({ kind: 'message', id: `m${n}`, role: 'user', content: `question ${n}`, run: `s.r${n}`, ...more });
const runEntry = (n, state = 'pending') => ({ kind: 'run', run: `s.r${n}`, state });
const run = (n) => ({ id: `s.r${n}`, state: 'active' });
const outline = (conversation) =>
    conversation.items.map((item) => (item.type === 'question' ? `Q ${item.content}` : `A ${item.id}`));

suite('conversation', () => {
    const TWO = ['Q question 1', 'A s.r1', 'Q question 2', 'A s.r2'];

    test('what the session says, in its order, each once', () => {
        const conversation = new Conversation();
        for (const entry of [message(1), runEntry(1), runEntry(1, 'active'), message(2), runEntry(2)]) conversation.entry(entry);
        assert.deepEqual(outline(conversation), TWO);
        conversation.snapshot([message(1), runEntry(1), message(2), runEntry(2)]);
        assert.deepEqual(outline(conversation), TWO);
    });

    test('an own message is shown at once and becomes the session\'s, whoever is quicker', () => {
        for (const order of [['accepted', 'entry'], ['entry', 'accepted']]) {
            const conversation = new Conversation();
            conversation.sending('k', 'question 1');
            assert.equal(conversation.items[0].state, 'waiting');
            for (const step of order) {
                if (step === 'accepted') conversation.accepted('k', 's.r1');
                else conversation.entry(message(1));
            }
            conversation.run(run(1));
            assert.deepEqual(outline(conversation), ['Q question 1', 'A s.r1'], order.join());
            assert.equal(conversation.items[0].state, 'sent');
            assert.equal(conversation.items[0].key, 'k', 'the element on the page stays the same');
        }
    });

    test('the same words sent twice are two messages', () => {
        const conversation = new Conversation();
        for (const n of [1, 2]) conversation.sending(`k${n}`, 'same');
        for (const n of [1, 2]) conversation.accepted(`k${n}`, `s.r${n}`);
        for (const n of [1, 2]) conversation.entry(message(n, { content: 'same' }));
        assert.deepEqual(outline(conversation), ['Q same', 'Q same']);
    });

    test('two messages sent in a row keep their answers', () => {
        const conversation = new Conversation();
        for (const n of [1, 2]) conversation.sending(`k${n}`, `question ${n}`);
        for (const n of [1, 2]) conversation.run(run(n));
        for (const n of [1, 2]) conversation.accepted(`k${n}`, `s.r${n}`);
        assert.deepEqual(outline(conversation), TWO);
        for (const n of [1, 2]) conversation.entry(message(n));
        assert.deepEqual(outline(conversation), TWO);
    });

    test('a snapshot replaces what the session said, and keeps what only this page knows', () => {
        const conversation = new Conversation();
        for (const entry of [message(1), runEntry(1), message(9), runEntry(9)]) conversation.entry(entry);
        conversation.sending('k', 'not accepted yet');
        conversation.snapshot([message(1), runEntry(1), message(2), runEntry(2)]);
        assert.deepEqual(outline(conversation), [...TWO, 'Q not accepted yet']);
    });

    test('the history comes before, and knows what is no longer streamed', () => {
        const conversation = new Conversation();
        conversation.snapshot([message(2), runEntry(2, 'ended')]);
        conversation.history([
            { id: 'm2', role: 'user', content: 'question 2', run: 's.r2', ts: 3 },
            { id: 'a2', role: 'assistant', content: 'kept answer', run: 's.r2', outcome: 'complete', ts: 4 },
            { id: 'm1', role: 'user', content: 'question 1', run: 's.r1', ts: 1 },
            { id: 'a1', role: 'assistant', content: 'old answer', run: 's.r1', outcome: 'complete', ts: 2 },
        ]);
        assert.deepEqual(outline(conversation), TWO);
        assert.deepEqual(conversation.items.flatMap((item) => item.kept?.content ?? []), ['old answer', 'kept answer']);
    });

    test('a failed message can be sent again', () => {
        const conversation = new Conversation();
        conversation.sending('k', 'x');
        conversation.failed('k', 'too large');
        assert.deepEqual([conversation.items[0].state, conversation.items[0].error], ['failed', 'too large']);
        conversation.remove('k');
        assert.deepEqual(conversation.items, []);
    });

    test('title', () => {
        assert.equal(firstLine('\n  Hello\nworld'), 'Hello');
        assert.equal(firstLine('x'.repeat(80)).length, 58);
    });
});

/** A page that remembers, and counts what it was given. */
class Page {
    blocks = [];
    given = 0;
    #marked = null;

    block(kind) {
        this.blocks.push({ kind, spans: [] });
    }
    span(kind, text) {
        this.given += text.length;
        const { spans } = this.blocks.at(-1);
        const last = spans.at(-1);
        if (last?.kind === kind && !this.#marked) last.text += text;
        else spans.push({ kind, text });
    }
    more(text) {
        this.given += text.length;
        this.blocks.at(-1).spans.at(-1).text += text;
    }
    mark() {
        this.#marked = { blocks: this.blocks.length, spans: this.blocks.at(-1)?.spans.length };
    }
    rewind() {
        this.blocks.length = this.#marked.blocks;
        if (this.blocks.length > 0) this.blocks.at(-1).spans.length = this.#marked.spans;
        this.#marked = null;
    }

    /** As a reader sees it: who came in how many pieces does not matter. */
    get picture() {
        return this.blocks.map(({ kind, spans }) => {
            const joined = [];
            for (const span of spans) {
                if (joined.at(-1)?.[0] === span.kind) joined.at(-1)[1] += span.text;
                else joined.push([span.kind, span.text]);
            }
            return [kind, ...joined];
        });
    }
    get text() {
        return this.blocks.flatMap(({ spans }) => spans.map(({ text }) => text)).join('');
    }
}

suite('segments', () => {
    const shown = (...pieces) => {
        const page = new Page();
        const segments = new Segments(page);
        for (const piece of pieces) segments.append(piece);
        return page;
    };
    const picture = (...pieces) => shown(...pieces).picture;

    test('prose is split at blank lines, code at fences', () => {
        assert.deepEqual(picture('a\nb\n\nc\n```js\nx\n\ny\n```\n\nd'), [
            ['prose', ['text', 'a\nb'], ['hidden', '\n\n']],
            ['prose', ['text', 'c'], ['hidden', '\n']],
            ['code', ['hidden', '```'], ['label', 'js\n'], ['text', 'x\n\ny'], ['hidden', '\n```\n']],
            ['prose', ['hidden', '\n']],
            ['prose', ['text', 'd']],
        ]);
    });

    test('an open fence is code already', () => {
        assert.deepEqual(picture('```\nx'), [['code', ['hidden', '```\n'], ['text', 'x']]]);
        assert.deepEqual(picture('```p', 'y'), [['code', ['hidden', '```'], ['label', 'py']]]);
        assert.deepEqual(picture('```\n```\n'), [['code', ['hidden', '```\n```\n']]]);
        assert.deepEqual(picture('```\n\n\nx\n'), [['code', ['hidden', '```\n'], ['text', '\n\nx'], ['hidden', '\n']]]);
    });

    test('backticks in prose', () => {
        assert.deepEqual(picture('use `a` and `b\n\n'), [
            ['prose', ['text', 'use '], ['code', '`a`'], ['text', ' and `b'], ['hidden', '\n\n']],
        ]);
        assert.deepEqual(picture('`', 'a', ' b', '` c'), [['prose', ['code', '`a b`'], ['text', ' c']]]);
        assert.deepEqual(picture('a ``', 'b`'), [['prose', ['text', 'a `'], ['code', '`b`']]]);
    });

    test('what is only the beginning of a fence is text until it is one', () => {
        assert.deepEqual(picture('a\n', '``'), [['prose', ['text', 'a\n``']]]);
        assert.deepEqual(picture('a\n', '``', '`'), [['prose', ['text', 'a'], ['hidden', '\n']], ['code', ['hidden', '```']]]);
        assert.deepEqual(picture('```\na\n', '``', 'b'), [['code', ['hidden', '```\n'], ['text', 'a\n``b']]]);
        assert.deepEqual(picture('a\n    ```'), [['prose', ['text', 'a\n    ```']]]);
    });

    test('random text: no byte is lost, and it does not matter in which pieces it came', () => {
        const random = seeded(7);
        const pieces = ['a', ' ', '\n', '\n\n', '```', '```js\n', '`', '`x`', '  ```', '<b>', '海', '\r\n', '\t'];
        for (let round = 0; round < 3000; round += 1) {
            const page = new Page();
            const segments = new Segments(page);
            let text = '';
            for (let i = 0; i < 14; i += 1) {
                const piece = pieces[Math.floor(random() * pieces.length)];
                segments.append(piece);
                text += piece;
                assert.equal(page.text, text);
                assert.deepEqual(page.picture, picture(text), JSON.stringify(text));
                assert.deepEqual(page.picture, picture(...text), JSON.stringify(text));
            }
        }
    });

    test('a long answer costs its length, whatever it is made of', () => {
        const open = '```js\n';
        const line = 'const answer = `${question}`; // and so on\n';
        const word = 'word ';
        for (const [beginning, unit] of [
            [open, line],
            [open, word], // one line that does not end
            ['', line],
            ['a ` that stays alone ', word],
            ['```', word], // a fence that does not end
            ['', '- `one` of many\n'],
            ['', 'x\n\n'],
        ]) {
            const text = beginning + unit.repeat(2_000);
            const page = shown(...text.match(/[^]{1,3}/g));
            assert.equal(page.text, text);
            assert.ok(page.given < 12 * text.length, `${JSON.stringify(beginning + unit)}: ${page.given} characters for ${text.length}`);
        }
    });
});
