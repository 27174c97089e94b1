import { imageLacking } from '../../model/container-images.ts';
import { knowsApi } from '../../model/engine-needs.ts';
import { TuttiError } from '../../model/errors.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import type { ContainerMade } from '../manager.ts';
import { wasNeverSent } from '../../rpc/not-connected.ts';
import { callEngine, refusal } from '../engines/call.ts';
import { bringImages, imagesOfRequest, withImages } from './bring-images.ts';
import { engineNeeds } from './engine-needs.ts';
import type { Doubts } from './doubts.ts';
import { standingNamed } from './standing.ts';
import type { ContainerPorts } from './ports.ts';

/** Room for an engine that is busy; a container is made in some 50 ms. */
const createMs = 120_000;
export const removeMs = 60_000;

export interface MakePorts extends ContainerPorts {
  readonly doubts: Doubts;
}

type Made = Exclude<ContainerMade, { kind: 'unplaced' }>;

/**
 * Makes the container of a row on its node: brings the images, volumes and networks there and sends the request. What
 * the engine answered is the outcome; where that cannot be known it throws `unavailable`. Writes nothing.
 */
export const makeOnEngine = async (ports: MakePorts, row: SingleContainer, signal: AbortSignal): Promise<Made> => {
  const { spec, nodeId } = row;
  const brought = await bringImages(ports, row, signal);
  if (brought.kind === 'nowhere') return { kind: 'no-image', image: brought.image };
  if (spec.volumes.length > 0) await ports.volumes?.prepare(nodeId, spec.volumes, signal);
  const prepared = (await ports.networks?.prepare(row, signal)) ?? spec.request;
  const query = new URLSearchParams({
    name: spec.name,
    ...(spec.platform !== undefined && { platform: spec.platform }),
  });
  // From here on it is made whether or not anybody still waits for it: half a request leaves nobody the wiser.
  const reply = await callEngine(ports, nodeId, {
    method: 'POST',
    path: `/containers/create?${query.toString()}`,
    ...(spec.apiVersion !== undefined && { apiVersion: spec.apiVersion }),
    json: withImages(prepared, spec.image, brought.called),
    deadlineMs: createMs,
  }).catch(async (thrown: unknown) => await lookAfter(ports, row, thrown));
  if (reply.status === 404 && isNoImage(reply.message)) {
    return { kind: 'no-image', image: imageLacking(imagesOfRequest(spec), brought.called, reply.message) };
  }
  if (reply.status !== 201) return { kind: 'refused', status: reply.status, message: reply.message };
  const { Id: id, Warnings: warnings } = reply.body as { readonly Id: string; readonly Warnings?: readonly string[] };
  // A container that is not on all of its networks is not what was asked for: it is taken away again.
  await ports.networks?.finish(row, id, signal).catch(async (thrown: unknown) => {
    await removeFromEngine(ports, nodeId, id).catch(() => {
      throw new LeftOver(id, TuttiError.from(thrown));
    });
    throw thrown;
  });
  return { kind: 'made', id, nodeId, warnings: [...(warnings ?? []), ...passedOver(ports, row)] };
};

/** What the node's engine does not know of what it was asked, in words. */
const passedOver = ({ store }: MakePorts, { spec, nodeId }: SingleContainer): readonly string[] => {
  const node = store.view.get('node', nodeId);
  if (node === undefined) return [];
  return engineNeeds(spec)
    .filter(({ api }) => !knowsApi(node, api))
    .map(({ what, release }) => `The node's engine ignores ${what}: Docker Engine ${release} or newer is needed`);
};

/** Takes a container away, running or not, by default with the volumes that have no name. Throws where the engine does not. */
export const removeFromEngine = async (
  ports: ContainerPorts,
  nodeId: string,
  engineId: string,
  { keepsVolumes = false }: { readonly keepsVolumes?: boolean } = {},
): Promise<void> => {
  const path = `/containers/${engineId}?force=1${keepsVolumes ? '' : '&v=1'}`;
  const reply = await callEngine(ports, nodeId, { method: 'DELETE', path, deadlineMs: removeMs });
  if (reply.status >= 300 && reply.status !== 404) throw refusal(reply);
};

/** No answer came: the engine may have made it all the same, or be at it. */
const lookAfter = async (ports: MakePorts, { nodeId, spec }: SingleContainer, thrown: unknown) => {
  if (wasNeverSent(thrown)) throw thrown;
  ports.doubts.note(nodeId, spec.name);
  const standing = await standingNamed(ports, nodeId, spec.name).catch(() => undefined);
  if (standing?.kind === 'there') return { status: 201, body: { Id: standing.id }, message: '' };
  const { message } = TuttiError.from(thrown);
  throw new UnknownOutcome(`whether container ${spec.name} was made is not known yet: ${message}`);
};

/** The engine did not say what became of a request. */
export class UnknownOutcome extends TuttiError {
  constructor(message: string) {
    super('unavailable', message);
  }
}

/** It was made, is not what was asked for, and could not be taken away again. */
export class LeftOver extends TuttiError {
  readonly engineId: string;

  constructor(engineId: string, { code, message, fields }: TuttiError) {
    super(code, message, { fields });
    this.engineId = engineId;
  }
}

const isNoImage = (message: string): boolean => /no such image|image .*not found/i.test(message);
