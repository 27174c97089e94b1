import * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';
import type { Clock } from '../../platform/ports.ts';
import { askEngines, engineMessage, readAnswer } from '../engines/ask.ts';
import type { MissingNode } from '../engines/ask.ts';
import type { Manager, NodeRecord } from '../manager.ts';

const inspection = z.looseObject({
  Id: z.string(),
  RepoTags: z.array(z.string()).nullish(),
  RepoDigests: z.array(z.string()).nullish(),
  Created: z.string().nullish(),
  Architecture: z.string().nullish(),
  Metadata: z.looseObject({ LastTagTime: z.string().nullish() }).nullish(),
});

/** An image as one engine describes it; more is there than the type names. */
export type Inspection = z.infer<typeof inspection>;

/** A node that has an image, and what it says of it. */
export interface Holder {
  readonly record: NodeRecord;
  readonly nodeId: string;
  readonly nodeName: string;
  readonly image: Inspection;
}

/** A node's refusal: 404 where it has no such image. */
export interface Refusal {
  readonly nodeName: string;
  readonly status: number;
  readonly message: string;
}

export interface Found {
  readonly holders: readonly Holder[];
  readonly refusals: readonly Refusal[];
  readonly missing: readonly MissingNode[];
}

export interface FindOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Absent: all. */
  readonly nodes?: readonly NodeRecord[];
  readonly apiVersion?: string;
  /** Of the engines' inspect: `?manifests=1`. */
  readonly query?: string;
}

type Outcome = { readonly image: Inspection } | Omit<Refusal, 'nodeName'>;

/** Asks every engine for an image, by whatever name an engine takes. */
export const findImage = async (
  manager: Pick<Manager, 'engines' | 'queries'>,
  reference: string,
  { apiVersion, query = '', ...options }: FindOptions,
): Promise<Found> => {
  const { answers, missing } = await askEngines<Outcome>(
    manager,
    {
      method: 'GET',
      path: `${imagePath(reference)}/json${query}`,
      ...(apiVersion !== undefined && { apiVersion }),
    },
    async (response) => {
      const text = await readAnswer(response);
      if (response.status === 200) return { image: parse(text) };
      return { status: response.status, message: engineMessage(text) ?? text };
    },
    options,
  );
  return {
    holders: answers.flatMap(({ record, nodeId, nodeName, value }) =>
      'image' in value ? [{ record, nodeId, nodeName, image: value.image }] : [],
    ),
    refusals: answers.flatMap(({ nodeName, value }) => ('image' in value ? [] : [{ nodeName, ...value }])),
    missing,
  };
};

const parse = (text: string): Inspection => {
  const parsed = inspection.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new TuttiError('internal', 'the engine described the image in a way that is not known');
};

/** What no image is called: nothing, steps to somewhere else, signs that end a line. */
const noReference = /^$|(?:^|\/)\.{0,2}(?:\/|$)|[\s\p{Cc}]/u;

/** `/images/team/web:1`: a reference in a path of the engine's. Throws `invalid-argument` for what is none. */
export const imagePath = (reference: string): string => {
  if (noReference.test(reference)) throw new TuttiError('invalid-argument', 'invalid reference format');
  return `/images/${encodeURI(reference).replace(/[?#]/g, encodeURIComponent)}`;
};

/**
 * The holders of the image that a name means now. A name that was given to another image while a node was away means two:
 * the one that was named or made last.
 */
export const current = (holders: readonly Holder[]): readonly Holder[] => {
  const [newest] = holders.toSorted((a, b) => compare(moment(b), moment(a)));
  return newest === undefined ? [] : holders.filter(({ image }) => image.Id === newest.image.Id);
};

const compare = (a: number, b: number): number => a - b;

/** Milliseconds since the epoch of the last naming that the engine remembers, or of the image. */
const moment = ({ image }: Holder): number =>
  Math.max(parseTime(image.Metadata?.LastTagTime), parseTime(image.Created));

/** Engines say the year 1 for "never". */
const parseTime = (text: string | null | undefined): number => Math.max(0, Date.parse(text ?? '') || 0);
