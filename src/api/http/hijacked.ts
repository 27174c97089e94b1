import type { IncomingHttpHeaders } from 'node:http';
import { IncomingMessage } from '../../rpc/node-http.ts';

interface Head {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

const version = String.raw`^(?:/v[\d.]+)?`;
/** Engines take these connections over whatever the client says of it. */
const always = new RegExp(String.raw`${version}/(?:containers/[^?]+/attach|exec/[^/?]+/start)(?:\?|$)`);
/** And these for any client that names a protocol. */
const named = new RegExp(String.raw`${version}/(?:session|grpc)(?:\?|$)`);

/**
 * Whether the connection of a request goes over to another protocol although it does not ask for that as HTTP wants it
 * (`Connection: upgrade`, RFC 9110, 7.8): dockerd does not look. Whoever sends in chunks means a body, not what follows it.
 */
export const isHijacked = ({ method, url = '', headers }: Head): boolean => {
  if (method !== 'POST' || headers['transfer-encoding'] !== undefined) return false;
  return always.test(url) || (headers.upgrade !== undefined && named.test(url));
};

/**
 * A request of the API. Node's server asks it for `upgrade` when its head is there, and hands the connection over where
 * that is true; what the parser found is set before.
 */
export class ApiMessage extends IncomingMessage {
  /** Set while the superclass is made: a field with a value would be reset after it. */
  declare private found: boolean | null | undefined;

  get upgrade(): boolean {
    return this.found === true || (this.found === false && isHijacked(this));
  }

  set upgrade(found: boolean | null) {
    this.found = found;
  }
}
