import type { Reply } from '../../http/reply.ts';
import { json } from '../../http/reply.ts';
import type { Route } from '../../http/router.ts';
import type { DockerContext } from '../context.ts';
import { infoOf } from '../convert/info.ts';
import { apiVersion, minimumApiVersion } from '../version.ts';

/** `/_ping`, `/version`, `/info` and what belongs to them. */
export const systemRoutes = (context: DockerContext): readonly Route[] => [
  ['GET', '/_ping', () => ping('OK')],
  ['HEAD', '/_ping', () => ping('')],
  ['GET', '/version', () => json(versionOf(context))],
  ['GET', '/info', () => json(infoOf(context))],
];

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

const versionOf = ({ version }: DockerContext) => {
  const details = {
    ApiVersion: apiVersion,
    MinAPIVersion: minimumApiVersion,
    Arch: architecture(),
    BuildTime: '',
    Experimental: 'false',
    GitCommit: '',
    GoVersion: '',
    KernelVersion: '',
    Os: 'linux',
  };
  return {
    Platform: { Name: 'Tutti' },
    Components: [{ Name: 'Engine', Version: version, Details: { ...details } }],
    Version: version,
    ...details,
    Experimental: false,
  };
};

const architecture = (): string => ({ x64: 'amd64' })[process.arch as string] ?? process.arch;
