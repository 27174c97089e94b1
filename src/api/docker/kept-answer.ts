import type { Reply } from '../http/reply.ts';

/** More than this is made anew each time. */
const mostBytes = 16 * 1024 * 1024;

const replyOf = (bytes: Uint8Array): Reply => ({
  kind: 'bytes',
  status: 200,
  bytes,
  headers: { 'content-type': 'application/json' },
});

/**
 * One long answer, kept as it is sent: many clients ask again and again for what has not changed. `generation` says
 * whether anything has of which `make` makes the text.
 */
export const createKeptAnswer = (): ((generation: number, make: () => string) => Reply) => {
  let kept: { readonly generation: number; readonly bytes: Uint8Array } | undefined;
  return (generation, make) => {
    if (kept?.generation === generation) return replyOf(kept.bytes);
    const bytes = Buffer.from(`${make()}\n`);
    kept = bytes.length > mostBytes ? undefined : { generation, bytes };
    return replyOf(bytes);
  };
};
