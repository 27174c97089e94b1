import { TuttiError } from '../../model/errors.ts';
import type { ServiceView, StackView } from '../../model/native.ts';
import { table } from '../output/table.ts';
import type { Session } from '../session.ts';

export const listServices = async (session: Session, stack: string | undefined): Promise<void> => {
  const services = await session.client.services(stack, session.signal);
  if (services.length === 0 && stack !== undefined) await checkStack(session, stack);
  if (session.json) return session.printJson(services);
  const header = ['SERVICE', 'STACK', 'MODE', 'TASKS', 'IMAGE', 'PORTS'];
  session.print(
    table(
      header,
      services.toSorted(byName).map((service) => row(session, service)),
    ),
  );
};

/** A stack without services is one; what is no stack is said, as `ps` does. */
const checkStack = async ({ client, signal }: Session, stack: string): Promise<void> => {
  const stacks = await client.stacks(signal);
  if (!stacks.some(({ name }) => name === stack)) throw new TuttiError('not-found', `there is no stack "${stack}"`);
};

export const listStacks = async (session: Session): Promise<void> => {
  const stacks = await session.client.stacks(session.signal);
  if (session.json) return session.printJson(stacks);
  const row = (stack: StackView): string[] => [
    stack.name,
    ...[stack.services, stack.networks, stack.secrets, stack.configs].map(String),
  ];
  session.print(table(['STACK', 'SERVICES', 'NETWORKS', 'SECRETS', 'CONFIGS'], stacks.map(row)));
};

const byName = (left: ServiceView, right: ServiceView): number => (left.name < right.name ? -1 : 1);

const row = ({ paint }: Session, service: ServiceView): readonly string[] => {
  const isJob = service.mode.endsWith('-job');
  const done = isJob ? service.completed : service.running;
  const count = `${done}/${service.desired}${isJob ? ' completed' : ''}`;
  return [
    service.name,
    service.stack ?? '',
    service.mode,
    done >= service.desired ? count : paint('yellow', count),
    service.image,
    service.ports.map(portText).join(', '),
  ];
};

const portText = ({ hostAddress, published, target, protocol, mode }: ServiceView['ports'][number]): string => {
  const outer = hostAddress === undefined ? `${published ?? '?'}` : `${hostAddress}:${published ?? '?'}`;
  return `${outer}->${target}/${protocol}${mode === 'host' ? ' (host)' : ''}`;
};
