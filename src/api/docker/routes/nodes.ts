import { authoritiesOf } from '../../../manager/ca/trust.ts';
import type { Cluster } from '../../../model/cluster.ts';
import type { Node } from '../../../model/node.ts';
import { empty, json } from '../../http/reply.ts';
import type { Route } from '../../http/router.ts';
import { flagOf, paramOf } from '../../http/request.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { DockerContext } from '../context.ts';
import { nodeSchema, nodeSpecFrom, nodeTo } from '../convert/node.ts';
import type { TlsInfo } from '../convert/tls-info.ts';
import { tlsInfoTo } from '../convert/tls-info.ts';
import { lookup, lookupAsync } from '../errors.ts';
import { anyOf, checkChoice, labelled, prefixOf, readFilters } from '../filters.ts';
import { readBody, readVersion } from '../input.ts';

export const nodeRoutes = ({ manager }: DockerContext): readonly Route[] => {
  const { commands, queries } = manager;
  return [
    [
      'GET',
      '/nodes',
      (request) => {
        const passes = nodeFilter(request);
        const tls = nodeTls(queries.cluster());
        const found = queries.nodes().filter(({ node }) => passes(node));
        return json(found.map((record) => nodeTo(record, tls(record.node))));
      },
    ],
    [
      'GET',
      '/nodes/:id',
      (request) => {
        const id = paramOf(request, 'id');
        const record = lookup('node', id, () => queries.node(id));
        return json(nodeTo(record, nodeTls(queries.cluster())(record.node)));
      },
    ],
    [
      'POST',
      '/nodes/:id/update',
      async (request) => {
        const id = paramOf(request, 'id');
        const version = readVersion(request, 'node');
        const { value } = await readBody(request, nodeSchema, 'node');
        await lookupAsync('node', id, () => commands.updateNode(id, version, nodeSpecFrom(value)));
        return empty();
      },
    ],
    [
      'DELETE',
      '/nodes/:id',
      async (request) => {
        const id = paramOf(request, 'id');
        await lookupAsync('node', id, () => commands.removeNode(id, flagOf(request, 'force')));
        return empty();
      },
    ],
  ];
};

/** What nodes prove themselves with and trust: one for all, but while the authority is rotated. */
const nodeTls = (cluster: Cluster): ((node: Node) => TlsInfo) => {
  const all = tlsInfoTo(cluster.caCertificate);
  if (cluster.rotation === undefined) return () => all;
  return (node) => {
    const { issuer, trust } = authoritiesOf(cluster, node);
    return tlsInfoTo(issuer, trust);
  };
};

const nodeFilter = (request: ApiRequest): ((node: Node) => boolean) => {
  const filters = readFilters(request, ['id', 'label', 'membership', 'name', 'node.label', 'role']);
  checkChoice(filters, 'role', ['worker', 'manager']);
  checkChoice(filters, 'membership', ['accepted', 'pending']);
  return (node) =>
    prefixOf(filters, 'id', node.id) &&
    prefixOf(filters, 'name', node.spec.name ?? node.description?.hostname ?? '') &&
    anyOf(filters, 'role', (role) => role === node.spec.role) &&
    anyOf(filters, 'membership', (membership) => membership === 'accepted') &&
    labelled(filters, 'node.label', node.spec.labels) &&
    labelled(filters, 'label', node.description?.engine.labels);
};
