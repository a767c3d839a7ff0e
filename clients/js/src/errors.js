/**
 * What went wrong and who can act. `code` is the server's error code, or one of the client's own:
 * `closed` (the client was closed), `busy` (a local limit), `expired` (the content is no longer kept),
 * `aborted` (the caller's signal), `protocol` (the server broke the contract), `storage` (nothing can be saved).
 */
export class StreamhostError extends Error {
    /**
     * @param {string} code
     * @param {string} message
     * @param {{retryable?: boolean, retryAfterMs?: number, expected?: number, cause?: unknown}} [detail]
     */
    constructor(code, message, detail = {}) {
        super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
        this.name = 'StreamhostError';
        this.code = code;
        this.retryable = detail.retryable ?? false;
        this.retryAfterMs = detail.retryAfterMs;
        /** With `sequence_gap`: the seq that the stream expects next. */
        this.expected = detail.expected;
    }

    /**
     * @param {import('./core/stream.js').Frame} frame
     * @returns {StreamhostError}
     */
    static fromFrame(frame) {
        return new StreamhostError(String(frame.code ?? 'internal'), String(frame.message ?? 'unknown error'), {
            retryable: frame.retryable === true,
            retryAfterMs: typeof frame.retry_after_ms === 'number' ? frame.retry_after_ms : undefined,
            expected: typeof frame.expected === 'number' ? frame.expected : undefined,
        });
    }
}
