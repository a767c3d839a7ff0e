// What is in a text of YAML: every document that is not empty. Python's reader comes with docker-compose, which the tests of deploy/ need.
import { execFile } from 'node:child_process';

const AS_JSON = 'import json, sys, yaml; json.dump([d for d in yaml.safe_load_all(sys.stdin) if d], sys.stdout)';

export function parsed(yaml) {
    return new Promise((resolve, reject) => {
        const child = execFile('python3', ['-c', AS_JSON], { maxBuffer: 1 << 24 }, (error, stdout) => (error ? reject(error) : resolve(JSON.parse(stdout))));
        child.stdin.end(yaml);
    });
}
