import { TuttiError } from '../../model/errors.ts';
import type { DoctorNode, DoctorView, NodeReport } from '../../model/doctor.ts';
import { table } from '../output/table.ts';
import type { Session } from '../session.ts';

/** Shows what the nodes find out about themselves. Throws `internal` (exit code 1) where anything is wrong. */
export const doctor = async (session: Session, nodes: readonly string[]): Promise<void> => {
  const view = await session.client.doctor(nodes, session.signal);
  if (session.json) session.printJson(view);
  else show(session, view);
  if (view.healthy) return;
  const sick = view.nodes.filter(({ healthy }) => !healthy).map(({ name }) => name);
  throw new TuttiError('internal', `not as it should be: ${sick.join(', ')}`);
};

/** A matrix wider than this is no help. */
const mostColumns = 12;
const shownFindings = 5;

const show = (session: Session, { nodes }: DoctorView): void => {
  for (const node of nodes) session.print(nodeText(session, node));
  if (nodes.length > 1 && nodes.length <= mostColumns) session.print(`\n${matrix(session, nodes)}`);
};

const nodeText = ({ paint }: Session, { name, healthy, problems, report }: DoctorNode): string => {
  const lines = [`${name}: ${healthy ? paint('green', 'healthy') : paint('red', 'not healthy')}`];
  for (const problem of problems) lines.push(`  ${paint('red', '✗')} ${problem}`);
  for (const { name: what, ok, detail } of report?.checks ?? []) {
    if (ok) lines.push(`  ${paint('green', '✓')} ${what}: ${detail}`);
  }
  if (report !== undefined) lines.push(...tasksText(report), ...findingsText(report));
  return `${lines.join('\n')}\n`;
};

const tasksText = ({ tasks }: NodeReport): string[] => {
  const reached = tasks.filter(({ ms }) => ms !== undefined).length;
  return tasks.length === 0 ? [] : [`  from its tasks ${reached} of ${tasks.length} others are reached`];
};

const findingsText = ({ findings }: NodeReport): string[] =>
  findings.slice(-shownFindings).map(({ at, what, details, count, mended }) => {
    const more = count > 1 ? ` and ${count - 1} more` : '';
    return `  ${new Date(at).toISOString()} ${mended ? 'mended' : 'could not mend'} ${what}: ${details[0] ?? ''}${more}`;
  });

/** From the node of the row to that of the column: milliseconds over the overlay, and whether it is encrypted. */
const matrix = ({ paint }: Session, nodes: readonly DoctorNode[]): string => {
  const cell = (from: DoctorNode, to: DoctorNode): string => {
    if (from === to) return '-';
    const reach = from.report?.peers.find(({ name }) => name === to.name);
    if (reach === undefined) return '?';
    if (reach.overlayMs === undefined) return paint('red', reach.underlayMs === undefined ? 'lost' : 'no overlay');
    return `${reach.overlayMs.toFixed(1)} ms${reach.encryption === 'sealed' ? ' sealed' : ''}`;
  };
  const rows = nodes.map((from) => [from.name, ...nodes.map((to) => cell(from, to))]);
  return table(['FROM \\ TO', ...nodes.map(({ name }) => name)], rows);
};
