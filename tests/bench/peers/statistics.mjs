// What many rounds come to. Nothing here reads a clock or a file.
import { median } from '../support/verdicts.mjs';

export const US = 'streamhost';
const PASSES_AT = 0.95; // of what is to be reached
export const ROUNDS = 9; // that verdicts need, where a line does not say less
const GUARDED_ROUNDS = 3; // that the guard needs

/** Each of the given values is either the middle or as far from it as the others allow. */
export const spread = (values) => ({ least: Math.min(...values), median: median(values), most: Math.max(...values) });

/**
 * Rounds with both of them in undisturbed windows: what one came to beside the other.
 *
 * @param {{peer: string, round: number, value: number, isValid: boolean}[]} records of one line
 */
export function ratios(records, one, other) {
    const valueOf = (peer, round) => records.find((record) => record.peer === peer && record.round === round && record.isValid)?.value;
    const rounds = [...new Set(records.map(({ round }) => round))].toSorted((a, b) => a - b);
    return rounds.map((round) => [valueOf(one, round), valueOf(other, round)]).filter(([a, b]) => a !== undefined && b > 0).map(([a, b]) => a / b);
}

/** The row of one peer in one line; `ratio` is ours to it, so above 1 is more for us where more is better. */
export function summary(records, peer) {
    const own = records.filter((record) => record.peer === peer);
    const valid = own.filter(({ isValid }) => isValid);
    const taken = valid.length > 0 ? valid : own;
    const of = (pick) => {
        const values = taken.map(pick).filter((value) => value !== undefined);
        return values.length === 0 ? undefined : median(values);
    };
    const all = peer === US ? [] : ratios(records, US, peer);
    return {
        peer,
        rounds: own.length,
        valid: valid.length,
        value: spread(taken.map(({ value }) => value ?? NaN)),
        ratio: all.length === 0 ? undefined : spread(all),
        others: of(({ others }) => others),
        delivered: of(({ delivered }) => delivered),
        p50: of(({ p50 }) => p50),
        p99: of(({ p99 }) => p99),
        server: of(({ server }) => server),
        generator: of(({ generator }) => generator),
    };
}

/** Whether a ratio reaches its target: 'met', 'missed', or 'not valid' with too few undisturbed rounds. */
export function judge(values, target, { isMoreBetter = true, leastRounds = ROUNDS } = {}) {
    if (values.length < leastRounds) return 'not valid';
    const middle = median(values);
    return (isMoreBetter ? middle >= target * PASSES_AT : middle <= target / PASSES_AT) ? 'met' : 'missed';
}

/**
 * What became worse: ratios to a peer of the same run, never times. Without enough undisturbed rounds there is no ratio.
 *
 * @param {Record<string, {peer: string, least: number}>} guard by line
 * @returns {{line: string, peer: string, least: number, ratio?: number, holds: boolean}[]} of the lines that were measured
 */
export function guarded(records, guard) {
    return Object.entries(guard).flatMap(([line, { peer, least }]) => {
        const own = records.filter((record) => record.line === line);
        if (![US, peer].every((name) => own.some((record) => record.peer === name))) return [];
        const all = ratios(own, US, peer);
        const ratio = all.length < GUARDED_ROUNDS ? undefined : median(all);
        return [{ line, peer, least, ratio, holds: ratio >= least }];
    });
}

/** Servers side by side under a generator each, as one: latencies are those of the slower one. */
export function together(documents) {
    const sum = (pick) => documents.reduce((total, document) => total + pick(document), 0);
    const cpu_s = sum(({ server_cpu: { user_s, system_s } }) => user_s + system_s);
    const slowest = documents.toSorted((a, b) => Object.values(b.latency)[0].p99_us - Object.values(a.latency)[0].p99_us)[0];
    return {
        ...slowest,
        count: sum(({ count }) => count),
        per_cpu_second: cpu_s > 0 ? sum(({ count }) => count) / cpu_s : undefined,
        server_cpu: { share_of_a_core: sum(({ server_cpu }) => server_cpu.share_of_a_core) },
        generator_cpu: { share_of_a_core: sum(({ generator_cpu }) => generator_cpu.share_of_a_core) },
        numbers: { delivered_share: sum(({ numbers }) => numbers.delivered_share) / documents.length },
    };
}
