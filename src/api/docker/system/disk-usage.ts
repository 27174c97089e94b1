import type { EngineAnswer } from '../../../manager/engines/ask.ts';
import { onNodes, readAnswer, readAnswerJson } from '../../../manager/engines/ask.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { DockerContext } from '../context.ts';
import type { DockerVolume } from '../convert/volume.ts';
import { volumeTo } from '../convert/volume.ts';
import { presentedContainer } from '../containers/present.ts';
import { missingHeaders } from '../missing.ts';
import { volumesIn } from '../volumes/locate.ts';
import { nameApart } from '../volumes/list.ts';
import { asSpoken } from '../version.ts';

type Image = Definitions['ImageSummary'];
type BuildCache = Definitions['BuildCache'];

/** What an engine says; null where there is nothing. */
interface Usage {
  readonly LayersSize?: number;
  readonly Images?: readonly Image[] | null;
  readonly Containers?: readonly Definitions['ContainerSummary'][] | null;
  readonly BuildCache?: readonly BuildCache[] | null;
  readonly BuilderSize?: number;
}

const kinds = ['container', 'image', 'volume', 'build-cache'] as const;
type Kind = (typeof kinds)[number];

/** An engine reads every volume whole to tell how large it is. */
const deadlineMs = 60_000;
/** An engine counts for one client at a time. */
const busyPauseMs = 250;
const busy = 409;

/**
 * `GET /system/df`: what all nodes have, and how much of their disks it takes. An image that several nodes have is one with
 * the sum of its sizes.
 */
export const diskUsage = async (context: DockerContext, request: ApiRequest): Promise<Reply> => {
  const { manager, clock } = context;
  const wanted = kindsOf(request);
  const { answers, missing } = await onNodes(
    manager,
    async ({ node }, signal) => {
      for (;;) {
        const engine = { method: 'GET', path: `/system/df${request.query.has('type') ? typesText(wanted) : ''}` };
        const asked = { ...engine, ...asSpoken(request) };
        const response = await manager.engines.request(node.id, asked, signal);
        if (response.status !== busy) return (await readAnswerJson(response)) as Usage;
        await readAnswer(response);
        await clock.sleep(busyPauseMs, signal);
      }
    },
    { clock, signal: request.signal, deadlineMs },
  );
  const body = {
    ...(wanted.has('image') && imagesOf(answers)),
    ...(wanted.has('container') && { Containers: containersOf(context, answers) }),
    ...(wanted.has('volume') && { Volumes: volumesOf(context, answers) }),
    ...(wanted.has('build-cache') && {
      BuildCache: answers.flatMap(({ value }) => value.BuildCache ?? []),
      BuilderSize: sum(answers, ({ BuilderSize }) => BuilderSize),
    }),
  };
  return { kind: 'json', status: 200, body, headers: missingHeaders(missing) };
};

const kindsOf = ({ query }: ApiRequest): ReadonlySet<Kind> => {
  const given = query.getAll('type');
  for (const kind of given) {
    if (!kinds.includes(kind as Kind)) throw new TuttiError('invalid-argument', `unknown object type: ${kind}`);
  }
  return new Set(given.length === 0 ? kinds : (given as Kind[]));
};

const typesText = (wanted: ReadonlySet<Kind>): string => `?${[...wanted].map((kind) => `type=${kind}`).join('&')}`;

type Answers = readonly EngineAnswer<Usage>[];

const sum = (answers: Answers, of: (usage: Usage) => number | undefined): number =>
  answers.reduce((total, { value }) => total + (of(value) ?? 0), 0);

const imagesOf = (answers: Answers) => {
  const images = new Map<string, Image>();
  for (const image of answers.flatMap(({ value }) => value.Images ?? [])) {
    const known = images.get(image.Id);
    images.set(image.Id, known === undefined ? image : added(known, image));
  }
  return { LayersSize: sum(answers, ({ LayersSize }) => LayersSize), Images: [...images.values()] };
};

const added = (left: Image, right: Image): Image => ({
  ...left,
  RepoTags: [...new Set([...(left.RepoTags ?? []), ...(right.RepoTags ?? [])])],
  RepoDigests: [...new Set([...(left.RepoDigests ?? []), ...(right.RepoDigests ?? [])])],
  Size: left.Size + right.Size,
  SharedSize: known(left.SharedSize) + known(right.SharedSize),
  Containers: known(left.Containers) + known(right.Containers),
});

/** Engines say -1 for what they have not counted. */
const known = (count: number): number => Math.max(0, count);

const containersOf = ({ manager }: DockerContext, answers: Answers) =>
  answers.flatMap(({ record, value }) =>
    (value.Containers ?? []).map((summary) => presentedContainer(manager, summary, record.node)),
  );

const volumesOf = ({ manager }: DockerContext, answers: Answers): readonly DockerVolume[] =>
  nameApart(
    answers.flatMap(({ record, value }) => volumesIn(value).map((volume) => volumeTo(volume, record.node))),
    manager.volumes.rows(),
  );
