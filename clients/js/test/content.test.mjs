import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Content } from '../src/content.js';

const text = (delta) => ({ kind: 'text', delta });
const part = (n) => ({ kind: 'part', n });

async function take(reader, count) {
    const events = [];
    for (let i = 0; i < count; i += 1) events.push((await reader.next()).value);
    return events;
}

test('a reader that is there sees each delta, one that was away sees them joined', async () => {
    const content = new Content({ folds: true });
    const reader = content.read();
    content.append(text('a'), 1);
    assert.deepEqual(await take(reader, 1), [{ type: 'text', delta: 'a' }]);
    for (const letter of 'bcd') content.append(text(letter), 0);
    content.append(part(1), 5);
    content.append(text('e'), 6);
    content.finish({ outcome: 'complete' });
    assert.deepEqual(await take(reader, 5), [
        { type: 'text', delta: 'bcd' },
        { type: 'part', part: part(1) },
        { type: 'text', delta: 'e' },
        { type: 'end', outcome: 'complete' },
        undefined,
    ]);
});

test('a late reader starts at the beginning, two readers do not disturb each other', async () => {
    const content = new Content({ folds: true });
    content.append(text('one '), 1);
    const early = content.read();
    await take(early, 1);
    content.append(text('two'), 2);
    assert.deepEqual(await take(content.read(), 1), [{ type: 'text', delta: 'one two' }]);
    assert.deepEqual(await take(early, 1), [{ type: 'text', delta: 'two' }]);
});

test('text of any length arrives whole across the pieces it is kept in', async () => {
    const content = new Content({ folds: true });
    const reader = content.read();
    let got = '';
    let sent = '';
    for (let i = 0; i < 3000; i += 1) {
        const delta = `${i}é🜁 `;
        sent += delta;
        content.append(text(delta), i);
        if (i % 7 === 0) got += (await take(reader, 1))[0].delta;
    }
    content.append(text('x'.repeat(5000)), 0);
    content.finish({ outcome: 'complete' });
    for await (const event of reader) if (event.type === 'text') got += event.delta;
    assert.equal(got, sent + 'x'.repeat(5000));
    assert.equal(content.text, got);
});

test('a snapshot that continues what is held is a continuation', async () => {
    const content = new Content({ folds: true });
    const reader = content.read();
    content.append(text('Hello'), 1);
    content.append(part(1), 2);
    content.append(text(' wor'), 3);
    await take(reader, 3);
    content.replace([text('Hello'), part(1), text(' world'), part(2)], 6);
    assert.deepEqual(await take(reader, 2), [{ type: 'text', delta: 'ld' }, { type: 'part', part: part(2) }]);
});

test('a snapshot that contradicts is shown as one, to those who have seen something', async () => {
    const content = new Content({ folds: true });
    const reader = content.read();
    content.append(text('Hello'), 1);
    await take(reader, 1);
    const fresh = content.read();
    content.replace([text('Help'), part(3)], 2);
    content.append(text('!'), 3);
    const snapshot = { type: 'snapshot', text: 'Help!', entries: [text('Help'), part(3), text('!')], seq: 3 };
    assert.deepEqual(await take(reader, 1), [snapshot]);
    assert.deepEqual((await take(fresh, 2))[0], { type: 'text', delta: 'Help' });
    content.append(text('?'), 4);
    assert.deepEqual(await take(reader, 1), [{ type: 'text', delta: '?' }]);
});

test('a shorter, an empty or a differently typed snapshot is no continuation', async () => {
    for (const truth of [[text('Hel')], [], [part(1)], [text('Hello'), part(9)]]) {
        const content = new Content({ folds: true });
        content.append(text('Hello'), 1);
        content.append(part(1), 2);
        const reader = content.read();
        await take(reader, 2);
        content.replace(truth, 9);
        assert.equal((await take(reader, 1))[0].type, 'snapshot');
        assert.deepEqual(content.entries, truth);
    }
});

test('a gap stands where it is, and a later snapshot mends it', async () => {
    const content = new Content({ folds: true });
    const reader = content.read();
    content.append(text('a'), 1);
    content.gap(2, 5, 'trimmed');
    content.append(text('f'), 6);
    assert.deepEqual((await take(reader, 3)).map(({ type }) => type), ['text', 'gap', 'text']);
    content.replace([text('abcdef')], 6);
    assert.deepEqual(await take(reader, 1), [{ type: 'snapshot', text: 'abcdef', entries: [text('abcdef')], seq: 6 }]);
});

test('a snapshot that fills a gap at the end is no continuation of what stood before it', async () => {
    const content = new Content({ folds: true });
    const reader = content.read();
    content.append(text('a'), 1);
    content.gap(2, 5, 'trimmed');
    await take(reader, 2);
    content.replace([text('abcdef')], 6);
    assert.equal((await take(reader, 1))[0].type, 'snapshot');
});

test('a failure is thrown after what is left to read', async () => {
    const content = new Content({ folds: true });
    content.append(text('a'), 1);
    content.fail(new Error('gone'));
    content.append(text('b'), 2);
    const reader = content.read();
    assert.deepEqual(await take(reader, 1), [{ type: 'text', delta: 'a' }]);
    await assert.rejects(reader.next(), /gone/);
});

test('a plain stream keeps its last entries and names what a slow reader missed', async () => {
    const content = new Content({ folds: false, maxEntries: 3 });
    const reader = content.read();
    content.append('a', 1);
    assert.deepEqual(await take(reader, 1), [{ type: 'entry', data: 'a', seq: 1 }]);
    for (let seq = 2; seq <= 9; seq += 1) content.append(seq, seq);
    assert.deepEqual(await take(reader, 2), [
        { type: 'gap', from: 2, to: 6, reason: 'slow reader' },
        { type: 'entry', data: 7, seq: 7 },
    ]);
});

test('a snapshot of a plain stream replaces what was there, also for those who lag or come late', async () => {
    const content = new Content({ folds: false, maxEntries: 3 });
    const reader = content.read();
    for (const seq of [1, 2]) content.append(seq, seq);
    await take(reader, 1);
    content.replace(['a', 'b'], 7);
    content.append('c', 8);
    const expected = [
        { type: 'snapshot', text: '', entries: ['a', 'b'], seq: 7 },
        { type: 'entry', data: 'c', seq: 8 },
    ];
    assert.deepEqual(await take(reader, 2), expected);
    assert.deepEqual(await take(content.read(), 2), expected);
    for (const seq of [9, 10, 11]) content.append(seq, seq);
    assert.deepEqual((await take(reader, 1))[0].data, 9);
    assert.deepEqual((await take(content.read(), 1))[0], { type: 'gap', from: 1, to: 8, reason: 'slow reader' });
});

test('a waiting reader costs nothing when it leaves', async () => {
    const content = new Content({ folds: true });
    content.append(text('a'), 1);
    for await (const event of content.read()) {
        assert.equal(event.type, 'text');
        break;
    }
});
