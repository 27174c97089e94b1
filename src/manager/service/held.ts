import type { ReservedPort } from '../../core/allocate/ports.ts';
import { listeners } from '../../model/listener.ts';
import type { Listener } from '../../model/listener.ts';
import type { Labels } from '../../model/object.ts';
import { withPortLabels } from '../../model/port-labels.ts';
import type { PublishedPort, ServiceSpec } from '../../model/service.ts';
import type { Clock } from '../../platform/ports.ts';
import { formatListenersPath } from '../../rpc/node-calls.ts';
import type { NodeRequests } from '../../rpc/transport.ts';
import type { View } from '../../store/store.ts';
import { onNodes, readAnswerJson } from '../engines/ask.ts';
import type { Inventory, KnownContainer, Queries } from '../manager.ts';

export interface HeldPorts {
  readonly view: View;
  readonly queries: Pick<Queries, 'nodes'>;
  readonly inventory: Pick<Inventory, 'containers'>;
  readonly requests: NodeRequests;
  readonly clock: Clock;
}

/** What others than services have of ports that these services would publish on every node, as far as it is known. */
export type FindHeld = (specs: readonly ServiceSpec[]) => Promise<readonly ReservedPort[]>;

/** A node that takes longer to say is not waited for: what it has is not known. */
const answerMs = 1_500;
/** Nobody needs more to choose from; and no message grows without bounds. */
const mostPorts = 4_096;

export const createFindHeld =
  (ports: HeldPorts): FindHeld =>
  async (specs) => {
    const asked = new Set(specs.flatMap((spec) => newPorts(ports.view, spec)).slice(0, mostPorts));
    if (asked.size === 0) return [];
    const processes = await listening(ports, [...asked]);
    return [...ofContainers(ports.inventory.containers(), asked), ...processes];
  };

/** Numbers that a service would have on every node and does not have yet. */
const newPorts = (view: View, { name, endpoint, labels }: ServiceSpec): readonly number[] => {
  const wanted = ingressOf(endpoint?.ports ?? [], labels);
  if (wanted.length === 0) return [];
  const [current] = view.find('service', 'name', name);
  const own = new Set(current?.ports.map(({ protocol, published }) => `${protocol} ${published}`));
  return wanted.flatMap(({ protocol, published, range }) => {
    const { first, last } = published === undefined ? (range ?? none) : { first: published, last: published };
    return numbers(first, last).filter((number) => !own.has(`${protocol} ${number}`));
  });
};

const none = { first: 1, last: 0 };

const ingressOf = (ports: readonly PublishedPort[], labels: Labels | undefined): readonly PublishedPort[] =>
  withPortLabels(ports, labels).filter(({ mode }) => mode === 'ingress');

const numbers = (first: number, last: number): readonly number[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);

/** A task's container has the ports of its service. */
const taskLabel = 'tutti.task';

const ofContainers = (containers: readonly KnownContainer[], asked: ReadonlySet<number>): readonly ReservedPort[] =>
  containers.flatMap(({ name, nodeName, reachable, summary }) => {
    // What a lost node had may never come back.
    if (!reachable || summary.Labels?.[taskLabel] !== undefined) return [];
    return (summary.Ports ?? []).flatMap(({ IP = '', PublicPort: port, Type: protocol }) =>
      port !== undefined && asked.has(port)
        ? [heldBy(`container ${name} on ${nodeName}`, { protocol, port, address: IP })]
        : [],
    );
  });

const heldBy = (
  owner: string,
  { protocol, port, address }: { protocol: ReservedPort['protocol']; port: number; address: string },
): ReservedPort => ({
  protocol,
  port,
  ...(address !== '' && { address }),
  owner: `already in use by ${owner}`,
  mode: 'host',
});

const listening = async (
  { queries, requests, clock }: HeldPorts,
  asked: readonly number[],
): Promise<readonly ReservedPort[]> => {
  const request = { path: formatListenersPath(asked) };
  const { answers } = await onNodes(
    { queries },
    async ({ node }, signal) => {
      return listeners.parse(await readAnswerJson(await requests.request(node.id, request, signal)));
    },
    { clock, signal: new AbortController().signal, deadlineMs: answerMs },
  );
  return answers.flatMap(({ nodeName, value }) => value.map((one) => heldBy(`${nameOf(one)} on ${nodeName}`, one)));
};

const nameOf = ({ process, address }: Listener): string => {
  const where = address === '' || address === '0.0.0.0' || address === '::' ? '' : `, which listens at ${address},`;
  return `${process === '' ? 'a process' : process}${where}`;
};
