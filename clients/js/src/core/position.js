/**
 * A position says how much of a stream its holder has seen: `seq` counts entries from 1, `check` is the
 * server's running hash of everything up to there. Together they survive a failover that rewrote a tail:
 * equal position, equal content.
 *
 * @typedef {{seq: number, check: string}} Position
 */

/** @type {Readonly<Position>} */
export const START = Object.freeze({ seq: 0, check: '' });

const TEXT = /^([1-9][0-9]{0,15})\.([0-9a-f]{16})$/;

/**
 * @param {Position} position
 * @returns {string} `seq.check`, or `0` when nothing has been seen
 */
export function formatPosition(position) {
    return position.seq === 0 ? '0' : `${position.seq}.${position.check}`;
}

/**
 * @param {string} text
 * @returns {Position}
 * @throws {RangeError} when the text is no position
 */
export function parsePosition(text) {
    if (text === '0') return { ...START };
    const match = TEXT.exec(text);
    if (!match || !Number.isSafeInteger(Number(match[1]))) throw new RangeError(`not a position: ${text}`);
    return { seq: Number(match[1]), check: match[2] };
}
