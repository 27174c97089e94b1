import type { Reply } from '../../http/reply.ts';
import { json } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { DockerContext } from '../context.ts';
import { diskUsage } from '../system/disk-usage.ts';
import { infoOf } from '../system/info.ts';
import { versionOf } from '../system/version.ts';
import { isOlder } from '../version.ts';

/** `/_ping`, `/version`, `/info` and what belongs to them. */
export const systemRoutes = (context: DockerContext): readonly Route[] => [
  ['GET', '/_ping', () => ping('OK')],
  ['HEAD', '/_ping', () => ping('')],
  ['GET', '/version', () => json(versionOf(context))],
  ['GET', '/info', async (request) => json({ ...(await infoOf(context, request)), ...oldInfo(request) })],
  ['GET', '/system/df', (request) => diskUsage(context, request)],
];

/** What clients from before API 1.25 look for. */
const oldInfo = ({ version }: ApiRequest): { readonly ExecutionDriver?: string } =>
  version !== undefined && isOlder(version, '1.25') ? { ExecutionDriver: '<not supported>' } : {};

/** Clients learn the API version and that swarm commands work from these headers. */
const ping = (text: string): Reply => ({
  kind: 'text',
  status: 200,
  text,
  headers: {
    'cache-control': 'no-cache, no-store, must-revalidate',
    pragma: 'no-cache',
    'builder-version': '1',
    swarm: 'active/manager',
  },
});
