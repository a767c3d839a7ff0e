import { formatPosition } from './position.js';

/** @typedef {import('./stream.js').Frame} Frame */

/**
 * @param {string} text
 * @returns {Frame | null}
 */
export function parseFrame(text) {
    try {
        const frame = JSON.parse(text);
        return frame !== null && typeof frame === 'object' && typeof frame.type === 'string' ? frame : null;
    } catch {
        return null;
    }
}

/**
 * @param {number} id
 * @param {{session: string, follow: boolean, token?: string, client?: {name: string, version: string}}} who
 * @param {{id: string, position: import('./position.js').Position}[]} streams to be resumed
 */
export function helloFrame(id, { session, follow, token, client }, streams) {
    return {
        type: 'hello',
        id,
        session,
        follow,
        ...(token === undefined ? {} : { token }),
        ...(client ? { client } : {}),
        resume: streams.map((stream) => ({ stream: stream.id, after: formatPosition(stream.position) })),
    };
}

/**
 * @param {string} text
 * @param {number} limit below a third of it no text can be longer in UTF-8, so it need not be encoded
 */
export function byteLength(text, limit) {
    return text.length * 3 <= limit ? text.length : new TextEncoder().encode(text).length;
}

/** @param {unknown} degraded */
export function degradedReason(degraded) {
    return typeof degraded === 'string' ? degraded : 'the server runs with reduced service';
}
