/**
 * What a browser knows about the network and the page, and a server-side runtime does not.
 *
 * @typedef {{wake: () => void, networkLost: () => void, leaving: () => void}} Handlers
 */

/**
 * @param {Handlers} handlers
 * @returns {() => void} stops watching
 */
export function watchSurroundings({ wake, networkLost, leaving }) {
    if (typeof window === 'undefined' || typeof document === 'undefined') return () => {};
    const stop = new AbortController();
    const options = { signal: stop.signal };
    window.addEventListener('online', wake, options);
    window.addEventListener('offline', networkLost, options);
    window.addEventListener('pageshow', wake, options);
    window.addEventListener('pagehide', leaving, options);
    document.addEventListener(
        'visibilitychange',
        () => (document.visibilityState === 'visible' ? wake() : leaving()),
        options,
    );
    return () => stop.abort();
}

/**
 * @param {string | URL | undefined} url
 * @returns {string} an absolute ws: or wss: address
 */
export function socketAddress(url) {
    const base = typeof location === 'undefined' ? undefined : location.href;
    const address = new URL(url ?? '/v1/ws', base);
    address.protocol = address.protocol.replace(/^http/, 'ws');
    return address.href;
}
