/**
 * Makes this machine (or the network namespace that this runs in) a member of a cluster, for programs: one JSON object on
 * standard input, `{"action":"init"|"join"|"leave"|"start"|"stop"|"serve"|"unserve"|"state", "options":{…}}` with the options of
 * src/host/host.ts, and one JSON value on standard output: `{"value":…}` or `{"error":{"code","message"}}`, then with exit
 * code 1. Secrets come and go by these alone.
 */
import { text } from 'node:stream/consumers';
import { createHost } from '../src/host/create.ts';
import { memberRequest } from '../src/host/request.ts';
import { TuttiError } from '../src/model/errors.ts';

const perform = async (): Promise<unknown> => {
  const request = memberRequest.parse(JSON.parse(await text(process.stdin)));
  const host = createHost({ launcher: 'supervisor' });
  switch (request.action) {
    case 'init':
      return await host.init(request.options);
    case 'join':
      return await host.join(request.options);
    case 'leave':
      return await host.leave(request.options);
    case 'start':
      return await host.start(request.options);
    case 'stop':
      return (await host.stop(request.options)) ?? null;
    case 'serve':
      return (await host.serve(request.options)) ?? null;
    case 'unserve':
      return (await host.unserve(request.options)) ?? null;
    case 'state':
      return await host.state(request.options);
  }
};

try {
  process.stdout.write(`${JSON.stringify({ value: await perform() })}\n`);
} catch (thrown) {
  const { code, message } = TuttiError.from(thrown);
  process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
  process.exitCode = 1;
}
