import { errorOfLine, progressLines } from '../../../manager/images/lines.ts';
import type { ProgressLine } from '../../../manager/images/lines.ts';

/** How BuildKit names the step in which it looks an image up. */
const lookedUp = /load metadata for ([\w.\-/:@]{1,512})/g;

/**
 * What BuildKit tells of a build, until it fails for want of images that `bring` can get: then what `again` tells. Only
 * BuildKit knows which images a build is made of, and its client's session outlives the attempt.
 */
export async function* withRetry(
  first: AsyncIterable<Uint8Array | string>,
  bring: (images: readonly string[]) => Promise<boolean>,
  again: () => Promise<AsyncIterable<Uint8Array | string>>,
): AsyncGenerator<string> {
  const images = new Set<string>();
  for await (const line of progressLines(bytesOf(first))) {
    for (const image of imagesIn(line)) images.add(image);
    if (errorOfLine(line) !== undefined && images.size > 0 && (await bring([...images]))) {
      for await (const next of progressLines(bytesOf(await again()))) yield format(next);
      return;
    }
    yield format(line);
  }
}

async function* bytesOf(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

/** Steps are told as protocol buffers, in which their names are text. */
const imagesIn = ({ id, aux }: ProgressLine): readonly string[] => {
  if (id !== 'moby.buildkit.trace' || typeof aux !== 'string') return [];
  const text = Buffer.from(aux, 'base64').toString('latin1');
  return Array.from(text.matchAll(lookedUp), ([, image = '']) => image);
};

const format = (line: ProgressLine): string => `${JSON.stringify(line)}\r\n`;
