import type { ApplyView, ServiceView } from '../../model/native.ts';
import type { Session } from '../session.ts';
import type { ProjectFlags } from './project.ts';
import { readDeployment } from './project.ts';
import type { WaitFlags } from './scale.ts';
import { waitForServices } from './wait.ts';

const done: Readonly<Record<ApplyView['steps'][number]['kind'], string>> = {
  create: 'created',
  update: 'updated',
  remove: 'removed',
  unchanged: 'unchanged',
};

/** Makes the cluster match the files and waits until everything runs, unless detached. */
export const deploy = async (
  session: Session,
  stackName: string | undefined,
  flags: ProjectFlags & WaitFlags & { readonly prune: boolean; readonly stable: number },
): Promise<void> => {
  const { client, signal } = session;
  const stack = await readDeployment(session, stackName, flags);
  const applied = await client.applyStack({ stack, prune: flags.prune }, signal);
  for (const warning of applied.warnings) session.note(`warning: ${warning}`);
  for (const step of applied.steps) {
    if (step.kind !== 'unchanged') session.note(`${done[step.kind]} ${step.object} ${step.name}`);
  }
  const wanted = new Set(stack.services.map((service) => service.name));
  const read = async () => (await client.services(stack.name, signal)).filter((service) => wanted.has(service.name));
  const touched = new Set(applied.steps.filter((step) => step.kind !== 'unchanged').map((step) => step.name));
  const changed = ({ name }: ServiceView): boolean => touched.has(name);
  const isNews = touched.size > 0;
  if (!isNews) session.note(`${stack.name}: everything is as the files say already`);
  // What nothing was changed of is not watched for whether it keeps running.
  const stableMs = isNews ? flags.stable : 0;
  const services = flags.detach
    ? await read()
    : await waitForServices(session, { timeoutMs: flags.timeout, stableMs, read, changed });
  if (session.json) return session.printJson({ stack: stack.name, ...applied, converged: !flags.detach, services });
  const count = `${services.length} ${services.length === 1 ? 'service' : 'services'}`;
  session.print(flags.detach ? `${stack.name}: ${count} under way\n` : `${stack.name}: ${count} running\n`);
};
