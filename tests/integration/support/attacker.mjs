// The attacks of support/attacks.mjs from a process of their own.
import { Forked, answerWith } from './forked.mjs';
import { attacks } from './attacks.mjs';

/** Takes the name of an attack, and answers what became of it: {tries: number, unexpected: Record<string, number>}. */
export const startAttacker = (host) => Forked.start(import.meta.url, [String(host.port)]);

await answerWith(import.meta.url, (port) => (attack) => attacks[attack](Number(port)));
