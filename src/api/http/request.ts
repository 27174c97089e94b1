/** A request as handlers see it: no socket, so that tests make one by hand. */
export interface ApiRequest {
  readonly method: string;
  /** Still encoded, without the query. */
  readonly path: string;
  /** Decoded parts of the path, by the route's names. */
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: URLSearchParams;
  /** As the path named it (`1.41`), where the dialect has versions. */
  readonly version?: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body as it comes. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Aborts when the client hangs up. */
  readonly signal: AbortSignal;
  /**
   * The protocol (`tcp`, `h2c`, `websocket`) that the client wants the connection to go over to. `body` has the request's
   * own bytes first, `bodyBytes` of them; behind them, until the client ends its half, is what it says in that protocol.
   */
  readonly upgrade?: { readonly protocol: string; readonly bodyBytes: number };
}

/** One value of a header, or undefined. */
export const headerOf = (request: ApiRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** A decoded part of the path; empty when the route has none of that name. */
export const paramOf = (request: ApiRequest, name: string): string => request.params[name] ?? '';

/** False when absent, empty, `0`, `no`, `false` or `none`; else true, as Docker's API reads flags. */
export const flagOf = (request: ApiRequest, name: string): boolean => {
  const value = request.query.get(name);
  return value !== null && !['', '0', 'no', 'false', 'none'].includes(value.toLowerCase());
};
