/**
 * Calls of the admin API, each with one way to succeed and one to fail.
 *
 * @typedef {'away' | 'unauthenticated' | 'forbidden' | 'missing' | 'refused' | 'unavailable'} Kind
 *   away: no answer; missing: what would answer is not there or off; refused: the call was wrong or cannot be now
 * @typedef {{method?: string, body?: unknown, alsoGood?: number}} Call `alsoGood`: a status that brings a result, too
 */

/** Longer than the host takes for its slowest answer, a list from a store that is away. */
const PATIENCE_MS = 8000;

export class ApiError extends Error {
    /**
     * @param {Kind} kind
     * @param {string} message for people
     */
    constructor(kind, message) {
        super(message);
        this.name = 'ApiError';
        this.kind = kind;
    }
}

export class Api {
    #token;
    #fetch;

    /**
     * @param {() => string} token asked for before each call; empty: none
     * @param {typeof globalThis.fetch} [fetch]
     */
    constructor(token, fetch = (...all) => globalThis.fetch(...all)) {
        this.#token = token;
        this.#fetch = fetch;
    }

    /**
     * @param {string} path
     * @param {Call} [call]
     * @returns {Promise<any>}
     */
    async json(path, call = {}) {
        const text = await this.text(path, call);
        try {
            return JSON.parse(text);
        } catch {
            throw new ApiError('unavailable', `The answer of ${path} cannot be read.`);
        }
    }

    /**
     * @param {string} path
     * @param {Call} [call]
     */
    async text(path, { method = 'GET', body, alsoGood = 0 } = {}) {
        const token = this.#token();
        const headers = new Headers(token === '' ? {} : { Authorization: `Bearer ${token}` });
        if (body !== undefined) headers.set('Content-Type', 'application/json');
        try {
            const response = await this.#fetch(path, {
                method,
                headers,
                body: body === undefined ? undefined : JSON.stringify(body),
                cache: 'no-store',
                credentials: 'omit',
                redirect: 'error',
                signal: AbortSignal.timeout(PATIENCE_MS),
            });
            const isProblem = response.headers.get('Content-Type')?.startsWith('application/problem+json') ?? false;
            if (response.ok || (response.status === alsoGood && !isProblem)) return await response.text();
            throw problemOf(response.status, await response.text());
        } catch (error) {
            if (error instanceof ApiError) throw error;
            throw new ApiError('away', 'The node does not answer.');
        }
    }
}

/**
 * @param {number} status
 * @param {string} body a problem document (RFC 9457), as a rule
 */
export function problemOf(status, body) {
    return new ApiError(kindOf(status), detailOf(body) || `The node answered ${status}.`);
}

/**
 * @param {number} status
 * @returns {Kind}
 */
function kindOf(status) {
    if (status === 401) return 'unauthenticated';
    if (status === 403) return 'forbidden';
    if (status === 404) return 'missing';
    return status >= 500 ? 'unavailable' : 'refused';
}

/** @param {string} body */
function detailOf(body) {
    try {
        const { detail, title } = JSON.parse(body);
        return String(detail ?? title ?? '');
    } catch {
        return '';
    }
}
