import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { seeded } from '../../clients/js/test/support/random.mjs';
import { Conversation, firstLine } from '../../plugins/console/web/app/conversation.js';
import { blocks, spans } from '../../plugins/console/web/app/segments.js';

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

suite('segments', () => {
    const kinds = (text) => blocks(text).map(({ kind, text: part }) => [kind, part]);

    test('prose is split at blank lines, code at fences', () => {
        assert.deepEqual(kinds('a\nb\n\nc\n```js\nx\n\ny\n```\n\nd'), [
            ['prose', 'a\nb\n\n'],
            ['prose', 'c\n'],
            ['code', '```js\nx\n\ny\n```\n'],
            ['prose', '\n'],
            ['prose', 'd'],
        ]);
    });

    test('an open fence is code already', () => {
        assert.deepEqual(kinds('```\nx'), [['code', '```\nx']]);
        assert.deepEqual(spans({ kind: 'code', text: '```py\nx\n```\n' }), [
            { kind: 'hidden', text: '```' },
            { kind: 'label', text: 'py\n' },
            { kind: 'text', text: 'x' },
            { kind: 'hidden', text: '\n```\n' },
        ]);
    });

    test('backticks in prose', () => {
        assert.deepEqual(spans({ kind: 'prose', text: 'use `a` and `b\n\n' }).map(({ kind, text }) => [kind, text]), [
            ['text', 'use '],
            ['code', '`a`'],
            ['text', ' and `b'],
            ['hidden', '\n\n'],
        ]);
    });

    test('random text: no byte is lost, and only the last block changes when text is added', () => {
        const random = seeded(7);
        const pieces = ['a', ' ', '\n', '\n\n', '```', '```js\n', '`', '`x`', '  ```', '<b>', '海', '\r\n', '\t'];
        for (let round = 0; round < 3000; round += 1) {
            let text = '';
            let before = [];
            for (let i = 0; i < 14; i += 1) {
                text += pieces[Math.floor(random() * pieces.length)];
                const now = blocks(text);
                assert.equal(now.map((block) => block.text).join(''), text);
                for (const block of now) assert.equal(spans(block).map((span) => span.text).join(''), block.text);
                assert.deepEqual(now.slice(0, before.length - 1), before.slice(0, -1), JSON.stringify(text));
                // The page lays out the last block and what is added to it, without what came before.
                const tail = (before.at(-1)?.text ?? '') + text.slice(before.map((block) => block.text).join('').length);
                assert.deepEqual([...before.slice(0, -1), ...blocks(tail)], now, JSON.stringify(text));
                before = now;
            }
        }
    });
});
