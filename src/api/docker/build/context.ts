import { Buffer } from 'node:buffer';
import { buffer } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';

/** Of a Dockerfile so much is read. */
const mostBytes = 1024 * 1024;
/** An engine begins to build at the end of the context; this much at its end is held back, more than tar's own end. */
const tailBytes = 64 * 1024;

/**
 * A build's context as it comes, read along for its Dockerfile: `ready` is called with it before the last bytes pass, so
 * that what the build needs is there when it begins. A context that cannot be read passes as it is.
 */
export async function* readAlong(
  context: AsyncIterable<Uint8Array>,
  dockerfile: string,
  ready: (text: string) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const tail: Uint8Array[] = [];
  let held = 0;
  await using reader = createReader(dockerfile);
  for await (const chunk of context) {
    await reader.write(chunk);
    tail.push(chunk);
    held += chunk.length;
    for (let first = tail[0]; first !== undefined && held - first.length >= tailBytes; first = tail[0]) {
      tail.shift();
      held -= first.length;
      yield first;
    }
  }
  const text = await reader.end();
  if (text !== undefined) await ready(text);
  yield* tail;
}

interface Reader extends AsyncDisposable {
  write(chunk: Uint8Array): Promise<void>;
  end(): Promise<string | undefined>;
}

const plainPath = (path: string): string => path.replace(/^(?:\.?\/)+/, '');

/** What an archive is written to. */
interface Input {
  write(chunk: Buffer): boolean;
  end(data?: Buffer): unknown;
  destroy(): unknown;
  once(event: 'drain', call: () => void): unknown;
}

/** Looks for one file in a tar, compressed with gzip or not. */
const createReader = (path: string): Reader => {
  const wanted = plainPath(path);
  const tar = extract();
  const over = Promise.withResolvers<void>();
  let input: Input | undefined;
  let found: string | undefined;
  let done = false;
  const finish = () => {
    done = true;
    over.resolve();
  };
  tar.on('entry', (header, content, next) => {
    if (plainPath(header.name) !== wanted || (header.size ?? 0) > mostBytes) {
      content.resume();
      content.once('end', next);
      return;
    }
    buffer(content).then(
      (bytes) => {
        found = bytes.toString();
        finish();
      },
      () => finish(),
    );
  });
  tar.once('finish', finish);
  tar.once('close', finish);
  tar.on('error', finish);

  const begin = (first: Uint8Array): Input => {
    if (first[0] !== 0x1f || first[1] !== 0x8b) return tar;
    const gunzip = createGunzip();
    gunzip.on('error', finish);
    gunzip.pipe(tar);
    return gunzip;
  };
  return {
    write: async (chunk) => {
      if (done) return;
      const to = (input ??= begin(chunk));
      if (to.write(Buffer.from(chunk))) return;
      await Promise.race([new Promise<void>((drained) => to.once('drain', drained)), over.promise]);
    },
    end: async () => {
      if (!done && input !== undefined) {
        input.end();
        await over.promise;
      }
      return found;
    },
    [Symbol.asyncDispose]: async () => {
      finish();
      input?.destroy();
      tar.destroy();
      await Promise.resolve();
    },
  };
};
