/** Numbers and times as people read them. Whatever comes from the node may be missing or of another kind. */

const NOTHING = '–';
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** @param {unknown} value */
export function text(value) {
    return value === null || value === undefined || value === '' ? NOTHING : String(value);
}

/** @param {unknown} value */
export function number(value) {
    return typeof value === 'number' && Number.isFinite(value) ? value.toLocaleString('en') : NOTHING;
}

/** @param {number | null | undefined} value with as many digits as tell something */
export function measure(value) {
    if (typeof value !== 'number' || !Number.isFinite(value)) return NOTHING;
    const digits = value === 0 || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
    return value.toLocaleString('en', { maximumFractionDigits: digits });
}

/** @param {unknown} value */
export function bytes(value) {
    if (typeof value !== 'number' || !Number.isFinite(value)) return NOTHING;
    const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, value)) / 10)));
    return `${measure(value / 1024 ** power)} ${UNITS[power]}`;
}

/** @param {unknown} ms */
export function duration(ms) {
    if (typeof ms !== 'number' || !Number.isFinite(ms)) return NOTHING;
    const seconds = Math.max(0, Math.floor(ms / 1000));
    const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
    if (days > 0) return `${days} d ${hours} h`;
    if (hours > 0) return `${hours} h ${minutes} min`;
    return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

/** @param {number} ms since 1970 */
export function clock(ms) {
    return new Date(ms).toLocaleTimeString('en-GB');
}

/**
 * @param {number} count
 * @param {string} one
 */
export function counted(count, one, many = `${one}s`) {
    return `${number(count)} ${count === 1 ? one : many}`;
}
