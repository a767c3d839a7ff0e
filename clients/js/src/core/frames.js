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
