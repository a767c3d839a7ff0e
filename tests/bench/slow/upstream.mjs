// Server of the OpenAI kind that is in no hurry: a token per second and answer, until it is told to end them all.
import { createServer } from 'node:http';

const TOKEN_MS = 1_000;
const answers = new Set();
let count = 0;

const say = (response, delta, finish = null) => response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`);

const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    let number = 0;
    const next = () => say(response, { content: `t${number++} ` });
    // Spread over the second, as a thousand strangers are.
    const first = setTimeout(() => {
        next();
        answer.timer = setInterval(next, TOKEN_MS);
    }, (count++ % 100) * (TOKEN_MS / 100));
    const answer = {
        timer: first,
        end: () => {
            clearInterval(answer.timer);
            say(response, {}, 'stop');
            response.end('data: [DONE]\n\n');
        },
    };
    answers.add(answer);
    response.on('close', () => {
        clearInterval(answer.timer);
        answers.delete(answer);
    });
});
server.keepAliveTimeout = 0;
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => process.send({ port: server.address().port }));

process.on('message', (word) => {
    if (word === 'count') process.send({ open: answers.size });
    if (word === 'end') answers.forEach((answer) => answer.end());
});
process.on('disconnect', () => process.exit());
