import { readAnswerBytes } from '../../../manager/engines/ask.ts';
import type { Manager } from '../../../manager/manager.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { clusterNetworkOf, networkMark, withBuiltInIds, withClusterNetworks } from './networks.ts';
import { nodeField } from './node-field.ts';
import { passOn, withQuery } from './pass.ts';
import { isRecord } from './record.ts';

const mostBytes = 64 * 1024 * 1024;

/** What the engine says of a container, with its `Node`. */
export const inspectContainer = async (manager: Manager, request: ApiRequest): Promise<Reply> => {
  const { container, reply } = await passOn(manager, request, { path: withQuery(request, '/json') });
  if (reply.kind !== 'stream' || reply.status !== 200) return reply;
  const text = (await readAnswerBytes({ body: reply.chunks }, mostBytes)).toString();
  const record = manager.queries.nodeOf(container.nodeId);
  const { 'content-length': _length, ...headers } = reply.headers;
  const named = Buffer.from(withBuiltInIds(manager, text.includes(networkMark) ? withNetworks(manager, text) : text));
  return {
    kind: 'bytes',
    status: 200,
    bytes: record === undefined ? named : withField(named, 'Node', nodeField(record)),
    headers,
  };
};

const withNetworks = (manager: Manager, text: string): string => {
  const container: unknown = JSON.parse(text);
  if (!isRecord(container)) return text;
  const id = container['Id'];
  const row = typeof id === 'string' ? manager.containers.row(id) : undefined;
  return JSON.stringify(withClusterNetworks(container, (name) => clusterNetworkOf(manager, name), row));
};

const closing = 0x7d;
const opening = 0x7b;

/** The JSON of an object with one field more, everything else left as the engine wrote it. */
const withField = (json: Buffer, name: string, value: unknown): Buffer => {
  const end = json.lastIndexOf(closing);
  if (end < 0) return json;
  const isEmpty = json.indexOf(opening) === end - 1;
  const field = `${isEmpty ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}}\n`;
  return Buffer.concat([json.subarray(0, end), Buffer.from(field)]);
};
