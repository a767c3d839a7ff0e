// Plots as SVG: the same figures give the same bytes.
const WIDTH = 720;
const LEFT = 150;
const RIGHT = 90;
const ROW = 24;
const TOP = 40;
const COLORS = ['#2563eb', '#d97706', '#059669', '#dc2626', '#7c3aed', '#0891b2', '#be185d', '#65a30d', '#475569', '#b45309'];

const escape = (text) => String(text).replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]);
const at = (value) => Number(value.toFixed(1)).toString();
const text = (x, y, words, more = '') => `<text x="${at(x)}" y="${at(y)}"${more}>${escape(words)}</text>`;

function frame(height, title, body) {
    const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${at(height)}" font-family="sans-serif" font-size="12" fill="#111827">`;
    const ground = `<rect width="${WIDTH}" height="${at(height)}" fill="#ffffff"/>`;
    return [head, `<title>${escape(title)}</title>`, ground, text(12, 22, title, ' font-size="14" font-weight="bold"'), ...body, '</svg>', ''].join('\n');
}

/**
 * One bar each, with its spread as a line.
 *
 * @param {{name: string, value: number, least?: number, most?: number, label: string, isOurs?: boolean}[]} bars
 */
export function bars(title, bars) {
    const top = Math.max(...bars.map(({ value, most = value }) => Math.max(value, most)), Number.MIN_VALUE);
    const x = (value) => LEFT + (value / top) * (WIDTH - LEFT - RIGHT);
    const body = bars.flatMap(({ name, value, least = value, most = value, label, isOurs }, index) => {
        const y = TOP + index * ROW;
        return [
            text(LEFT - 8, y + 14, name, ' text-anchor="end"'),
            `<rect x="${LEFT}" y="${at(y + 3)}" width="${at(x(value) - LEFT)}" height="${ROW - 8}" fill="${isOurs ? COLORS[0] : '#9ca3af'}"/>`,
            `<path d="M${at(x(least))} ${at(y + 11)}H${at(x(most))}" stroke="#111827"/>`,
            text(x(Math.max(value, most)) + 6, y + 14, label),
        ];
    });
    return frame(TOP + bars.length * ROW + 12, title, body);
}

const ticks = (least, most) => {
    const all = [];
    for (let power = Math.floor(Math.log10(least)); 10 ** power <= most * 1.0001; ++power) if (10 ** power >= least * 0.9999) all.push(10 ** power);
    return all;
};
const short = (value) => (value >= 1e6 ? `${value / 1e6} M` : value >= 1e3 ? `${value / 1e3} k` : String(Number(value.toPrecision(3))));

/**
 * Lines through points, both axes logarithmic.
 *
 * @param {{x: string, y: string}} axes what they say
 * @param {{name: string, points: [number, number][]}[]} lines
 */
export function curves(title, axes, lines) {
    const all = lines.flatMap(({ points }) => points).filter(([x, y]) => x > 0 && y > 0);
    const [height, bottom] = [360, 44];
    const range = (index) => {
        const values = all.map((point) => point[index]);
        return [10 ** Math.floor(Math.log10(Math.min(...values))), 10 ** Math.ceil(Math.log10(Math.max(...values) * 1.0001))];
    };
    const [[leastX, mostX], [leastY, mostY]] = [range(0), range(1)];
    const x = (value) => 60 + ((Math.log10(value) - Math.log10(leastX)) / (Math.log10(mostX) - Math.log10(leastX))) * (WIDTH - 60 - 150);
    const y = (value) => height - bottom - ((Math.log10(value) - Math.log10(leastY)) / (Math.log10(mostY) - Math.log10(leastY))) * (height - bottom - TOP);
    const grid = [
        ...ticks(leastX, mostX).flatMap((value) => [`<path d="M${at(x(value))} ${TOP}V${height - bottom}" stroke="#e5e7eb"/>`, text(x(value), height - bottom + 16, short(value), ' text-anchor="middle"')]),
        ...ticks(leastY, mostY).flatMap((value) => [`<path d="M60 ${at(y(value))}H${WIDTH - 150}" stroke="#e5e7eb"/>`, text(54, y(value) + 4, short(value), ' text-anchor="end"')]),
        text((WIDTH - 90) / 2, height - 8, axes.x, ' text-anchor="middle"'),
        text(60, TOP - 4, axes.y),
    ];
    const drawn = lines.flatMap(({ name, points }, index) => {
        const color = COLORS[index % COLORS.length];
        const seen = points.filter(([px, py]) => px > 0 && py > 0);
        const path = seen.map(([px, py], step) => `${step === 0 ? 'M' : 'L'}${at(x(px))} ${at(y(py))}`).join('');
        return [`<path d="${path}" fill="none" stroke="${color}" stroke-width="2"/>`, text(WIDTH - 142, TOP + 14 + index * 18, name, ` fill="${color}"`)];
    });
    return frame(height, title, [...grid, ...drawn]);
}
