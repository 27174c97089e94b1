import { TuttiError } from '../../model/errors.ts';
import type { ErrorCode } from '../../model/errors.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import type { StandingNamed } from './standing.ts';
import { removeFromEngine } from './make.ts';
import type { ContainerPorts } from './ports.ts';

/** Tried again, these may come out otherwise. */
const passing: readonly ErrorCode[] = ['unavailable', 'deadline-exceeded', 'cancelled', 'resource-exhausted'];

/**
 * Does for a container that was found what would have followed its engine's answer. False: that cannot be done, and it was
 * taken away again; one that somebody has started already stays as it is. Throws what may pass.
 */
export const finishFound = async (
  ports: ContainerPorts,
  row: SingleContainer,
  { id, ran }: Extract<StandingNamed, { kind: 'there' }>,
  signal: AbortSignal,
): Promise<boolean> => {
  try {
    await ports.networks?.finish(row, id, signal);
    return true;
  } catch (thrown) {
    const { code, message } = TuttiError.from(thrown);
    if (passing.includes(code)) throw thrown;
    ports.log.warn('a container that was found is not on all of its networks', {
      container: row.spec.name,
      reason: message,
      outcome: ran ? 'it stays as it is' : 'it is removed',
    });
    if (!ran) await removeFromEngine(ports, row.nodeId, id);
    return ran;
  }
};
