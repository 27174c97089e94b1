import { parseEnginePath } from '../../../rpc/engine.ts';
import type { NodeRequest, NodeRequests, NodeResponse } from '../../../rpc/transport.ts';

interface FakeVolume {
  readonly Name: string;
  readonly Driver: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Options: Readonly<Record<string, string>>;
  readonly used: boolean;
}

/** Engines that have volumes and nothing else, by node; they speak as those of Docker 20.10 do. */
export const volumeEngines = () => {
  const volumes = new Map<string, Map<string, FakeVolume>>();
  const asked: string[] = [];
  const of = (node: string): Map<string, FakeVolume> => {
    const found = volumes.get(node) ?? new Map<string, FakeVolume>();
    volumes.set(node, found);
    return found;
  };
  const put = (node: string, volume: Partial<FakeVolume> & { readonly Name: string }): void => {
    of(node).set(volume.Name, { Driver: 'local', Labels: {}, Options: {}, used: false, ...volume });
  };
  const requests: NodeRequests = {
    request: async (node, request) => {
      const path = parseEnginePath(request.path) ?? '';
      asked.push(`${node} ${request.method} ${decodeURIComponent(path)}`);
      return await answer(of(node), request, new URL(path, 'http://engine'), put.bind(undefined, node));
    },
  };
  return { of, put, requests, asked };
};

const answer = async (
  mine: Map<string, FakeVolume>,
  request: NodeRequest,
  { pathname, searchParams }: URL,
  put: (volume: FakeVolume) => void,
): Promise<NodeResponse> => {
  const filters = JSON.parse(searchParams.get('filters') ?? '{}') as Readonly<Record<string, readonly string[]>>;
  const name = decodeURIComponent(pathname.split('/')[2] ?? '');
  if (pathname === '/volumes') {
    const passes = ({ Name, used }: FakeVolume): boolean =>
      (filters['name']?.some((wanted) => Name.includes(wanted)) ?? true) &&
      (filters['dangling'] === undefined || !used);
    return reply(200, { Volumes: [...mine.values()].filter(passes).map(shown), Warnings: null });
  }
  if (pathname === '/system/df') return reply(200, { Volumes: [...mine.values()].map(shown) });
  if (pathname === '/volumes/create') {
    const {
      Name,
      Driver = 'local',
      DriverOpts = {},
      Labels = {},
    } = JSON.parse(await textOf(request)) as {
      readonly Name: string;
      readonly Driver?: string;
      readonly DriverOpts?: Readonly<Record<string, string>>;
      readonly Labels?: Readonly<Record<string, string>>;
    };
    if (Driver !== 'local') return reply(404, { message: `create ${Name}: error looking up volume plugin ${Driver}` });
    if (!mine.has(Name)) put({ Name, Driver, Options: DriverOpts, Labels, used: false });
    return reply(201, shown(mine.get(Name)));
  }
  const found = mine.get(name);
  if (found === undefined) return reply(404, { message: `get ${name}: no such volume` });
  if (request.method === 'GET') return reply(200, shown(found));
  if (found.used) return reply(409, { message: `remove ${name}: volume is in use - [abc]` });
  mine.delete(name);
  return reply(204, undefined);
};

const shown = (volume: FakeVolume | undefined) => {
  if (volume === undefined) return undefined;
  const { used: _, ...rest } = volume;
  return { ...rest, Mountpoint: `/data/${volume.Name}`, Scope: 'local', UsageData: { Size: 7, RefCount: 0 } };
};

const reply = (status: number, body: unknown): NodeResponse => ({ status, body: once(body) });

async function* once(body: unknown): AsyncGenerator<Uint8Array> {
  if (body !== undefined) yield Buffer.from(JSON.stringify(body));
}

const textOf = async ({ body }: NodeRequest): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};
