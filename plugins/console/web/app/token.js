/**
 * A token that somebody typed in: kept for this tab and its reloads, gone with the tab, never in an address or a cookie.
 */
export class TokenKeeper {
    #key;
    #token = '';

    /** @param {string} key of sessionStorage */
    constructor(key) {
        this.#key = key;
        try {
            this.#token = sessionStorage.getItem(key) ?? '';
        } catch {
            // Without storage it lasts as long as the page.
        }
    }

    get token() {
        return this.#token;
    }

    /**
     * @param {string} text as it was pasted
     * @returns {boolean} false, and nothing is kept, when that cannot be a token (RFC 6750, 2.1)
     */
    keep(text) {
        const token = text.trim().replace(/^bearer\s+/i, '');
        if (token.length > 8192 || !/^[A-Za-z0-9._~+/-]+=*$/.test(token)) return false;
        this.#token = token;
        this.#write();
        return true;
    }

    forget() {
        this.#token = '';
        this.#write();
    }

    #write() {
        try {
            if (this.#token === '') sessionStorage.removeItem(this.#key);
            else sessionStorage.setItem(this.#key, this.#token);
        } catch {
            // See above.
        }
    }
}
