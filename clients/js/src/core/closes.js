/**
 * What a close code asks of the client. Everything that is not listed is a transport that broke: state is kept
 * on the server, so reconnecting and resuming is right.
 *
 * @typedef {'resume' | 'afresh' | 'stop'} CloseVerdict
 */

/** Codes of RFC 6455 that blame our own frames: the same frame would be refused again, for ever. */
const OUR_FAULT = new Set([1002, 1003, 1007, 1008, 1009, 1010]);

export const SERVER_DRAINS = 4000;

/** @type {ReadonlyMap<number, string>} */
const REASONS = new Map([
    [1001, 'server going away'],
    [1006, 'connection lost'],
    [1011, 'server error'],
    [1012, 'server restarting'],
    [1013, 'server busy'],
    [SERVER_DRAINS, 'server draining'],
    [4001, 'no heartbeat'],
    [4002, 'too slow'],
    [4004, 'token expired'],
    [4100, 'session state gone'],
    [4400, 'protocol error'],
    [4401, 'unauthenticated'],
    [4403, 'forbidden'],
    [4413, 'too large'],
    [4429, 'rate limit'],
]);

/**
 * @param {number} code
 * @returns {CloseVerdict}
 */
export function closeVerdict(code) {
    if (code === 4100) return 'afresh';
    if (code >= 4400 && code <= 4499) return 'stop';
    return OUR_FAULT.has(code) ? 'stop' : 'resume';
}

/**
 * @param {number} code
 * @param {string} [text] what the server said
 * @returns {string}
 */
export function closeReason(code, text) {
    return text || REASONS.get(code) || `closed with code ${code}`;
}
