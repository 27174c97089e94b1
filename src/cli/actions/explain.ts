import { TuttiError } from '../../model/errors.ts';
import { explanationText } from '../output/explanation.ts';
import type { Session } from '../session.ts';

/** Why a task is where it is. */
export const explainTask = async (session: Session, reference: string): Promise<void> => {
  const explanation = await explained(session, reference);
  if (session.json) return session.printJson(explanation);
  session.print(explanationText(explanation, session.context.clock.now(), session.paint));
};

const explained = async ({ client, signal }: Session, reference: string): ReturnType<Session['client']['explain']> => {
  try {
    return await client.explain(reference, signal);
  } catch (thrown) {
    if (!(thrown instanceof TuttiError) || thrown.code !== 'not-found') throw thrown;
    const services = await client.services(undefined, signal);
    if (!services.some(({ name }) => name === reference)) throw thrown;
    const [task] = await client.tasks({ service: reference }, signal);
    const hint = task === undefined ? 'which has no tasks' : `name one of its tasks, such as ${task.name}`;
    throw new TuttiError('not-found', `${reference} is a service: ${hint}`, { cause: thrown });
  }
};
