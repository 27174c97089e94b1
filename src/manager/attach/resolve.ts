import { TuttiError, unlessMissing } from '../../model/errors.ts';
import { networkIdOf } from '../../model/network.ts';
import type { Network } from '../../model/network.ts';
import type { View } from '../../store/store.ts';
import { resolve } from '../references.ts';
import type { AskedNetwork } from './request.ts';

export type ResolvedNetwork = AskedNetwork &
  (
    | { readonly kind: 'cluster'; readonly network: Network }
    /** One that the engine of the container's node has, by the engine's name. */
    | { readonly kind: 'engine'; readonly name: string }
  );

/** What a reference means. Throws `permission-denied` for a network that is for services alone. */
export const resolveNetwork = (view: View, asked: AskedNetwork): ResolvedNetwork => {
  const { reference } = asked;
  const network = findNetwork(view, reference);
  if (network === undefined) {
    return { ...asked, kind: 'engine', name: reference.slice(reference.indexOf('/') + 1) };
  }
  if (network.spec.driver !== 'overlay') return { ...asked, kind: 'engine', name: network.spec.driver };
  checkAttachable(network);
  return { ...asked, kind: 'cluster', network };
};

const findNetwork = (view: View, reference: string): Network | undefined =>
  reference.includes('/')
    ? undefined
    : unlessMissing(() => resolve(view, 'network', networkIdOf(reference) ?? reference));

/** Docker's words: an overlay is for services unless it was made attachable. */
export const checkAttachable = ({ spec }: Network): void => {
  if (spec.attachable === true || spec.shownDriver === 'bridge') return;
  const refusal = `rpc error: code = PermissionDenied desc = network ${spec.name} not manually attachable`;
  throw new TuttiError('permission-denied', `Could not attach to network ${spec.name}: ${refusal}`);
};
