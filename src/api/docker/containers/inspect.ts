import type { Manager } from '../../../manager/manager.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { clusterNetworkOf, networkMark, withClusterNetworks } from './networks.ts';
import { nodeField } from './node-field.ts';
import { passOn, withQuery } from './pass.ts';
import { readReply } from './read-reply.ts';
import { isRecord } from './record.ts';

/** What the engine says of a container, with its `Node`. */
export const inspectContainer = async (manager: Manager, request: ApiRequest): Promise<Reply> => {
  const { container, reply } = await passOn(manager, request, { path: withQuery(request, '/json') });
  if (reply.kind !== 'stream' || reply.status !== 200) return reply;
  const text = await readReply(reply);
  const record = manager.queries.nodes().find(({ node }) => node.id === container.nodeId);
  const { 'content-length': _length, ...headers } = reply.headers;
  const named = text.includes(networkMark) ? withNetworks(manager, text) : text;
  return {
    kind: 'text',
    status: 200,
    text: record === undefined ? named : withField(named, 'Node', nodeField(record)),
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

/** The text of a JSON object with one field more, everything else left as the engine wrote it. */
export const withField = (text: string, name: string, value: unknown): string => {
  const end = text.lastIndexOf('}');
  if (end < 0) return text;
  const before = text.slice(0, end).trimEnd();
  return `${before}${before.endsWith('{') ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}}\n`;
};
