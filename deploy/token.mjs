#!/usr/bin/env node
// A token for trying a deployment: what the login service does, for its HS256 key. Needs Node 22 and nothing else.
//   deploy/token.mjs [--kid ID] [--issuer TEXT] [--audience TEXT] KEY_FILE USER GRANTS [SECONDS]
//   deploy/token.mjs deploy/secrets/jwt-key ann 'read:@own send:@own' 3600
//   deploy/token.mjs deploy/secrets/jwt-key ops 'admin:*'
// Key id, issuer and audience are those of deploy/config/auth.yaml unless they are given. Whoever has KEY_FILE can be anybody: keep it where
// it is.
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const SECONDS = 600;
let given;
try {
    given = parseArgs({ allowPositionals: true, options: { kid: { type: 'string' }, issuer: { type: 'string' }, audience: { type: 'string' } } });
} catch (error) {
    console.error(error.message);
}
const [file, user, grants, seconds = String(SECONDS)] = given?.positionals ?? [];
if (!grants || !(Number(seconds) > 0)) {
    console.error("usage: deploy/token.mjs [--kid ID] [--issuer TEXT] [--audience TEXT] KEY_FILE USER GRANTS [SECONDS], such as deploy/secrets/jwt-key ann 'read:@own send:@own' 3600");
    process.exit(1);
}
const configuration = readFileSync(new URL('config/auth.yaml', import.meta.url), 'utf8');
const shipped = [/^ +issuer: (\S+)$/m, /^ +audiences: \[(\S+?)[,\]]/m, /- \{id: (\S+?),/].map((pattern) => configuration.match(pattern)?.[1]);
const { issuer = shipped[0], audience = shipped[1], kid = shipped[2] } = given.values;
const key = readFileSync(file, 'utf8').replace(/[\r\n]+$/, '');
const now = Math.floor(Date.now() / 1000);
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = { sub: user, iss: issuer, aud: audience, iat: now, exp: now + Number(seconds), grants: grants.split(' ') };
const signed = `${part({ alg: 'HS256', kid, typ: 'JWT' })}.${part(claims)}`;
console.log(`${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`);
