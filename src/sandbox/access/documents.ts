import { parsePolicy, type PolicyDocument } from '../../core/policy-document.ts';

export interface ReadDocument {
  /** Undefined when the text is no policy: it allows nothing. */
  readonly document: PolicyDocument | undefined;
  /** Whether it has a Deny at all: without one it takes nothing away. */
  readonly denies: boolean;
}

const MAX_CACHED = 200;
const cache = new Map<string, ReadDocument>();

/** A policy of JSON text, read once: the same few are asked for with every request. */
export function readDocument(text: string): ReadDocument {
  const cached = cache.get(text);
  if (cached) return cached;
  const document = parsePolicy(text);
  const read: ReadDocument = {
    document,
    denies: document?.statements.some(({ effect }) => effect === 'Deny') ?? false,
  };
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(text, read);
  return read;
}
