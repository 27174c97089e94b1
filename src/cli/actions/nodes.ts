import type { NodeView } from '../../model/native.ts';
import type { Colour } from '../output/paint.ts';
import { table } from '../output/table.ts';
import type { Session } from '../session.ts';

const stateColours: Readonly<Record<NodeView['state'], Colour>> = {
  ready: 'green',
  down: 'red',
  disconnected: 'yellow',
  unknown: 'yellow',
};

export const listNodes = async (session: Session): Promise<void> => {
  const nodes = await session.client.nodes(session.signal);
  if (session.json) return session.printJson(nodes);
  const sorted = nodes.toSorted(byName);
  const header = ['NODE', 'STATE', 'AVAILABILITY', 'ROLE', 'ADDRESS', 'TASKS', 'CPUS', 'MEMORY', 'ENGINE'];
  session.print(
    table(
      header,
      sorted.map((node) => row(session, node)),
    ),
  );
  for (const { name, message } of sorted) if (message !== '') session.print(`${name}: ${message}\n`);
};

const byName = (left: NodeView, right: NodeView): number =>
  left.name.localeCompare(right.name, 'en', { numeric: true });

const row = ({ paint }: Session, node: NodeView): readonly string[] => [
  node.name,
  paint(stateColours[node.state], node.state),
  node.availability === 'active' ? 'active' : paint('yellow', node.availability),
  node.leader ? 'manager, leader' : node.role,
  node.address,
  String(node.running),
  String(node.cpus),
  `${(node.memoryBytes / 2 ** 30).toFixed(1)} GiB`,
  node.engineVersion,
];
