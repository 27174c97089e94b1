import { onNodes } from '../../../manager/engines/ask.ts';
import { problemsOf } from '../../../model/doctor.ts';
import type { DoctorNode, DoctorView } from '../../../model/doctor.ts';
import { json } from '../../http/reply.ts';
import type { Route } from '../../http/router.ts';
import type { WebContext } from '../context.ts';

/** A node that compares and mends everything, and tries 32 others, needs some seconds. */
const deadlineMs = 30_000;

/** `GET /doctor?node=n1&node=n2`: what the nodes find out about themselves, all of them unless some are named. */
export const doctorRoutes = ({ manager, clock }: WebContext): readonly Route[] => [
  [
    'GET',
    '/doctor',
    async (request) => {
      const names = request.query.getAll('node');
      const nodes = names.length === 0 ? manager.queries.nodes() : names.map((name) => manager.queries.node(name));
      const { answers, missing } = await onNodes(
        manager,
        async ({ node }, signal) => await manager.nodes.examine(node.id, signal),
        { clock, signal: request.signal, nodes, deadlineMs },
      );
      const found = answers.map(({ nodeId, nodeName, record, value: { report, clockMs } }): DoctorNode => {
        // As it is by now; one that was removed meanwhile, as it was.
        const { node, status } = manager.queries.nodeOf(nodeId) ?? record;
        const problems = [...(node.refused === undefined ? [] : [status.message]), ...problemsOf(report, clockMs)];
        return { id: nodeId, name: nodeName, healthy: problems.length === 0, problems, report, clockMs };
      });
      const lost = missing.map(({ nodeId, nodeName, reason }): DoctorNode => {
        return { id: nodeId, name: nodeName, healthy: false, problems: [reason] };
      });
      const all = [...found, ...lost].toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
      const view: DoctorView = { healthy: all.every(({ healthy }) => healthy), nodes: all };
      return json(view);
    },
  ],
];
