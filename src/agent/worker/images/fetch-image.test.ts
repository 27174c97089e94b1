import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AssignedTask } from '../../../model/assignment.ts';
import type { ContainerSpec } from '../../../model/container.ts';
import { TuttiError } from '../../../model/errors.ts';
import { silentLog } from '../../../platform/log.ts';
import { fetchImage, imagesOfTask } from './fetch-image.ts';
import type { ImageSource } from '../ports.ts';

type Answer = Awaited<ReturnType<ImageSource['fetch']>> | TuttiError;

/** Runs one fetch; gives what was asked of whom, and how it ended. */
const fetchOne = async (
  spec: Partial<ContainerSpec>,
  world: {
    readonly cluster: Answer;
    readonly afterwards?: Answer;
    readonly pull?: TuttiError;
    readonly local?: boolean;
  },
) => {
  const asked: string[] = [];
  const imageIds = new Map<string, string>();
  const unused = () => Promise.reject(new Error('not asked for here'));
  const images: ImageSource = {
    fetch: async (_image, { pullFailed }) => {
      asked.push(pullFailed ? 'cluster again' : 'cluster');
      const answer = pullFailed ? (world.afterwards ?? world.cluster) : world.cluster;
      if (answer instanceof Error) throw answer;
      return await Promise.resolve(answer);
    },
  };
  const engine = {
    imageHasHealthcheck: async () => {
      asked.push('engine');
      if (world.local !== true) throw new TuttiError('not-found', 'No such image');
      return await Promise.resolve(false);
    },
  };
  const pullImage = async () => {
    asked.push('registry');
    if (world.pull !== undefined) throw world.pull;
    await Promise.resolve();
  };
  const ports = { images, engine, log: silentLog, networks: unused, files: unused } as unknown as Parameters<
    typeof fetchImage
  >[0]['ports'];
  const input = {
    spec: { name: 'main', image: 'app:1', ...spec } as ContainerSpec,
    assigned: {} as AssignedTask,
    signal: new AbortController().signal,
    say: () => undefined,
  };
  const error = await fetchImage({ ports, pullImage, imageIds }, input).then(
    () => undefined,
    (thrown: unknown) => TuttiError.from(thrown).message,
  );
  return { asked, error, imageIds };
};

const here = { kind: 'here', id: 'sha256:1' } as const;
const away = new TuttiError('unavailable', 'connection refused');

test('what was made in the cluster comes from there, and no registry is asked', async () => {
  assert.deepEqual((await fetchOne({}, { cluster: here })).asked, ['cluster']);
  assert.deepEqual((await fetchOne({ pullPolicy: 'never' }, { cluster: here })).asked, ['cluster']);
  assert.deepEqual((await fetchOne({ image: 'sha256:1' }, { cluster: here })).asked, ['cluster']);
});

test('what is in no node, or in a registry, is pulled', async () => {
  for (const kind of ['nowhere', 'pull'] as const) {
    assert.deepEqual((await fetchOne({}, { cluster: { kind } })).asked, ['cluster', 'registry']);
  }
  assert.deepEqual((await fetchOne({}, { cluster: away })).asked, ['cluster', 'registry']);
  assert.deepEqual((await fetchOne({ pullPolicy: 'always' }, { cluster: here })).asked, ['registry']);
});

test('a registry that is away is no harm where the engine or another node has the image', async () => {
  const local = await fetchOne({ pullPolicy: 'always' }, { cluster: here, pull: away, local: true });
  assert.deepEqual(local, { asked: ['registry', 'engine'], error: undefined, imageIds: new Map() });
  const other = await fetchOne({}, { cluster: { kind: 'pull' }, afterwards: here, pull: away });
  assert.deepEqual(other.asked, ['cluster', 'registry', 'engine', 'cluster again']);
  assert.equal(other.error, undefined);
});

test('what nobody has is told with what to do', async () => {
  const nowhere = { kind: 'nowhere' } as const;
  assert.match((await fetchOne({}, { cluster: nowhere, pull: away })).error ?? '', /registry does not answer/);
  assert.match((await fetchOne({ pullPolicy: 'never' }, { cluster: nowhere })).error ?? '', /load it on the nodes/);
  assert.deepEqual((await fetchOne({ image: 'sha256:1' }, { cluster: nowhere })).asked, ['cluster']);
});

test('an image that several containers want is fetched once, as the one wants it that wants most', () => {
  const mounts = ['app:1', 'data:1'].map((source) => ({ type: 'image' as const, source, target: '/data' }));
  const containers: readonly ContainerSpec[] = [
    { name: 'first', image: 'app:1', pullPolicy: 'always' },
    { name: 'second', image: 'data:1', pullPolicy: 'never', mounts },
    { name: 'third', image: 'data:1' },
  ];
  for (const all of [containers, containers.toReversed()]) {
    const policies = Object.fromEntries(imagesOfTask(all).map(({ image, pullPolicy }) => [image, pullPolicy]));
    assert.deepEqual(policies, { 'app:1': 'always', 'data:1': undefined });
  }
});

test('a digest that no registry gave to this engine is known by the id', async () => {
  const image = `app@sha256:${'a'.repeat(64)}`;
  const { imageIds } = await fetchOne({ image }, { cluster: { kind: 'pull' }, afterwards: here, pull: away });
  assert.deepEqual(imageIds, new Map([[image, 'sha256:1']]));
});
