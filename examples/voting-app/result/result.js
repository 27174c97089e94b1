// Shows the count, live. PostgreSQL says when a vote was stored (LISTEN), the new count goes to every open page
// over a WebSocket. A page whose connection broke connects again by itself.
'use strict';
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { Client } = require('pg');
const { WebSocketServer, WebSocket } = require('ws');

const port = Number(process.env.PORT || 8080);
const options = { a: process.env.OPTION_A || 'Cats', b: process.env.OPTION_B || 'Dogs' };
const refreshMs = 2000;
const retryMs = 250;
const queryMs = 2000;

/** The connection, while there is one; and the last count, as sent to pages. */
let database;
let last;

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Opens one connection; resolves with it and with a promise of its end. */
async function connect() {
  const client = new Client({
    host: process.env.PGHOST || 'db',
    connectionTimeoutMillis: 2000,
    query_timeout: queryMs,
    keepAlive: true,
  });
  const ended = new Promise((resolve) => {
    client.on('error', (error) => resolve(error.message));
    client.on('end', () => resolve('connection closed'));
  });
  try {
    await client.connect();
    await client.query('LISTEN votes');
  } catch (error) {
    client.end().catch(() => {});
    throw error;
  }
  return { client, ended };
}

/** How many voted for what. Before the worker made the table, nobody has. */
async function count(client) {
  try {
    const { rows } = await client.query('SELECT choice, count(*)::int AS votes FROM votes GROUP BY choice');
    const votes = Object.fromEntries(rows.map((row) => [row.choice, row.votes]));
    const a = votes.a || 0;
    const b = votes.b || 0;
    return { a, b, total: a + b };
  } catch (error) {
    if (error.code === '42P01') return { a: 0, b: 0, total: 0 };
    throw error;
  }
}

/** Keeps a connection, for ever; each loss is followed by a new one. */
async function follow() {
  for (;;) {
    try {
      const { client, ended } = await connect();
      console.log('result: connected to the database');
      database = client;
      await serveUntil(client, ended);
    } catch (error) {
      console.log(`result: database: ${error.message}`);
    }
    database = undefined;
    await wait(retryMs);
  }
}

/** Sends the count on every change, many changes at once as one, and now and then in case a notice was missed. */
async function serveUntil(client, ended) {
  let wake = () => {};
  let changed = true;
  client.on('notification', () => {
    changed = true;
    wake();
  });
  let over;
  ended.then((reason) => {
    over = reason;
    wake();
  });
  try {
    while (over === undefined) {
      changed = false;
      publish(await count(client));
      if (changed || over !== undefined) continue;
      let timer;
      await new Promise((resolve) => {
        wake = resolve;
        timer = setTimeout(resolve, refreshMs);
      });
      clearTimeout(timer);
    }
    throw new Error(over);
  } finally {
    client.end().catch(() => {});
  }
}

const page = fs
  .readFileSync(path.join(__dirname, 'page.html'), 'utf8')
  .replace('{{options}}', () => JSON.stringify({ ...options, host: os.hostname() }).replace(/</g, '\\u003c'));

function reply(response, status, type, body) {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

const json = (response, status, value) => reply(response, status, 'application/json', `${JSON.stringify(value)}\n`);

/** Counted anew for each request: what it says is what the database holds. */
async function answerCount(response) {
  if (!database) return json(response, 503, { message: 'the database does not answer' });
  try {
    return json(response, 200, await count(database));
  } catch (error) {
    return json(response, 503, { message: error.message });
  }
}

const server = http.createServer((request, response) => {
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(response, 405, { message: 'GET only' });
  switch (new URL(request.url, 'http://result').pathname) {
    case '/':
      return reply(response, 200, 'text/html; charset=utf-8', page);
    case '/api/result':
      return answerCount(response);
    case '/healthz':
      // Says that this server works; whether the database does is the database's own health.
      return json(response, 200, { message: 'ok' });
    default:
      return json(response, 404, { message: 'not found' });
  }
});
const sockets = new WebSocketServer({ server, path: '/live', maxPayload: 1024 });
sockets.on('connection', (socket) => {
  socket.on('error', () => socket.terminate());
  if (last) socket.send(last);
});

function publish(result) {
  const text = JSON.stringify(result);
  if (text === last) return;
  last = text;
  for (const socket of sockets.clients) if (socket.readyState === WebSocket.OPEN) socket.send(text);
}

/** Finds connections whose other end vanished without a word. */
setInterval(() => {
  for (const socket of sockets.clients) {
    if (socket.silent) socket.terminate();
    socket.silent = true;
    socket.once('pong', () => {
      socket.silent = false;
    });
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }
}, 10_000).unref();

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
server.listen(port, () => console.log(`result: listening on ${port}`));
follow();
