import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { guarded, judge, ratios, spread, summary, together } from '../statistics.mjs';

const record = (peer, round, value, more = {}) => ({ line: 'a', peer, round, value, others: 0.01, isValid: true, ...more });

describe('ratios', () => {
    it('are taken within a round', () => {
        const records = [record('streamhost', 0, 20), record('epoll', 0, 10), record('epoll', 1, 40), record('streamhost', 1, 20)];
        assert.deepEqual(ratios(records, 'streamhost', 'epoll'), [2, 0.5]);
    });

    it('leave out rounds in which one of the two was disturbed, or is missing', () => {
        const records = [
            record('streamhost', 0, 20, { isValid: false }), record('epoll', 0, 10),
            record('streamhost', 1, 20), record('epoll', 1, 10, { isValid: false }),
            record('streamhost', 2, 20),
            record('streamhost', 3, 30), record('epoll', 3, 10),
        ];
        assert.deepEqual(ratios(records, 'streamhost', 'epoll'), [3]);
    });

    it('know nothing of a peer that came to nothing', () => {
        assert.deepEqual(ratios([record('streamhost', 0, 20), record('epoll', 0, 0)], 'streamhost', 'epoll'), []);
    });
});

describe('a summary', () => {
    const records = [1, 2, 9].flatMap((value, round) => [record('streamhost', round, value * 4, { p50: round }), record('epoll', round, value)]);

    it('has the middle and the range', () => {
        const { rounds, valid, value, ratio, p50 } = summary(records, 'streamhost');
        assert.deepEqual({ rounds, valid, value, ratio, p50 }, { rounds: 3, valid: 3, value: { least: 4, median: 8, most: 36 }, ratio: undefined, p50: 1 });
        assert.deepEqual(summary(records, 'epoll').ratio, { least: 4, median: 4, most: 4 });
    });

    it('takes undisturbed rounds alone as long as there are any', () => {
        const disturbed = [record('epoll', 0, 1, { isValid: false }), record('epoll', 1, 5)];
        assert.equal(summary(disturbed, 'epoll').value.median, 5);
        assert.equal(summary(disturbed.slice(0, 1), 'epoll').value.median, 1);
        assert.equal(summary(disturbed.slice(0, 1), 'epoll').valid, 0);
    });

    it('of an even number lies between the two in the middle', () => assert.equal(spread([4, 1, 2, 9]).median, 3));
});

describe('a verdict', () => {
    it('passes at 95 % of the target', () => {
        assert.equal(judge([1.14, 1.14, 1.14], 1.2, { leastRounds: 3 }), 'met');
        assert.equal(judge([1.13, 1.13, 1.13], 1.2, { leastRounds: 3 }), 'missed');
    });

    it('turns round where less is better', () => {
        assert.equal(judge([500, 520, 530], 500, { isMoreBetter: false, leastRounds: 3 }), 'met');
        assert.equal(judge([500, 530, 530], 500, { isMoreBetter: false, leastRounds: 3 }), 'missed');
    });

    it('wants enough undisturbed rounds', () => {
        assert.equal(judge(Array(8).fill(2), 1), 'not valid');
        assert.equal(judge(Array(9).fill(2), 1), 'met');
        assert.equal(judge([2], 1, { leastRounds: 1 }), 'met');
    });

    it('is that of the middle round', () => assert.equal(judge([0, 1, 9], 1, { leastRounds: 3 }), 'met'));
});

describe('the guard', () => {
    const rounds = (value) => [0, 1, 2].flatMap((round) => [record('streamhost', round, value), record('epoll', round, 10)]);
    const guard = { a: { peer: 'epoll', least: 0.5 }, b: { peer: 'epoll', least: 2 } };

    it('compares with a peer of the same run, never with a time', () => {
        assert.deepEqual(guarded(rounds(5), guard), [{ line: 'a', peer: 'epoll', least: 0.5, ratio: 0.5, holds: true }]);
        assert.equal(guarded(rounds(4), guard)[0].holds, false);
    });

    it('does not hold for what was not measured often enough', () => {
        assert.deepEqual(guarded(rounds(5).slice(0, 4), guard), [{ line: 'a', peer: 'epoll', least: 0.5, ratio: undefined, holds: false }]);
    });

    it('says nothing of lines without the peer', () => assert.deepEqual(guarded([record('streamhost', 0, 5)], guard), []));
});

describe('servers side by side', () => {
    const document = (count, cpu_s, p99_us, delivered_share) => ({
        count,
        server_cpu: { user_s: cpu_s / 2, system_s: cpu_s / 2, share_of_a_core: cpu_s / 10 },
        generator_cpu: { share_of_a_core: 0.1 },
        latency: { due_to_reader: { p50_us: p99_us / 2, p99_us } },
        numbers: { delivered_share },
    });

    it('share their CPU, and are as late as the slower one', () => {
        const both = together([document(100, 2, 500, 1), document(300, 6, 900, 0.5)]);
        assert.equal(both.count, 400);
        assert.equal(both.per_cpu_second, 50);
        assert.deepEqual(both.latency.due_to_reader, { p50_us: 450, p99_us: 900 });
        assert.deepEqual([both.server_cpu.share_of_a_core, both.generator_cpu.share_of_a_core, both.numbers.delivered_share], [0.8, 0.2, 0.75]);
    });

    it('come to no figure without a tick of CPU', () => assert.equal(together([document(1, 0, 1, 1)]).per_cpu_second, undefined));
});
