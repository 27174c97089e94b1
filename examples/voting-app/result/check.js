// The container's health check: this server and, through it, the database.
'use strict';
const http = require('node:http');

const port = Number(process.env.PORT || 8080);
const request = http.get({ host: '127.0.0.1', port, path: '/healthz', timeout: 1800 }, (answer) => {
  process.exit(answer.statusCode === 200 ? 0 : 1);
});
request.on('timeout', () => request.destroy(new Error('timed out')));
request.on('error', (error) => {
  console.log(`unhealthy: ${error.message}`);
  process.exit(1);
});
