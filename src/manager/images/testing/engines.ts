import { setImmediate } from 'node:timers/promises';
import { TuttiError } from '../../../model/errors.ts';
import { normalImage, parseImageReference } from '../../../model/image-reference.ts';
import type { NodeRequests, NodeResponse } from '../../../rpc/transport.ts';

/** One engine that has images and nothing else: names by id. */
export interface ImageEngine {
  readonly images: Map<string, Set<string>>;
  /** How many loads it has had. */
  loads: number;
  /** Breaks a save in the middle, refuses a load, answers nothing. */
  trouble?: 'save-breaks' | 'load-refused' | 'hangs';
}

export const imageEngine = (images: Readonly<Record<string, readonly string[]>> = {}): ImageEngine => ({
  images: new Map(Object.entries(images).map(([id, names]) => [id, new Set(names)])),
  loads: 0,
});

/** The engines' API for images, as far as images travel: what a save writes, a load reads. */
export const imageRequests = (engines: ReadonlyMap<string, ImageEngine>): NodeRequests => ({
  request: async (nodeId, { method = 'GET', path, body }, signal) => {
    await setImmediate();
    const engine = engines.get(nodeId);
    if (engine === undefined) throw new TuttiError('unavailable', `node ${nodeId} is not connected`);
    if (engine.trouble === 'hangs')
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const url = new URL(path.replace(/^\/engine/, ''), 'http://engine');
    if (url.pathname === '/images/get') return save(engine, url.searchParams.get('names') ?? '');
    if (url.pathname === '/images/load') return await load(engine, body);
    if (url.pathname === '/images/json') {
      return answer(
        200,
        Array.from(engine.images, ([Id, names]) => ({ Id, RepoTags: [...names] })),
      );
    }
    if (method === 'DELETE') {
      const removed = normalImage(decodeURIComponent(url.pathname.slice('/images/'.length)));
      for (const names of engine.images.values()) names.delete(removed);
      return answer(200, []);
    }
    const [, name, action] = /^\/images\/(.+)\/(json|tag)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    const id = find(engine, name ?? '');
    if (id === undefined) return answer(404, { message: `No such image: ${name}` });
    if (method === 'POST' && action === 'tag') {
      const given = normalImage(`${url.searchParams.get('repo')}:${url.searchParams.get('tag')}`);
      give(engine, id, given);
      return answer(201, {});
    }
    return answer(200, {
      Id: id,
      RepoTags: [...(engine.images.get(id) ?? [])],
      RepoDigests: [],
      Created: '2026-01-01T00:00:00Z',
      Architecture: 'amd64',
    });
  },
});

const answer = (status: number, value: unknown): NodeResponse => ({ status, body: bytes(JSON.stringify(value)) });

async function* bytes(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

const find = ({ images }: ImageEngine, name: string): string | undefined => {
  const reference = parseImageReference(name);
  if (reference.kind === 'id') return images.has(reference.id) ? reference.id : undefined;
  const named = [...images].find(([, names]) => names.has(normalImage(name)))?.[0];
  return named ?? [...images.keys()].find((id) => id.replace('sha256:', '').startsWith(name.replace('sha256:', '')));
};

const give = ({ images }: ImageEngine, id: string, name: string): void => {
  for (const names of images.values()) names.delete(name);
  const names = images.get(id) ?? new Set();
  images.set(id, names.add(name));
};

const save = (engine: ImageEngine, name: string): NodeResponse => {
  const id = find(engine, name);
  if (id === undefined) return answer(404, { message: `No such image: ${name}` });
  const named = parseImageReference(name).kind === 'name' ? normalImage(name) : '';
  const half = async function* () {
    yield Buffer.from(id);
    await setImmediate();
    if (engine.trouble === 'save-breaks') throw new TuttiError('unavailable', 'the connection to the node was lost');
    yield Buffer.from(` ${named}`);
  };
  return { status: 200, body: half() };
};

const load = async (engine: ImageEngine, body: AsyncIterable<Uint8Array> | undefined): Promise<NodeResponse> => {
  let text = '';
  for await (const chunk of body ?? []) text += String(chunk);
  engine.loads += 1;
  if (engine.trouble === 'load-refused') return answer(200, { error: 'no space left on device' });
  const [id = '', name = ''] = text.split(' ');
  engine.images.set(id, engine.images.get(id) ?? new Set());
  if (name !== '') give(engine, id, name);
  return { status: 200, body: bytes(`{"stream":"Loaded image: ${name}\\n"}\r\n`) };
};
