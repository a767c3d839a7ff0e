// What many rounds come to. Nothing here reads a clock or a file.
import { median } from '../support/verdicts.mjs';

export const US = 'streamhost';
const PASSES_AT = 0.95; // of what is to be reached
const LEAST_ROUNDS = 3;

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
        value: spread(taken.map(({ value }) => value)),
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
export function judge(values, target, { isMoreBetter = true, leastRounds = LEAST_ROUNDS } = {}) {
    if (values.length < leastRounds) return 'not valid';
    const middle = median(values);
    return (isMoreBetter ? middle >= target * PASSES_AT : middle <= target / PASSES_AT) ? 'met' : 'missed';
}

/**
 * What became worse: ratios to a peer of the same run, never times.
 *
 * @param {Record<string, {peer: string, least: number}>} guard by line
 * @returns {{line: string, peer: string, least: number, ratio: number, holds: boolean}[]} of the lines that were measured
 */
export function guarded(records, guard) {
    return Object.entries(guard).flatMap(([line, { peer, least }]) => {
        const all = ratios(records.filter((record) => record.line === line), US, peer);
        if (all.length < LEAST_ROUNDS) return [];
        const ratio = median(all);
        return [{ line, peer, least, ratio, holds: ratio >= least }];
    });
}
