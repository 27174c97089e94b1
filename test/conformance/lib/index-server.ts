import { once } from 'node:events';
import { createServer } from 'node:http';

/** What is found in the index, whatever is looked for. */
const results = [
  { name: 'team/tiny', description: 'a tiny one', star_count: 7, is_official: true, is_automated: false },
  { name: 'team/other', description: 'another one', star_count: 0, is_official: false, is_automated: true },
];

/** An index as engines search it (`/v1/search`), on every address of this machine. */
export const startIndex = async (port: number): Promise<AsyncDisposable> => {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://index');
    const query = url.searchParams.get('q') ?? '';
    const found = query === 'nothing' ? [] : results;
    const body = url.pathname === '/v1/search' ? { num_results: found.length, query, results: found } : {};
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  });
  server.listen(port);
  await once(server, 'listening');
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
