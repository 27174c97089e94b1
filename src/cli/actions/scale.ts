import type { ServiceView } from '../../model/native.ts';
import type { Session } from '../session.ts';
import { waitForServices } from './wait.ts';

export interface ScaleTarget {
  readonly service: string;
  readonly replicas: number;
}

export interface WaitFlags {
  readonly detach: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

export const scaleServices = async (
  session: Session,
  targets: readonly ScaleTarget[],
  flags: WaitFlags,
): Promise<void> => {
  const { client, signal } = session;
  const changed: ServiceView[] = [];
  for (const { service, replicas } of targets) changed.push(await client.scale(service, { replicas }, signal));
  const read = () => Promise.all(changed.map(({ id }) => client.service(id, signal)));
  const services = flags.detach
    ? await read()
    : await waitForServices(session, { timeoutMs: flags.timeout, read, changed: () => false });
  if (session.json) return session.printJson(services);
  for (const { name, desired } of services)
    session.print(`${name} ${flags.detach ? 'scales' : 'scaled'} to ${desired}\n`);
};
