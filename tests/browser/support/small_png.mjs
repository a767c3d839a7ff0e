import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS = 256;

/**
 * A screenshot with a palette instead of three bytes a pixel: a third of the size. A page has few colours beside the shades of its
 * letters' edges; the 256 most frequent stay as they are, the others become the nearest of them.
 *
 * @param {Buffer} png 8 bit RGB, not interlaced, as chromium writes it
 */
export function smallPng(png) {
    const { width, height, rgb } = decode(png);
    const counts = new Map();
    for (let at = 0; at < rgb.length; at += 3) {
        const colour = rgb.readUIntBE(at, 3);
        counts.set(colour, (counts.get(colour) ?? 0) + 1);
    }
    const palette = [...counts.entries()].sort((a, b) => b[1] - a[1]).slice(0, COLOURS).map(([colour]) => colour);
    const index = new Map(palette.map((colour, number) => [colour, number]));
    const rows = Buffer.alloc((width + 1) * height); // the byte in front of each row is filter 0
    for (let pixel = 0; pixel < width * height; pixel += 1) {
        const colour = rgb.readUIntBE(3 * pixel, 3);
        if (!index.has(colour)) index.set(colour, nearest(palette, colour));
        rows[pixel + Math.floor(pixel / width) + 1] = index.get(colour);
    }
    const head = Buffer.alloc(13);
    head.writeUInt32BE(width, 0);
    head.writeUInt32BE(height, 4);
    head.set([8, 3, 0, 0, 0], 8);
    const colours = Buffer.concat(palette.map((colour) => Buffer.from([colour >> 16, (colour >> 8) & 255, colour & 255])));
    return Buffer.concat([SIGNATURE, chunk('IHDR', head), chunk('PLTE', colours), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND')]);
}

function nearest(palette, colour) {
    const distance = (other) => [16, 8, 0].reduce((sum, shift) => sum + (((colour >> shift) & 255) - ((other >> shift) & 255)) ** 2, 0);
    return palette.reduce((best, other, number) => (distance(other) < distance(palette[best]) ? number : best), 0);
}

/** PNG (Third Edition), 9: each row is told by its difference to the pixel on the left, above, or both. */
function decode(png) {
    const data = [];
    for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
        if (png.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
    }
    const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
    if (png[24] !== 8 || png[25] !== 2 || png[28] !== 0) throw new Error('only 8 bit RGB without interlacing is understood');
    const [raw, stride] = [inflateSync(Buffer.concat(data)), 3 * width];
    const rgb = Buffer.alloc(stride * height);
    for (let row = 0; row < height; row += 1) {
        const filter = raw[row * (stride + 1)];
        for (let x = 0; x < stride; x += 1) {
            const at = row * stride + x;
            const left = x < 3 ? 0 : rgb[at - 3];
            const up = row === 0 ? 0 : rgb[at - stride];
            const corner = x < 3 || row === 0 ? 0 : rgb[at - stride - 3];
            const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
            rgb[at] = raw[row * (stride + 1) + 1 + x] + guess;
        }
    }
    return { width, height, rgb };
}

function paeth(left, up, corner) {
    const [a, b, c] = [left, up, corner].map((value) => Math.abs(left + up - corner - value));
    if (a <= b && a <= c) return left;
    return b <= c ? up : corner;
}

function chunk(type, data = Buffer.alloc(0)) {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [size, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    size.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([size, body, check]);
}
