// The frame of a program with parts: which of them were asked for, and what comes of the whole.
import { leaveNothingBehind } from './machine.mjs';
import { Verdicts } from './verdicts.mjs';

/** @param {Record<string, (verdicts: Verdicts) => Promise<void>>} all by name, in order; the command line may name some of them */
export async function parts(all) {
    leaveNothingBehind();
    const given = process.argv.slice(2);
    const verdicts = new Verdicts({ quick: given.includes('--quick') });
    const names = given.filter((word) => word !== '--quick');
    for (const name of names) if (!(name in all)) throw new Error(`no part ${name}, but: ${Object.keys(all).join(' ')}`);
    for (const [name, work] of Object.entries(all)) {
        if (names.length === 0 || names.includes(name)) await verdicts.part(name, () => work(verdicts));
    }
    console.log(verdicts.table());
    process.exitCode = verdicts.hasFailed ? 1 : 0;
}
