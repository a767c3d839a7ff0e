const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * @param {number} [length] characters of 6 random bits each; 22 hold the 128 bits of a UUID
 * @returns {string} fits a session id and an idempotency key
 */
export function randomId(length = 22) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    let id = '';
    for (const byte of bytes) id += ALPHABET[byte & 63];
    return id;
}
