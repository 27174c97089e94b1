import { composeChanges } from '../../compose/change/change.ts';
import type { PlanStep } from '../../model/native.ts';
import type { Colour, Paint } from '../output/paint.ts';
import type { Session } from '../session.ts';
import type { ProjectFlags } from './project.ts';
import { readDeployment } from './project.ts';

/** Says what a deployment would do, and does nothing. */
export const planDeployment = async (
  session: Session,
  name: string | undefined,
  flags: ProjectFlags & { readonly prune: boolean },
): Promise<void> => {
  const stack = await readDeployment(session, name, flags);
  const plan = await session.client.planStack({ stack, prune: flags.prune }, session.signal);
  if (session.json) return session.printJson(plan);
  for (const warning of plan.warnings) session.note(`warning: ${warning}`);
  session.print(planText(stack.name, plan.steps, session.paint));
};

const marks: Readonly<Record<PlanStep['kind'], readonly [string, Colour]>> = {
  create: ['+', 'green'],
  update: ['~', 'yellow'],
  remove: ['-', 'red'],
  unchanged: [' ', 'dim'],
};

/** The steps for people, the keys of the file that an update changes beneath it, and the sums. */
export const planText = (stack: string, steps: readonly PlanStep[], paint: Paint): string => {
  const lines = steps.flatMap((step) => {
    const [mark, colour] = marks[step.kind];
    const fields = composeChanges(stack, step).map(
      ({ path, before, after }) => `      ${path}: ${before ?? '(not set)'} -> ${after ?? '(not set)'}`,
    );
    return [paint(colour, `${mark} ${step.object} ${step.name}`), ...fields];
  });
  return `${[...lines, summary(steps)].join('\n')}\n`;
};

const summary = (steps: readonly PlanStep[]): string => {
  const count = (kind: PlanStep['kind']): number => steps.filter((step) => step.kind === kind).length;
  return `${count('create')} to create, ${count('update')} to update, ${count('remove')} to remove, ${count('unchanged')} unchanged`;
};
