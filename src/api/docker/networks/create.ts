import { predefined } from '../../../manager/attach/local.ts';
import { tellEngine } from '../../../manager/engines/call.ts';
import { encryptionOf } from '../../../model/cluster.ts';
import { TuttiError } from '../../../model/errors.ts';
import { networkSpec } from '../../../model/network.ts';
import type { NetworkSpec } from '../../../model/network.ts';
import { nodeName } from '../../../model/node.ts';
import type { Reply } from '../../http/reply.ts';
import { json } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { check } from '../../http/validate.ts';
import type { DockerContext } from '../context.ts';
import { engineOf, selfNode } from '../context.ts';
import { networkFrom, networkSchema, spansNodes } from '../convert/network.ts';
import type { DockerNetwork } from '../convert/network.ts';
import { readBody } from '../input.ts';
import { clusterNetwork } from './find.ts';
import { asSpoken } from '../version.ts';

/** Over the nodes, or on one engine: `node/name`, or a driver that networks over the nodes do not have. */
export const createNetwork = async (context: DockerContext, request: ApiRequest): Promise<Reply> => {
  const { value, warnings } = await readBody(request, networkSchema, 'network');
  refusePredefined(value);
  const slash = value.Name.indexOf('/');
  if (slash >= 0) return await onEngine(context, request, value, value.Name.slice(0, slash));
  const { isTaken, duplicate } = takenBy(context, value);
  if (isTaken && !duplicate) throw taken(value.Name);
  if (!spansNodes(value)) return await onEngine(context, request, value);
  const inClear = remarkClear(context, value);
  const spec = check(networkSpec, { ...networkFrom(value), ...(duplicate && { duplicate }) }, 'network');
  try {
    const created = await context.manager.commands.createNetwork(spec);
    const remarks = [...warnings, ...created.warnings, ...inClear, ...idleOptions(spec)];
    return json({ Id: created.id, Warning: remarks.join('; ') }, 201);
  } catch (thrown) {
    throw inDockersWords(thrown, value);
  }
};

/** As engines have it: bridges may share a name among them and with one overlay, where the client does not mind. */
const takenBy = (context: DockerContext, { Name, CheckDuplicate, Driver }: DockerNetwork) => {
  const isTaken = clusterNetwork(context, Name)?.spec.name === Name;
  const overlay = context.manager.queries
    .networks()
    .some(({ spec }) => spec.name === Name && spec.shownDriver === undefined);
  return { isTaken, duplicate: isTaken && CheckDuplicate === false && !(Driver === 'overlay' && overlay) };
};

const refusePredefined = ({ Name, Driver = '', Ingress }: DockerNetwork): void => {
  if (Ingress === true && Driver !== 'overlay') {
    throw new TuttiError('permission-denied', 'Ingress network can only be global scope network');
  }
  if (predefined.has(Name)) {
    throw new TuttiError('permission-denied', `operation is not permitted on predefined ${Name} network `);
  }
  if (Driver === 'host' || Driver === 'null') {
    throw new TuttiError('permission-denied', `only one instance of "${Driver}" network is allowed`);
  }
};

/**
 * All networks are encrypted between nodes, or none is. Where nothing is, the option is refused: taken in silence it would promise
 * what is not done. Where it depends on the nodes, as at first, the client is told on what.
 */
const remarkClear = ({ manager }: DockerContext, { Name, Options }: DockerNetwork): readonly string[] => {
  const wanted = Options?.['encrypted'];
  const encryption = encryptionOf(manager.queries.cluster().spec);
  if (wanted === undefined || wanted === 'false' || encryption === 'on') return [];
  if (encryption === 'off') {
    const message = `network ${Name}: nothing is encrypted between nodes in this cluster: "tutti encryption on" has it so for all networks`;
    throw new TuttiError('invalid-argument', message);
  }
  return [
    'encrypted between nodes on different machines that have WireGuard; "tutti encryption on" keeps all others apart',
  ];
};

/** Those that mean something on a network over the nodes; `encrypted` is looked at by itself. */
const knownOptions = new Set(['com.docker.network.driver.mtu', 'encrypted']);

/** Options of one engine's bridge have no meaning over many; they are kept and shown. */
const idleOptions = ({ options = {} }: NetworkSpec): readonly string[] =>
  Object.keys(options)
    .filter((name) => !knownOptions.has(name))
    .map((name) => `option ${name} is kept, and changes nothing on a network that spans the nodes`);

const taken = (name: string): TuttiError =>
  new TuttiError('already-exists', `network with name ${name} already exists`);

const inDockersWords = (thrown: unknown, { Name, Ingress }: DockerNetwork): unknown => {
  if (!(thrown instanceof TuttiError)) return thrown;
  if (thrown.code === 'already-exists' && Ingress !== true) return taken(Name);
  if (thrown.code !== 'invalid-argument' || !thrown.message.includes(' overlaps ')) return thrown;
  const message = `Pool overlaps with other one on this address space: ${thrown.message}`;
  return new TuttiError('permission-denied', message, { cause: thrown });
};

/** On the node of this name; else on the manager's own, or where that does not answer on the first that is ready. */
const onEngine = async (
  context: DockerContext,
  { signal, version }: ApiRequest,
  value: DockerNetwork,
  wanted?: string,
): Promise<Reply> => {
  const ready = context.manager.queries.nodes().filter(({ status }) => status.state === 'ready');
  const self = selfNode(context)?.node.id;
  const chosen =
    wanted === undefined
      ? (ready.find(({ node }) => node.id === self) ?? ready[0])
      : ready.find(({ node }) => nodeName(node) === wanted || node.id === wanted);
  if (chosen === undefined) {
    const message = wanted === undefined ? 'no node is ready' : `node ${wanted} is not there, or not ready`;
    throw new TuttiError(wanted === undefined ? 'unavailable' : 'not-found', `network ${value.Name}: ${message}`);
  }
  const Name = wanted === undefined ? value.Name : value.Name.slice(wanted.length + 1);
  const asked = { ...value, Name, CheckDuplicate: true };
  const answer = await tellEngine(
    engineOf(context),
    chosen.node.id,
    { method: 'POST', path: '/networks/create', json: asked, ...asSpoken({ version }) },
    signal,
  );
  const { Id, Warning = '' } = answer as { readonly Id: string; readonly Warning?: string };
  const where = wanted === undefined ? [`the network is on node ${nodeName(chosen.node)} alone`] : [];
  return json({ Id, Warning: [...where, ...(Warning === '' ? [] : [Warning])].join('; ') }, 201);
};
