import type { ProgressLine } from '../../manager/images/lines.ts';
import type { Reply } from '../http/reply.ts';
import type { DockerContext } from './context.ts';

export interface FollowOptions {
  /** Where the image is. */
  readonly nodeId: string;
  /** The names that were given to it. */
  readonly names: readonly string[];
  readonly signal: AbortSignal;
  /** How a remark is told in this stream. */
  readonly remark: (text: string) => ProgressLine;
}

/**
 * An answer that gives an image its names; before it ends, nodes where a name means another image get this one: a name
 * means the same everywhere when the client hears of the end.
 */
export const followTags = (context: DockerContext, reply: Reply, options: FollowOptions): Reply => {
  if (reply.kind !== 'stream' || reply.status >= 300 || options.names.length === 0) return reply;
  const { chunks } = reply;
  const both = async function* (): AsyncGenerator<Uint8Array | string> {
    yield* chunks;
    for (const text of await namesFollow(context, options)) yield `${JSON.stringify(options.remark(text))}\r\n`;
  };
  return { ...reply, chunks: both() };
};

/** Gives what failed, for people. */
export const namesFollow = async (
  { manager }: DockerContext,
  { nodeId, names, signal }: Pick<FollowOptions, 'nodeId' | 'names' | 'signal'>,
): Promise<readonly string[]> => {
  const failures: string[] = [];
  for (const name of names) failures.push(...(await manager.images.follow(nodeId, name, { signal })));
  return failures;
};
