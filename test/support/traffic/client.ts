/**
 * A client that asks at an even rate over connections that it keeps, every tenth time over a new one, `client.ts HOST PORT RATE
 * CONNECTIONS`, until its standard input ends; says `{"kind":"begun"}` after the first answer, and at the end what became of its requests.
 * One that is late asks more at once, so that the count goes by the time alone.
 */
import { Agent, get } from 'node:http';
import type { Outcome } from './asking.ts';

const [host = '', port = '', rate = '', connections = ''] = process.argv.slice(2);
const perMs = Number(rate) / 1000;
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
const failures = new Map<string, number>();
const bodies = new Map<string, number>();
const bump = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

let count = 0;
let open = 0;
let slowestMs = 0;
let ending = false;
let begun = false;

const done = (): void => {
  open -= 1;
  if (ending && open === 0) finish();
};
const finish = (): void => {
  say({
    kind: 'ended',
    count,
    failures: Object.fromEntries(failures),
    bodies: Object.fromEntries(bodies),
    slowestMs: Math.round(slowestMs),
  } satisfies Outcome);
  process.exit(0);
};

const ask = (): void => {
  count += 1;
  open += 1;
  const since = performance.now();
  const answered = (key: string, counts: Map<string, number>): void => {
    bump(counts, key);
    slowestMs = Math.max(slowestMs, performance.now() - since);
    done();
  };
  const how = count % 10 === 0 ? false : agent;
  const request = get({ host, port, agent: how, timeout: 20_000 }, (response) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (text: string) => (body += text));
    response.on('end', () => {
      if (response.statusCode === 200) answered(body.trim(), bodies);
      else answered(`status ${response.statusCode}`, failures);
      if (!begun) say({ kind: 'begun' });
      begun = true;
    });
  });
  request.on('timeout', () => request.destroy(new Error('no answer for 20 s')));
  request.on('error', (fault: NodeJS.ErrnoException) =>
    answered(
      `${fault.code ?? fault.message}${request.reusedSocket ? ', on a connection that was kept' : ''}`,
      failures,
    ),
  );
};

const begin = performance.now();
const timer = setInterval(() => {
  for (const due = (performance.now() - begin) * perMs; count < due; ) ask();
}, 5);
process.stdin.resume().on('end', () => {
  clearInterval(timer);
  ending = true;
  if (open === 0) finish();
});
