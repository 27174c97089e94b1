import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const file = join(import.meta.dirname, '../../../../../third_party/docker-engine-api-v1.51.yaml');

/** A JSON schema, or a Swagger 2 one before it is converted. */
export type Schema = Readonly<Record<string, unknown>>;

/** A parameter as Swagger 2 has it. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'body';
  readonly required?: boolean;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly schema?: Schema;
}

interface Response {
  readonly schema?: Schema;
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** What the specification says of one method on one path. */
export interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly produces?: readonly string[];
  readonly consumes?: readonly string[];
  readonly responses: Readonly<Record<string, Response>>;
}

/** The Engine API's specification: Swagger 2, as it is written. */
export interface Document {
  readonly definitions: Schema;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

let read: Document | undefined;

/** The specification that this project holds itself to; read once in a process. */
export const loadDocument = (): Document => (read ??= parse(readFileSync(file, 'utf8')) as Document);
