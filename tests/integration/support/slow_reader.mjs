// A client that reads one part in ten of the time, from a process of its own: a burst of what waited for it takes it longer to read than
// an entry takes through the host.
import { Forked, answerWith } from './forked.mjs';
import { Wire, fold } from './wire.mjs';

const TURN_MS = 10;
const TURNS = 10;

/** From now on; the answer stops that. */
export function readSlowly(wire) {
    let turn = 0;
    const turns = setInterval(() => (++turn % TURNS === 0 ? wire.resume() : wire.pause()), TURN_MS);
    return () => clearInterval(turns);
}

/** Of each of the streams, up to the number that is told. */
export function textsOf(wire, lasts) {
    const textOf = async ([stream, last]) => fold(await wire.framesOf(stream, ({ seq }) => seq === last)).text;
    return Promise.all(Object.entries(lasts).map(textOf));
}

/** Follows the streams; asked for the last numbers of some, it reads as fast as it can, and answers their texts. */
export const startSlowReader = (host, streams) => Forked.start(import.meta.url, [host.url, ...streams]);

await answerWith(import.meta.url, async (url, ...streams) => {
    const wire = await Wire.join({ url });
    for (const stream of streams) await wire.ask({ type: 'subscribe', stream, from: 'start' });
    const stopSlow = readSlowly(wire);
    return async (lasts) => {
        stopSlow();
        wire.resume();
        return textsOf(wire, lasts);
    };
});
