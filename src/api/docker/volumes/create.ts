import { createHash } from 'node:crypto';
import { tellEngine } from '../../../manager/engines/call.ts';
import type { NodeRecord } from '../../../manager/manager.ts';
import { TuttiError } from '../../../model/errors.ts';
import { volumeSpec } from '../../../model/volume.ts';
import type { Volume, VolumeSpec } from '../../../model/volume.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import type { Reply } from '../../http/reply.ts';
import { json } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { check } from '../../http/validate.ts';
import { engineOf, selfNode } from '../context.ts';
import type { DockerContext } from '../context.ts';
import { rowTo, volumeFrom, volumeSchema, volumeTo } from '../convert/volume.ts';
import type { DockerVolume } from '../convert/volume.ts';
import { readBody } from '../input.ts';
import { locateVolume, recordOf } from './locate.ts';
import { asSpoken } from '../version.ts';

/**
 * `POST /volumes/create`. `node/name` is made on that node, and so is one that is there already (engines take it for
 * made). A new local volume is promised; one of another driver, or with constraints, is made on a node that is fit.
 */
export const createVolume = async (context: DockerContext, request: ApiRequest): Promise<Reply> => {
  const { value } = await readBody(request, volumeSchema, 'volume');
  const given = value.Name ?? '';
  const slash = given.indexOf('/');
  const options = given === '' ? { ...value, Labels: { ...value.Labels, [anonymousLabel]: '' } } : value;
  const name = given === '' ? inventVolumeName(context) : given.slice(slash + 1);
  const record = slash > 0 ? nodeNamed(context, given) : undefined;
  const spec = checkSpec(volumeFrom(options, name));
  if (record !== undefined) return await makeOn(context, request, record, spec);
  const located = await locateVolume(context, name, request.signal);
  switch (located.kind) {
    case 'node':
      return await makeOn(context, request, located.record, spec);
    case 'promised':
      if (located.row.spec.driver === spec.driver) return json(promised(context, located.row), 201);
      return json({ message: taken(name, located.row.spec.driver) }, 409);
    case 'nowhere': {
      const { volumes } = context.manager;
      const home = volumes.homeFor(spec);
      if (home !== undefined) return await makeOn(context, request, home, spec);
      return json(promised(context, await volumes.record(spec)), 201);
    }
  }
};

/** As it will be on the manager's own node, which `info` describes the engine of. */
export const promised = (context: DockerContext, row: Volume): DockerVolume =>
  rowTo(row, undefined, selfNode(context)?.node.description?.engine.rootDirectory);

/** What engines of 23 and newer put on volumes that were made without a name: prune removes them by default. */
export const anonymousLabel = 'com.docker.volume.anonymous';

const inventVolumeName = ({ random }: DockerContext): string =>
  createHash('sha256').update(`${random.id()}${random.id()}${random.number()}`).digest('hex');

const taken = (name: string, driver: string): string =>
  `create ${name}: a volume named "${name}" already exists with the "${driver}" driver. Choose a different volume name`;

/** In the engine's words. */
const checkName = (name: string): void => {
  const refuse = (what: string): never => {
    throw new TuttiError('invalid-argument', `create ${name}: ${what}`);
  };
  if (name.length === 1) refuse('volume name is too short, names should be at least two alphanumeric characters');
  if (volumeSpec.shape.name.safeParse(name).success) return;
  refuse(
    `"${name.slice(0, 300)}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
  );
};

const checkSpec = (spec: VolumeSpec): VolumeSpec => {
  checkName(spec.name);
  const checked = check(volumeSpec, spec, `volume ${spec.name}`);
  if (spec.driver === 'local') checkLocalOptions(spec);
  return checked;
};

const localOptions = ['type', 'o', 'device', 'size'];
const needed: Readonly<Record<string, readonly string[]>> = {
  device: ['type'],
  type: ['device'],
  o: ['device', 'type'],
};

/** What the engine's local driver would say, which is asked only when the promise is kept. */
const checkLocalOptions = ({ name, options = {} }: VolumeSpec): void => {
  const refuse = (what: string): never => {
    throw new TuttiError('invalid-argument', `create ${name}: ${what}`);
  };
  for (const option of Object.keys(options)) {
    if (!localOptions.includes(option)) refuse(`invalid option: "${option}"`);
    const lacks = needed[option]?.find((other) => !Object.hasOwn(options, other));
    if (lacks !== undefined) refuse(`missing required option: "${lacks}"`);
  }
};

const nodeNamed = ({ manager }: DockerContext, reference: string): NodeRecord => {
  const name = reference.slice(0, reference.indexOf('/'));
  const record = recordOf(manager.queries.nodes(), name);
  if (record !== undefined) return record;
  throw new TuttiError(
    'invalid-argument',
    `create ${reference}: "${reference}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed (and there is no node ${name} to make it on)`,
  );
};

const makeOn = async (
  context: DockerContext,
  request: ApiRequest,
  { node }: NodeRecord,
  spec: VolumeSpec,
): Promise<Reply> => {
  const body = { Name: spec.name, Driver: spec.driver, DriverOpts: spec.options ?? {}, Labels: spec.labels ?? {} };
  const answer = await tellEngine(
    engineOf(context),
    node.id,
    {
      method: 'POST',
      path: '/volumes/create',
      json: body,
      ...asSpoken(request),
    },
    request.signal,
  );
  await context.manager.volumes.record(spec, node.id);
  return json(volumeTo(answer as Definitions['Volume'], node), 201);
};
