// What docs/ tells operators is there: pages and their sections, metrics, alerts, lines of the log, keys, close codes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { root } from './support/host_process.mjs';

const run = promisify(execFile);
const read = (file) => readFile(path.join(root, file), 'utf8');
const tracked = async (...patterns) => (await run('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns], { cwd: root, maxBuffer: 1 << 24 })).stdout.trim().split('\n');
/** As GitHub makes it of a heading. */
const anchorOf = (heading) => heading.toLowerCase().replace(/`|\*|\[|\]\([^)]*\)/g, '').replace(/[^\p{L}\p{N} _-]/gu, '').trim().replaceAll(' ', '-');
const withoutCode = (page) => page.replace(/^( *)```[\s\S]*?^\1```/gm, '');
const anchorsOf = (page) => new Set([...withoutCode(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading)));
const cellsOf = (row) => row.replaceAll('\\|', ' ').split('|').slice(1, -1).map((cell) => cell.trim());
const codeIn = (text) => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code);

let guides;
let troubleshooting;
before(async () => {
    const files = await tracked('docs/operate/*.md');
    guides = Object.fromEntries(await Promise.all(files.map(async (file) => [path.basename(file), await read(file)])));
    troubleshooting = guides['troubleshooting.md'];
});

it('links lead to files and sections that exist', async () => {
    const broken = [];
    for (const file of await tracked('README.md', 'CONTRIBUTING.md', 'docs/*.md', 'deploy/*.md', 'plugins/*.md')) {
        const page = withoutCode(await read(file));
        for (const [, target] of page.matchAll(/\]\(([^)\s]+)\)/g)) {
            if (/^[a-z]+:/.test(target) || file.endsWith('template.md')) continue;
            const [name, anchor] = target.split('#');
            const where = name === '' ? file : path.join(path.dirname(file), name);
            if (!existsSync(path.join(root, where))) broken.push(`${file}: ${target}`);
            else if (anchor && where.endsWith('.md') && !anchorsOf(await read(where)).has(anchor)) broken.push(`${file}: ${target}`);
        }
    }
    assert.deepEqual(broken, []);
});

it('every guide is reached from the list of pages', async () => {
    const list = await read('docs/README.md');
    for (const name of Object.keys(guides)) assert.ok(list.includes(`(operate/${name})`), name);
});

describe('a guide names', () => {
    it('metrics that nodes have', () => {
        const [, part] = guides['monitoring.md'].split(/^### Every name$/m);
        const known = new Set(part.split(/^## /m)[0].match(/^\| `.*$/gm).flatMap((row) => codeIn(row.split('|')[1])));
        for (const [name, page] of Object.entries(guides))
            for (const [, metric] of page.matchAll(/\bstreamhost_([a-z_]*[a-z])(?![a-z_/]*\.)\b/g))
                assert.ok([...known].some((one) => metric.replace(/_(bucket|count|sum)$/, '') === one || one.startsWith(`${metric}_`)) || ['back'].includes(metric), `${name}: ${metric}`);
    });

    it('alerts that are in the rules', async () => {
        const rules = new Set([...(await read('deploy/prometheus/rules.yml')).matchAll(/alert: (\w+)/g)].map(([, alert]) => alert));
        const explained = guides['monitoring.md'].split(/^## Alerts$/m)[1].split(/^## /m)[0];
        assert.deepEqual([...explained.matchAll(/^\| ([A-Z]\w+) \|/gm)].map(([, alert]) => alert).sort(), [...rules].sort());
        const isAlert = /\b(?:[A-Z][a-z]+){2,}\b/g;
        const others = new Set(['OpenTelemetry', 'ConfigMap', 'ModSecurity', 'NetworkPolicy', 'WebSocket', 'WebSockets', 'HttpOnly', 'ReadMe', 'CrashLoopBackOff', 'GitHub', 'LoadCredential', 'TimeoutStopSec']);
        for (const [name, page] of Object.entries(guides))
            for (const [word] of page.replace(/`[^`]*`/g, '').replace(/```[\s\S]*?```/g, '').matchAll(isAlert)) assert.ok(rules.has(word) || others.has(word), `${name}: ${word}`);
    });

    it('keys of the configuration that exist', async () => {
        // `public` and such are names of one's own.
        const keys = new Set([...(await read('docs/reference/configuration.md')).matchAll(/^\| `([^`]+)`/gm)].map(([, key]) => key.replaceAll('[]', '').replace('<name>', 'public')));
        const sections = new Set([...keys].flatMap((key) => key.split('.').map((_, at, parts) => parts.slice(0, at + 1).join('.'))));
        const isKey = /^(?:node|listeners|store|plugins|http|limits|runtime|delivery|logging|drain)\.[a-z_.[\]]+$/;
        for (const [name, page] of Object.entries(guides))
            for (const code of codeIn(withoutCode(page)).flatMap((each) => each.split(': ').slice(0, 1)))
                if (isKey.test(code)) assert.ok(sections.has(code.replaceAll('[]', '')), `${name}: ${code}`);
    });

    it('lines of the log that somebody writes', async () => {
        const sources = (await Promise.all((await tracked('host/*.cpp', 'host/*.hpp', 'plugins/*.cpp', 'plugins/*.hpp')).map(read))).join('\n').replace(/"\s*\n\s*"/g, '');
        const said = [
            ...codeIn(withoutCode(troubleshooting)).filter((code) => /^[a-z']+( [a-z':,;]+){3,}$/.test(code)),
            'plugin failed', 'provider failed', 'configuration read again', 'plugin started',
        ];
        assert.ok(said.length > 10, said.join('\n'));
        for (const line of said) assert.ok(sources.includes(line) && troubleshooting.includes(line), line);
    });

    it('every close code of the protocol, with what to do', async () => {
        const [, part] = (await read('docs/protocol.md')).split(/^### Close codes$/m);
        const codes = new Set([...part.split(/^## /m)[0].matchAll(/^\| ([^|]+)\|/gm)].flatMap(([, cell]) => cell.match(/\b[14]\d{3}\b/g) ?? []));
        const rows = troubleshooting.split(/^## Disconnects$/m)[1].split(/^## /m)[0].match(/^\| \d.*$/gm).map(cellsOf);
        const explained = new Set(rows.flatMap(([cell]) => cell.match(/\d{4}/g)));
        for (const code of codes) assert.ok(explained.has(code), code);
    });
});
