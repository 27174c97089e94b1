/** What a handler answers, as data: a server writes it to a socket, a test looks at it. */
export type Reply =
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'text';
      readonly status: number;
      readonly text: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A body that is ready to be sent, and may be again: it is not changed. */
  | {
      readonly kind: 'bytes';
      readonly status: number;
      readonly bytes: Uint8Array;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'empty'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** Sent as it comes; the headers go out at once. An error of the iterable cuts the connection off. */
  | {
      readonly kind: 'stream';
      readonly status: number;
      readonly chunks: AsyncIterable<Uint8Array | string>;
      readonly headers: Readonly<Record<string, string>>;
    }
  /**
   * To a request with `upgrade`: the connection goes over to its protocol. The chunks are what is said in it, their end
   * closes this half only; the other half is the request's body.
   */
  | {
      readonly kind: 'upgraded';
      readonly status: 101;
      readonly chunks: AsyncIterable<Uint8Array>;
      readonly headers?: Readonly<Record<string, string>>;
    };

export const json = (body: unknown, status = 200): Reply => ({ kind: 'json', status, body });

/** A body that is JSON text already. */
export const jsonText = (text: string): Reply => ({
  kind: 'text',
  status: 200,
  text: `${text}\n`,
  headers: { 'content-type': 'application/json' },
});

export const empty = (status = 200): Reply => ({ kind: 'empty', status });

export const stream = (chunks: AsyncIterable<Uint8Array | string>, contentType: string): Reply => ({
  kind: 'stream',
  status: 200,
  chunks,
  headers: { 'content-type': contentType },
});
